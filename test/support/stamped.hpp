// An object that shows whether it is whole, and whose it was: all its words follow from the first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cenote_test {

struct stamped {
    static constexpr std::size_t words = 9;

    explicit stamped(std::uint64_t stamp) noexcept {
        for (std::size_t i = 0; i != words; ++i)
            of[i] = word(stamp, i);
    }
    bool is(std::uint64_t stamp) const noexcept {
        for (std::size_t i = 0; i != words; ++i)
            if (of[i] != word(stamp, i)) return false;
        return true;
    }
    bool is_whole() const noexcept { return is(of[0]); }

    static constexpr std::uint64_t word(std::uint64_t stamp, std::size_t i) noexcept {
        return i == 0 ? stamp : (stamp + i) * 0x9E37'79B9'7F4A'7C15U;
    }
    std::uint64_t of[words];
};

} // namespace cenote_test
