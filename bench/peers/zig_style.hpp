// A pool in the manner of Zig's std.heap.MemoryPool (Zig 0.13), written from its description: freed blocks in
// a list threaded through them, last in first out; under it an arena on OS pages, each of whose buffers is
// half as large again as the last. Create pops the list or bumps the arena; destroy pushes. Nothing goes back
// before the end.
#pragma once

#include "peers/subject.hpp"

#include <algorithm>
#include <new>
#include <sys/mman.h>

namespace bench {

struct zig_style {
    static constexpr std::string_view name = "Zig-style";
    static constexpr traits is{};
    static facts describe() { return {"as of Zig 0.13", "arena on OS pages, growth by half, no preheating"}; }

    class arena {
    public:
        arena() = default;
        arena(const arena&) = delete;
        arena& operator=(const arena&) = delete;
        ~arena() {
            for (buffer* b = newest_; b != nullptr;) {
                buffer* const older = b->older;
                ::munmap(b, b->bytes);
                b = older;
            }
        }

        void* allocate(std::size_t bytes) {
            if (bytes > static_cast<std::size_t>(end_ - next_)) [[unlikely]]
                grow(bytes);
            void* const p = next_;
            next_ += bytes;
            return p;
        }

    private:
        struct buffer {
            buffer* older;
            std::size_t bytes;
        };

        [[gnu::noinline, gnu::cold]] void grow(std::size_t least) {
            const std::size_t enough =
                (newest_ == nullptr ? 0 : newest_->bytes) + least + sizeof(buffer) + 16;
            const std::size_t bytes = (enough + enough / 2 + os_page - 1) / os_page * os_page;
            void* const p =
                ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (p == MAP_FAILED) throw std::bad_alloc{};
            newest_ = ::new (p) buffer{newest_, bytes};
            next_ = static_cast<std::byte*>(p) + sizeof(buffer);
            end_ = static_cast<std::byte*>(p) + bytes;
        }

        static constexpr std::size_t os_page = 4096;
        buffer* newest_ = nullptr;
        std::byte* next_ = nullptr;
        std::byte* end_ = nullptr;
    };

    template <class T>
    class pool {
    public:
        explicit pool(std::size_t) {}

        [[gnu::always_inline]] T* create(std::uint64_t first) {
            void* p = free_list_;
            if (p != nullptr) {
                free_list_ = free_list_->next;
            } else {
                p = arena_.allocate(block_size);
            }
            return ::new (p) T(first);
        }

        [[gnu::always_inline]] void destroy(T* p) {
            p->~T();
            free_list_ = ::new (static_cast<void*>(p)) link{free_list_};
        }

    private:
        struct link {
            link* next;
        };
        static constexpr std::size_t block_size = std::max(sizeof(T), sizeof(link));
        static_assert(alignof(T) <= alignof(link) && block_size % alignof(link) == 0);

        link* free_list_ = nullptr;
        arena arena_;
    };
};

} // namespace bench
