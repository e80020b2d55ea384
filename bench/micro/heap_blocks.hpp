// The loops that allocate and free blocks of any size, and the threads that run them.
#pragma once

#include "micro/heap_sequences.hpp"
#include "support/clock.hpp"
#include "support/keep.hpp"
#include "support/team.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

namespace bench {

// How a row uses blocks.
struct block_use {
    bool sized = false;   // frees are told the size
    bool written = false; // the first 8 bytes of each block are written
};

template <class Family, block_use Use>
[[gnu::always_inline]] inline void* allocate_block(std::uint32_t bytes) {
    void* p = Family::allocate(bytes);
    keep(p);
    if constexpr (Use.written) *static_cast<std::uint64_t*>(p) = bytes;
    return p;
}

template <class Family, block_use Use>
[[gnu::always_inline]] inline void free_block(void* p, [[maybe_unused]] std::uint32_t bytes) {
    keep(p);
    if constexpr (Use.sized) {
        Family::deallocate(p, bytes);
    } else {
        Family::deallocate(p);
    }
    settle();
}

template <class Family, block_use Use>
void allocate_first(void** live, const replacements& all) {
    for (std::size_t i = 0; i < all.first.size(); ++i)
        live[i] = allocate_block<Family, Use>(all.first[i]);
}

template <class Family, block_use Use>
void free_first(void* const* live, const replacements& all) {
    for (std::size_t i = 0; i < all.first.size(); ++i)
        free_block<Family, Use>(live[i], all.first[i]);
}

// Steps `from` to `to` - 1.
template <class Family, block_use Use>
[[gnu::noinline]] void replace_blocks(void** live, const replacements& all, std::size_t from,
                                      std::size_t to) {
    const std::uint32_t* const index = all.index.data();
    const std::uint32_t* const size = all.size.data();
    const std::uint32_t* const freed = all.freed.data();
    for (std::size_t i = from; i < to; ++i) {
        void** const place = live + index[i];
        free_block<Family, Use>(*place, freed[i]);
        *place = allocate_block<Family, Use>(size[i]);
    }
}

// The random order is in where the pointers are put, since a store keeps nobody waiting.
template <class Family, block_use Use>
[[gnu::noinline]] void come_and_go(void** live, const bursts& all) {
    for (std::size_t start = 0; start < all.size.size(); start += all.length) {
        const std::uint32_t* const size = all.size.data() + start;
        const std::uint32_t* const place = all.place.data() + start;
        const std::uint32_t* const freed = all.freed.data() + start;
        for (std::size_t i = 0; i < all.length; ++i)
            live[place[i]] = allocate_block<Family, Use>(size[i]);
        for (std::size_t i = 0; i < all.length; ++i)
            free_block<Family, Use>(live[i], freed[i]);
    }
}

// One thread is the main thread, of a process without others, as in a program that has one: a malloc may know that, and
// save itself the locks. More are a team.
class crew {
public:
    explicit crew(std::size_t threads) {
        if (threads > 1) team_.emplace(threads);
    }

    // Each thread does `what(its number)` once; wall time, ns.
    double run(const std::function<void(std::size_t thread)>& what) {
        if (!team_) return time_of([&] { what(0); });
        return team_->run([&](std::size_t thread, std::uint64_t) { what(thread); });
    }

private:
    std::optional<team> team_;
};

// What `make` makes the first time, for the process's lifetime. A measurement has a process of its own, so that all its
// subjects see the same, and none finds it between its blocks.
template <class Make>
const auto& made_once(Make&& make) {
    static const auto made = make();
    return made;
}

} // namespace bench
