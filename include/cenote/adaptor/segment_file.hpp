// Layer: adaptor. The file of a shared segment, mapped: made or found, looked at before it is believed, and its parts by number.
#pragma once

#include "cenote/adaptor/segment_layout.hpp"
#include "cenote/adaptor/segment_options.hpp"
#include "cenote/os/shared_memory.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>

namespace cenote::detail {

struct [[nodiscard]] segment_result {
    segment_error error = segment_error::none;
    int os_error = 0;
    static segment_result of_os(int e) noexcept { return {segment_error_of(e), e}; }
    bool is_fine() const noexcept { return error == segment_error::none; }
};

class segment_file {
public:
    constexpr segment_file() noexcept = default;
    segment_file(const segment_file&) = delete;
    segment_file& operator=(const segment_file&) = delete;

    // A file at `path`, or without one a new file that has no name.
    segment_result open(const char* path, object_shape shape, const segment_options& asked,
                        bool writable) noexcept {
        if (path == nullptr ? !writable : *path == 0) return {segment_error::bad_argument, 0};
        if (path == nullptr || (asked.how == opening::create && writable)) return create(path, shape, asked);
        // Where there was none when it was looked for, there may be one when it is made, which may be gone when it is looked for.
        constexpr int often_enough = 100;
        segment_result result;
        for (int i = 0; i != often_enough; ++i) {
            result = find(path, shape, asked, writable);
            if (result.error != segment_error::not_found || asked.how != opening::open_or_create || !writable)
                break;
            result = create(path, shape, asked);
            if (result.error != segment_error::exists) break;
        }
        return result;
    }

    // The file of a descriptor, which stays the caller's.
    segment_result open(int descriptor, object_shape shape, const segment_options& asked,
                        bool writable) noexcept {
        int fd = -1;
        if (const int error = shared_memory::reopen(descriptor, writable, fd); error != 0)
            return error == ENOENT ? segment_result{segment_error::bad_argument, EBADF}
                                   : segment_result::of_os(error);
        return look_at(fd, shape, asked, writable);
    }

    void close() noexcept {
        if (base_ != nullptr) shared_memory::unmap(base_, layout_.file_bytes);
        if (fd_ >= 0) shared_memory::close_file(fd_);
        base_ = nullptr;
        fd_ = -1;
        layout_ = {};
    }

    // In the child of a fork: an opening of its own, so that its parent's marks are not kept by it, neither by a descriptor nor by the
    // mapping, which stays where it is. False, and no descriptor at all, where that fails; the parent then counts as alive while the child is.
    bool open_again(bool writable) noexcept {
        int again = -1;
        if (shared_memory::reopen(fd_, writable, again) != 0) again = -1;
        if (again >= 0 && !shared_memory::map_again(base_, again, layout_.file_bytes, writable)) {
            shared_memory::close_file(again);
            again = -1;
        }
        shared_memory::close_file(fd_);
        fd_ = again;
        return again >= 0;
    }
    // Whether the kernel says that nobody holds that mark, of this very file: somebody may have closed the descriptor, and its number be
    // another file's.
    bool nobody_holds(unsigned mark) const noexcept {
        return !shared_memory::is_held(fd_, mark) && shared_memory::identity_of(fd_) == identity_;
    }

    bool is_open() const noexcept { return base_ != nullptr; }
    // With the marks: it leaves the process only by a fork.
    int descriptor() const noexcept { return fd_; }
    const segment_layout& layout() const noexcept { return layout_; }
    std::uint32_t capacity() const noexcept { return static_cast<std::uint32_t>(layout_.capacity); }
    std::uint32_t seats() const noexcept { return static_cast<std::uint32_t>(layout_.seats); }
    std::uint32_t groups() const noexcept { return static_cast<std::uint32_t>(layout_.groups); }

