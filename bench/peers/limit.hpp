// The limit: pops and pushes on an array of pointers that was filled before, with its top in a register and
// no check at all: the fewest instructions that can hand out distinct blocks, last in first out. It does not
// prefetch, and after random frees it hands out scattered blocks: where cache misses decide, a pool can do
// better.
#pragma once

#include "peers/subject.hpp"

#include <memory>

namespace bench {

struct limit {
    static constexpr std::string_view name = "limit";
    static constexpr traits is{.from = origin::limit};
    static facts describe() {
        return {"", "a pre-filled array of pointers, no growth, no checks, state in registers"};
    }

    template <class T>
    class pool {
    public:
        explicit pool(std::size_t live)
            : memory_(std::make_unique_for_overwrite<std::byte[]>(live * sizeof(T))),
              free_(std::make_unique_for_overwrite<void*[]>(live)), top_{free_.get() + live} {
            // The lowest address on top, as a fresh pool would have it.
            for (std::size_t i = 0; i < live; ++i)
                free_[live - 1 - i] = memory_.get() + i * sizeof(T);
        }

        struct registers {
            void** top;
            [[gnu::always_inline]] T* create(std::uint64_t first) { return ::new (*--top) T(first); }
            [[gnu::always_inline]] void destroy(T* p) { *top++ = p; }
        };
        registers lend_registers() noexcept { return top_; }
        void return_registers(const registers& held) noexcept { top_ = held; }

        T* create(std::uint64_t first) { return top_.create(first); }
        void destroy(T* p) { top_.destroy(p); }

    private:
        std::unique_ptr<std::byte[]> memory_;
        std::unique_ptr<void*[]> free_;
        registers top_;
    };
};

} // namespace bench
