// Which sizes are allocated, and which blocks are freed: drawn before a measurement, so that its loop measures the
// allocator.
#pragma once

#include "support/random.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace bench {

// 9 to `largest` bytes, a power of two, and mostly small, as what programs allocate is: of the doublings from 8 bytes
// up, each is drawn 0.7 times as often as the one below it, and within a doubling all sizes alike. Half are at
// most 32 bytes; the mean is 94 up to 1 KiB, and 710 up to 64 KiB.
inline std::uint32_t draw_size(random_source& random, std::uint32_t largest) {
    for (;;) {
        std::uint32_t least = 8;
        while (least < largest && random.below(10) < 7)
            least *= 2;
        if (least < largest) return least + 1 + random.below(least);
    }
}

// The sizes that a row names: always 64 bytes, or mixed ones.
struct size_range {
    const char* name;
    std::uint32_t fixed;   // 0: they are mixed
    std::uint32_t largest; // of mixed ones

    std::uint32_t draw(random_source& random) const {
        return fixed != 0 ? fixed : draw_size(random, largest);
    }
};
inline constexpr size_range always_64{"64", 64, 0};
inline constexpr size_range up_to_1k{"1K", 0, 1024};
inline constexpr size_range up_to_64k{"64K", 0, 65'536};

// Step i frees the block at index[i], of freed[i] bytes, and puts one of size[i] bytes in its place. After the last
// step every place has a block of the size that it had before the first: the sequence can be gone through again and
// again, and a free that is told the size is told the right one.
struct replacements {
    std::vector<std::uint32_t> first; // sizes before the first step
    std::vector<std::uint32_t> index;
    std::vector<std::uint32_t> size;
    std::vector<std::uint32_t> freed;
};

template <class Draw>
replacements draw_replacements(std::size_t live, std::size_t steps, std::uint64_t seed, Draw&& draw) {
    replacements all;
    random_source random{seed};
    for (std::size_t i = 0; i < live; ++i)
        all.first.push_back(draw(random));
    for (std::size_t i = 0; i < steps; ++i) {
        all.index.push_back(random.below(static_cast<std::uint32_t>(live)));
        all.size.push_back(draw(random));
        all.first[all.index.back()] = all.size.back();
    }
    std::vector<std::uint32_t> now = all.first;
    for (std::size_t i = 0; i < steps; ++i)
        all.freed.push_back(std::exchange(now[all.index[i]], all.size[i]));
    return all;
}

// Rounds of `length`: block i of a round has size[i] bytes and is the place[i]th to be freed; the jth to be freed has
// freed[j] bytes.
struct bursts {
    std::size_t length;
    std::vector<std::uint32_t> size;
    std::vector<std::uint32_t> place;
    std::vector<std::uint32_t> freed;
};

template <class Draw>
bursts draw_bursts(std::size_t length, std::size_t rounds, std::uint64_t seed, Draw&& draw) {
    bursts all{length, {}, {}, {}};
    random_source random{seed};
    for (std::size_t r = 0; r < rounds; ++r)
        append_permutation(all.place, length, random);
    all.freed.resize(all.place.size());
    for (std::size_t i = 0; i < all.place.size(); ++i) {
        all.size.push_back(draw(random));
        all.freed[i / length * length + all.place[i]] = all.size.back();
    }
    return all;
}

} // namespace bench
