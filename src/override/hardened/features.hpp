// Layer: override. What the hardened replacement looks for, each with the name that CENOTE_HARDENED knows it by.
//
//     canary    bytes behind the block that show whether somebody wrote there
//     zero      new blocks are all zeroes
//     junk      new blocks are filled with a byte that is in no sound pointer or count; not by default
//     fill      freed blocks are filled, and whether that is still so is looked at before they have another owner
//     delay     freed blocks wait, and come back in random order
//     shuffle   new blocks come in random order
//     guard     pages that nobody may touch round large blocks, and round the blocks of segments
//
// That a pointer is the first byte of a block, and one that is live, is not to be switched off.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cenote::detail::hardened {

enum class feature : std::uint32_t {
    canary = 1,
    zero = 2,
    junk = 4,
    fill = 8,
    delay = 16,
    shuffle = 32,
    guard = 64,
};
inline constexpr std::uint32_t default_features = 1 | 2 | 8 | 16 | 32 | 64;

// All are on until the environment was read; from then on some may be off, and stay so: what is on has always been on.
inline constinit std::atomic<std::uint32_t> features{default_features};

inline bool has(feature f) noexcept {
    // Relaxed: written once, by who starts the process.
    return (features.load(std::memory_order_relaxed) & static_cast<std::uint32_t>(f)) != 0;
}

// "all", "none", or names with commas between. False where there is another name.
bool read_features(const char* text, std::size_t& to) noexcept;
void use_features(std::size_t these) noexcept;

inline constexpr unsigned char freed_junk = 0xDB; // no pointer of ours, no small number
inline constexpr unsigned char new_junk = 0xCE;

} // namespace cenote::detail::hardened
