// Random numbers that are the same on every machine and in every run: all subjects replay one sequence.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace bench {

// splitmix64 ("Fast Splittable Pseudorandom Number Generators", G. Steele, D. Lea, C. Flood, 2014).
class random_source {
public:
    explicit random_source(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t next() noexcept {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    // 0 to n - 1. The bias of the multiplication is below n / 2^32, of no account here.
    std::uint32_t below(std::uint32_t n) noexcept {
        return static_cast<std::uint32_t>(((next() >> 32) * n) >> 32);
    }

private:
    std::uint64_t state_;
};

// The numbers 0 to n - 1 in random order, appended to `to`.
inline void append_permutation(std::vector<std::uint32_t>& to, std::size_t n, random_source& random) {
    const std::size_t base = to.size();
    to.resize(base + n);
    std::iota(to.begin() + static_cast<std::ptrdiff_t>(base), to.end(), 0u);
    for (std::size_t i = n; i > 1; --i)
        std::swap(to[base + i - 1], to[base + random.below(static_cast<std::uint32_t>(i))]);
}

// The first `picked` numbers of a random order of 0 to n - 1, appended to `to`; `pool` is any permutation of
// them.
inline void append_distinct(std::vector<std::uint32_t>& to, std::size_t picked,
                            std::vector<std::uint32_t>& pool, random_source& random) {
    for (std::size_t i = 0; i < picked; ++i) {
        const auto left = static_cast<std::uint32_t>(pool.size() - i);
        std::swap(pool[i], pool[i + random.below(left)]);
        to.push_back(pool[i]);
    }
}

} // namespace bench
