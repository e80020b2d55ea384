// What a fuzz target makes of libFuzzer's bytes: numbers, until there are none left. And how it says that something is wrong.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace cenote_fuzz {

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

// What a block was filled with: its ends and every 61st byte between them.
class stamp {
public:
    stamp(void* p, std::size_t bytes) noexcept : p_(static_cast<std::uint8_t*>(p)), bytes_(bytes) {}
    void write(std::size_t seed) const noexcept {
        for (std::size_t i = 0; i < bytes_; i += step(i))
            p_[i] = at(seed, i);
    }
    bool holds(std::size_t seed) const noexcept { return holds(seed, bytes_); }
    // The first `bytes` of it.
    bool holds(std::size_t seed, std::size_t bytes) const noexcept {
        for (std::size_t i = 0; i < bytes; i += step(i))
            if (p_[i] != at(seed, i)) return false;
        return true;
    }

private:
    std::size_t step(std::size_t i) const noexcept { return i < 16 || i + 77 > bytes_ ? 1 : 61; }
    static std::uint8_t at(std::size_t seed, std::size_t i) noexcept {
        return static_cast<std::uint8_t>((seed * 0x9E3779B97F4A7C15U + i * 131) >> 24U);
    }
    std::uint8_t* p_;
    std::size_t bytes_;
};

} // namespace cenote_fuzz
