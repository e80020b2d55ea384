// Objects for tests: of any size, stamped, counted, throwing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#if defined(__cpp_exceptions)
#include <stdexcept>
#endif

namespace cenote_test {

// `Size` bytes that can be filled with a pattern and checked for it: proves that nobody else writes to them.
template <std::size_t Size, std::size_t Alignment = 1>
struct alignas(Alignment) stamped {
    std::array<std::uint8_t, Size> bytes;

    stamped() noexcept {} // leaves the bytes as they are
    explicit stamped(std::uint64_t stamp) noexcept { fill(stamp); }
    void fill(std::uint64_t stamp) noexcept {
        for (std::size_t i = 0; i != Size; i += step(i))
            bytes[i] = pattern(stamp, i);
    }
    bool holds(std::uint64_t stamp) const noexcept {
        for (std::size_t i = 0; i != Size; i += step(i))
            if (bytes[i] != pattern(stamp, i)) return false;
        return true;
    }

private:
    // Every byte of small objects; of large ones the ends and every 61st byte, or the suite would take minutes.
    static std::size_t step(std::size_t i) noexcept {
        return Size <= 256 || i < 16 || i + 62 >= Size ? 1 : 61;
    }
    static std::uint8_t pattern(std::uint64_t stamp, std::size_t i) noexcept {
        return static_cast<std::uint8_t>((stamp * 0x9E3779B97F4A7C15U + i * 131) >> 24);
    }
};

// Counts the living.
struct counted {
    static inline int alive = 0;
    int value = 0;
    explicit counted(int v = 0) noexcept : value(v) { ++alive; }
    ~counted() { --alive; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
};

#if defined(__cpp_exceptions)
// Its constructor throws when told to.
struct fussy {
    std::uint64_t value;
    explicit fussy(std::uint64_t v, bool throws = false) : value(v) {
        if (throws) throw std::runtime_error{"fussy"};
    }
};
#endif

} // namespace cenote_test
