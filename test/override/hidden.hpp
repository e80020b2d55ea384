// What the malloc tests share: values that the compiler cannot reason about, so that no call is dropped or warned of, and
// patterns in memory that prove that nobody else writes there.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cenote_test {

template <class T>
[[nodiscard]] T hidden(T value) noexcept {
    asm volatile("" : "+r"(value) : : "memory");
    return value;
}

inline bool is_aligned(const void* p, std::size_t alignment) noexcept {
    return reinterpret_cast<std::uintptr_t>(p) % alignment == 0;
}

// Every byte of small blocks; of larger ones the ends and what lies far apart, or the suite would take minutes.
class pattern {
public:
    pattern(void* p, std::size_t bytes) noexcept
        : p_(static_cast<volatile std::uint8_t*>(p)), bytes_(bytes) {}

    void fill(std::uint64_t stamp) const noexcept {
        for (std::size_t i = 0; i < bytes_; i += step(i))
            p_[i] = byte(stamp, i);
    }
    bool holds(std::uint64_t stamp) const noexcept { return holds(stamp, bytes_); }
    // Whether the first `bytes` are what they were when the whole block was filled.
    bool holds(std::uint64_t stamp, std::size_t bytes) const noexcept {
        for (std::size_t i = 0; i < bytes; i += step(i))
            if (p_[i] != byte(stamp, i)) return false;
        return true;
    }
    bool is_zero() const noexcept {
        for (std::size_t i = 0; i < bytes_; ++i)
            if (p_[i] != 0) return false;
        return true;
    }

private:
    std::size_t step(std::size_t i) const noexcept {
        if (bytes_ <= 1024 || i < 64 || i + 64 >= bytes_) return 1;
        const std::size_t wide = bytes_ <= (1U << 20) ? 251 : 65'521;
        return wide < bytes_ - 64 - i ? wide : bytes_ - 64 - i; // the last bytes are all looked at
    }
    static std::uint8_t byte(std::uint64_t stamp, std::size_t i) noexcept {
        return static_cast<std::uint8_t>((stamp * 0x9E3779B97F4A7C15U + i * 131) >> 24);
    }

    volatile std::uint8_t* p_;
    std::size_t bytes_;
};

// Sizes on both sides of every boundary that an allocator may have: classes, pages, segments, mappings. Bytes.
inline constexpr std::size_t sizes_of_all_regions[] = {
    0,       1,         7,         8,         9,         15,        16,        17,       24,      25,
    32,      33,        48,        63,        64,        65,        100,       128,      129,     200,
    256,     257,       400,       512,       1000,      1024,      1025,      2000,     4000,    4095,
    4096,    4097,      6000,      8192,      10'000,    16'384,    16'385,    20'000,   32'767,  32'768,
    32'769,  40'000,    65'536,    65'537,    100'000,   131'072,   200'000,   262'144,  500'000, 1U << 20,
    1048577, 2'000'000, 3U << 20U, 4U << 20U, 4'194'305, 5'000'000, 8U << 20U, 9'000'000};

inline constexpr std::size_t region_count = sizeof sizes_of_all_regions / sizeof *sizes_of_all_regions;

} // namespace cenote_test
