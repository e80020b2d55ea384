// One request: where its arguments lie in the session's input buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace packet_server {

// Arguments lie where the client's bytes arrived; nothing is copied until a command keeps it. So a packet is
// valid until the input is consumed, which is when the replies of the batch it belongs to are ready.
//
//     next | frame | arguments ---> inline_, or an array from the buffers if there are more
//
class packet {
public:
    struct argument {
        std::uint32_t position; // bytes from the frame's first
        std::uint32_t size;
    };
    static constexpr std::size_t inline_arguments = 8;
    static constexpr std::size_t longest_first_array = 64;

    packet() noexcept : arguments_(inline_) {}
    packet(const packet&) = delete;
    packet& operator=(const packet&) = delete;

    // Room for one more, out of `buffers` if it takes an array; `announced` is how many the client says there
    // will be, which is not taken at its word. When no memory is left the packet is marked, and keeps count
    // no longer.
    template <class Buffers>
    void add(Buffers& buffers, std::size_t position, std::size_t size, std::size_t announced) noexcept {
        if (count_ == capacity_ && !grow(buffers, announced)) {
            incomplete_ = true;
            return;
        }
        arguments_[count_++] = {static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(size)};
    }

    // Frees the array, if there is one. Before the packet is destroyed.
    template <class Buffers>
    void release(Buffers& buffers) noexcept {
        if (arguments_ != inline_) buffers.free(arguments_, capacity_ * sizeof(argument));
    }

    void complete(const char* frame) noexcept { frame_ = frame; }
    bool incomplete() const noexcept { return incomplete_; }

    std::size_t size() const noexcept { return count_; }
    std::string_view operator[](std::size_t i) const noexcept {
        return {frame_ + arguments_[i].position, arguments_[i].size};
    }

    packet* next = nullptr; // of the session, in the order of arrival

private:
    template <class Buffers>
    bool grow(Buffers& buffers, std::size_t announced) noexcept {
        if (incomplete_) return false;
        std::size_t capacity = announced < longest_first_array ? announced : longest_first_array;
        if (capacity < 2 * std::size_t{capacity_}) capacity = 2 * std::size_t{capacity_};
        void* const array = buffers.allocate(capacity * sizeof(argument));
        if (array == nullptr) return false;
        std::memcpy(array, arguments_, count_ * sizeof(argument));
        release(buffers);
        arguments_ = static_cast<argument*>(array);
        capacity_ = static_cast<std::uint32_t>(capacity);
        return true;
    }

    const char* frame_ = nullptr;
    argument* arguments_;
    std::uint32_t count_ = 0;
    std::uint32_t capacity_ = inline_arguments;
    bool incomplete_ = false;
    argument inline_[inline_arguments];
};

} // namespace packet_server
