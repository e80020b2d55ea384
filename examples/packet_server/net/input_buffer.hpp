// The bytes of one client that are not used up yet.
//
//     base_ [ used up | data() ... size() bytes | room() ]
//                     begin_                    end_      capacity_
//
// A client that sends little waits with a small block, one that fills it gets a larger one; what a frame
// needs beyond that is taken as its bytes arrive, at most twice as much at a time, whatever length the client
// announced.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace packet_server {

template <class Buffers>
class input_buffer {
public:
    static constexpr std::size_t small_block = 2048; // bytes
    static constexpr std::size_t large_block = 16384;

    explicit input_buffer(Buffers& buffers) noexcept : buffers_(buffers) {}
    ~input_buffer() { release(); }
    input_buffer(const input_buffer&) = delete;
    input_buffer& operator=(const input_buffer&) = delete;

    char* data() const noexcept { return base_ + begin_; }
    std::size_t size() const noexcept { return end_ - begin_; }

    // Makes room for more, of a frame that will have at least `frame` bytes from data() on; 0 if that is not
    // known. Moves the data. False without memory.
    bool prepare(std::size_t frame) noexcept {
        if (begin_ == end_) {
            begin_ = end_ = 0;
            const std::size_t usual = much_ ? large_block : small_block;
            return capacity_ == usual || replace(usual);
        }
        if (begin_ != 0) {
            std::memmove(base_, data(), size());
            end_ -= begin_;
            begin_ = 0;
        }
        if (end_ < capacity_) return true;
        const std::size_t twice = std::max(large_block, 2 * capacity_);
        return replace(frame > end_ ? std::min(std::max(frame, large_block), twice) : twice);
    }

    std::span<char> room() const noexcept { return {base_ + end_, capacity_ - end_}; }
    // `bytes` bytes were put into room().
    void commit(std::size_t bytes) noexcept {
        if (bytes == capacity_ - end_) {
            much_ = true;
            little_ = 0;
        } else if (much_ && bytes < small_block / 2 && ++little_ == calm) {
            much_ = false;
            little_ = 0;
        }
        end_ += bytes;
    }
    // The first `bytes` bytes are used up.
    void consume(std::size_t bytes) noexcept { begin_ += bytes; }

    void release() noexcept {
        if (base_ != nullptr) buffers_.free(base_, capacity_);
        base_ = nullptr;
        begin_ = end_ = capacity_ = 0;
    }

private:
    static constexpr std::uint32_t calm =
        32; // small reads after which a client counts as one that sends little

    bool replace(std::size_t capacity) noexcept {
        const std::size_t kept = size();
        char* const larger = static_cast<char*>(buffers_.allocate(capacity));
        if (larger == nullptr) return false;
        if (kept != 0) std::memcpy(larger, data(), kept);
        release();
        base_ = larger;
        end_ = kept;
        capacity_ = capacity;
        return true;
    }

    Buffers& buffers_;
    char* base_ = nullptr;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t capacity_ = 0;
    std::uint32_t little_ = 0;
    bool much_ = false;
};

} // namespace packet_server