    // From 1 on.
    segment_seat& seat(std::uint32_t number) const noexcept {
        return reinterpret_cast<segment_seat*>(base_ + segment_layout::seats_at)[number - 1];
    }
    // From 0 on, as all that follow.
    std::atomic<std::uint8_t>& full(std::uint32_t group) const noexcept {
        return reinterpret_cast<std::atomic<std::uint8_t>*>(base_ + layout_.full_at)[group];
    }
    std::atomic<std::uint64_t>& word(std::uint32_t block) const noexcept {
        return reinterpret_cast<std::atomic<std::uint64_t>*>(base_ + layout_.words_at)[block];
    }
    void* block(std::uint32_t number) const noexcept {
        return base_ + layout_.blocks_at + number * layout_.block_bytes;
    }
    // The block that lies there; the capacity for any other address.
    std::uint32_t number_of(const void* p) const noexcept {
        const std::uintptr_t first = address_of(base_) + layout_.blocks_at;
        const std::uintptr_t distance = address_of(p) - first;
        if (base_ == nullptr || address_of(p) < first || distance % layout_.block_bytes != 0)
            return capacity();
        const std::uintptr_t number = distance / layout_.block_bytes;
        return number < layout_.capacity ? static_cast<std::uint32_t>(number) : capacity();
    }
    // Whether the header still says what it said.
    bool header_is(object_shape shape, std::uint64_t tag) const noexcept {
        const auto* const h = reinterpret_cast<const segment_header*>(base_);
        const segment_header right = layout_.header(shape, tag);
        return h->sum == right.sum && h->sum_of_fields() == right.sum;
    }

private:
    segment_result create(const char* path, object_shape shape, const segment_options& asked) noexcept {
        segment_layout wanted;
        if (!wanted.compute(asked.capacity, asked.participants, shape))
            return {segment_error::bad_argument, 0};
        const auto fill = [&](int fd) noexcept {
            void* p = nullptr;
            if (const int error = shared_memory::map(fd, wanted.file_bytes, true, p); error != 0)
                return error;
            ::new (p) segment_header(wanted.header(shape, asked.tag));
            shared_memory::unmap(p, wanted.file_bytes);
            return 0;
        };
        int fd = -1;
        int error;
        if (path != nullptr)
            error = shared_memory::create_named(path, wanted.file_bytes, asked.permissions, fill, fd);
        else if (error = shared_memory::create_unnamed(wanted.file_bytes, fd);
                 error == 0 && (error = fill(fd)) != 0)
            shared_memory::close_file(fd);
        if (error != 0) return segment_result::of_os(error);
        return look_at(fd, shape, asked, true);
    }

    segment_result find(const char* path, object_shape shape, const segment_options& asked,
                        bool writable) noexcept {
        int fd = -1;
        if (const int error = shared_memory::open_file(path, writable, fd); error != 0)
            return segment_result::of_os(error);
        return look_at(fd, shape, asked, writable);
    }

    // Takes the descriptor.
    segment_result look_at(int fd, object_shape shape, const segment_options& asked, bool writable) noexcept {
        const segment_result result = map_what_is_sound(fd, shape, asked, writable);
        if (result.is_fine()) {
            fd_ = fd;
            identity_ = shared_memory::identity_of(fd);
        } else
            shared_memory::close_file(fd);
        return result;
    }

    segment_result map_what_is_sound(int fd, object_shape shape, const segment_options& asked,
                                     bool writable) noexcept {
        std::size_t bytes = 0;
        if (const int error = shared_memory::size_of(fd, bytes); error != 0)
            return segment_result::of_os(error);
        if (bytes < sizeof(segment_header)) return {segment_error::not_a_segment, 0};

        void* head = nullptr;
        if (const int error = shared_memory::map(fd, sizeof(segment_header), false, head); error != 0)
            return segment_result::of_os(error);
        const segment_header header = *static_cast<const segment_header*>(head);
        shared_memory::unmap(head, sizeof(segment_header));

        segment_layout found;
        if (const segment_error e = found.accept(header, bytes, shape, asked); e != segment_error::none)
            return {e, 0};
        void* all = nullptr;
        if (const int error = shared_memory::map(fd, found.file_bytes, writable, all); error != 0)
            return segment_result::of_os(error);
        base_ = static_cast<std::byte*>(all);
        layout_ = found;
        return {};
    }

    std::byte* base_ = nullptr;
    int fd_ = -1;
    std::uint64_t identity_ = 0;
    segment_layout layout_;
};

} // namespace cenote::detail
