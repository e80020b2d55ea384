// What a fuzz target makes of libFuzzer's bytes: numbers, until there are none left. And how it says that something is wrong.
#pragma once

#include "override/hidden.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace cenote_fuzz {

using cenote_test::pattern;

class input {
public:
    input(const std::uint8_t* bytes, std::size_t size) noexcept : next_(bytes), end_(bytes + size) {}

    bool is_over() const noexcept { return next_ == end_; }
    std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - next_); }
    // 0 when it is over.
    std::size_t byte() noexcept { return next_ == end_ ? 0 : *next_++; }
    // 0 to most - 1.
    std::size_t below(std::size_t most) noexcept {
        const std::size_t n = byte() | (most > 256 ? byte() << 8U : 0);
        return most == 0 ? 0 : n % most;
    }
    // Sizes of all magnitudes, small ones more often: up to `most`.
    std::size_t size(std::size_t most) noexcept {
        const std::size_t bits = byte() % 40;
        const std::size_t n = (std::size_t{1} << (bits / 2)) + byte() * (std::size_t{1} << (bits / 2)) / 256;
        return std::min(n, most);
    }
    // A part of what is left, for another to read.
    input split(std::size_t bytes) noexcept {
        bytes = std::min(bytes, left());
        next_ += bytes;
        return {next_ - bytes, bytes};
    }

private:
    const std::uint8_t* next_;
    const std::uint8_t* end_;
};

inline void require(bool holds, const char* what) noexcept {
    if (holds) return;
    std::fprintf(stderr, "fuzz: %s\n", what);
    std::abort();
}

// Out of a list in no order.
template <class Entry>
Entry take_out(std::vector<Entry>& all, std::size_t i) {
    const Entry taken = all[i];
    all[i] = all.back();
    all.pop_back();
    return taken;
}

} // namespace cenote_fuzz
