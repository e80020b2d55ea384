// Layer: adaptor. The two words on which the protocol of shared segments stands; adaptor/shared_segment.hpp has the protocol.
//
//     owner word of a block    63          32 31          16 15      2 1   0
//                              generation - 1 incarnation    seat      state
//
//     mark of a seat           63          32                      1   0
//                              incarnation    nothing              state
//
// All zeroes is a free block, to be handed out with generation 1, and a free seat. A seat's incarnation goes up each time that
// it becomes free, so that a word tells a participant from all who sat there before; the word has the lower 16 bits of it.
#pragma once

#include <compare>
#include <cstdint>

namespace cenote {

// One opening of a shared segment: its seat, from 1 on, and how often that seat was taken before. All zeroes is nobody.
struct participant_id {
    std::uint32_t seat = 0;        // 1 to the segment's number of participants; 0: nobody
    std::uint32_t incarnation = 0; // how many had this seat before

    // Whether it is anybody.
    explicit constexpr operator bool() const noexcept { return seat != 0; }
    friend constexpr auto operator<=>(const participant_id&, const participant_id&) noexcept = default;
};

} // namespace cenote

namespace cenote::detail {

enum class block_state : std::uint8_t {
    free = 0,
    making = 1,  // its owner constructs an object
    live = 2,    // an object, which handles find; its owner's, or, with seat 0, the segment's
    leaving = 3, // an object of somebody dead, which its new owner shows to a visitor
};

struct owner_word {
    static constexpr std::uint32_t max_seats = (1U << 14) - 1;
    static constexpr std::uint32_t last_generation = 0xFFFF'FFFFU;

    std::uint64_t value = 0;

    static constexpr std::uint64_t bits_of(participant_id p) noexcept {
        return std::uint64_t{p.incarnation & 0xFFFFU} << 16 | std::uint64_t{p.seat} << 2;
    }

    // In free words: what the next object will have.
    constexpr std::uint32_t generation() const noexcept {
        return static_cast<std::uint32_t>(value >> 32) + 1;
    }
    constexpr std::uint64_t owner_bits() const noexcept { return value & 0xFFFF'FFFCU; }
    constexpr std::uint32_t seat() const noexcept {
        return static_cast<std::uint32_t>(value >> 2) & max_seats;
    }
    constexpr block_state state() const noexcept { return static_cast<block_state>(value & 3U); }
    constexpr bool is_free() const noexcept { return state() == block_state::free; }
    // Whether a handle of that generation finds it.
    constexpr bool is_live(std::uint32_t generation_asked) const noexcept {
        return state() == block_state::live && generation() == generation_asked;
    }

    // The same generation in another state, of another owner.
    constexpr owner_word in(block_state s, std::uint64_t owner) const noexcept {
        return {(value & ~std::uint64_t{0xFFFF'FFFFU}) | owner | static_cast<std::uint64_t>(s)};
    }
    // Free for the next generation, which is never 0.
    constexpr owner_word freed() const noexcept {
        return {generation() == last_generation ? 0 : std::uint64_t{generation()} << 32};
    }
};

enum class seat_state : std::uint8_t {
    free = 0,
    taken = 1,  // by a participant that holds the kernel's mark of the seat, or died
    ending = 2, // no more its: whatever it owned is being freed
};

struct seat_mark {
    std::uint64_t value = 0;

    static constexpr seat_mark of(std::uint32_t incarnation, seat_state s) noexcept {
        return {std::uint64_t{incarnation} << 32 | static_cast<std::uint64_t>(s)};
    }
    constexpr std::uint32_t incarnation() const noexcept { return static_cast<std::uint32_t>(value >> 32); }
    // Of what no process of ours writes: free, with bits that make it none.
    constexpr seat_state state() const noexcept { return static_cast<seat_state>(value & 3U); }
    constexpr bool is_sound() const noexcept { return (value & 0xFFFF'FFFCU) == 0 && (value & 3U) != 3U; }

    // Whether a word is of whoever has the seat at present.
    constexpr bool is_owner_of(owner_word w) const noexcept {
        return state() == seat_state::taken && (value >> 32 & 0xFFFFU) == (w.value >> 16 & 0xFFFFU);
    }
};

} // namespace cenote::detail
