// No allocator at all, for any size: see no_allocator.hpp. Blocks overlap, so nothing is kept in them.
#pragma once

#include "peers/subject.hpp"

#include <array>
#include <cstdint>

namespace bench {

struct no_malloc {
    static constexpr std::string_view name = "no allocator";
    static constexpr traits is{.from = origin::limit};
    static facts describe() {
        return {"", "hands out the same 1,024 addresses, by size; what the workload costs"};
    }

    // No state that one call would wait for the other to store: that would be most of the cost.
    [[gnu::always_inline]] static void* allocate(std::size_t bytes) {
        return parts_[part_of_this_thread()].data() + bytes % addresses * step;
    }
    [[gnu::always_inline]] static void deallocate(void*) {}
    [[gnu::always_inline]] static void deallocate(void*, std::size_t) {}

private:
    static constexpr std::size_t addresses = 1024;
    static constexpr std::size_t step = 64;
    static constexpr std::size_t parts = 64;

    // Threads that run at the same time should not write to the same lines. Where their thread-locals lie tells them
    // apart: stacks are 8 MiB and an OS page from each other. Memory in the thread-locals themselves would be cleared
    // whenever a thread starts, at the cost of every other subject.
    static std::size_t part_of_this_thread() {
        return (reinterpret_cast<std::uintptr_t>(&mark_) >> 12) % parts;
    }

    static inline thread_local constinit char mark_ = 0;
    alignas(64) static inline std::array<std::array<std::byte, addresses * step>, parts> parts_;
};

} // namespace bench
