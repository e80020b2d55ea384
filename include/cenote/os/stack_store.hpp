// Layer: os. Every stack that was ever remembered, each once, under a number of 32 bits: what is kept per block is then four
// bytes and not a hundred.
//
//     heads_[hash] -> entry -> entry -> 0         entries lie in pieces of 1 MiB; an entry's number says where
//
// Nothing is ever removed, so readers need no lock: a chain only grows at its head. Two threads that remember the same new
// stack at once may both enter it, which costs an entry. At most 64 MiB; what comes beyond is not remembered.
//
// The idea is that of the stack depot of LLVM's sanitizers.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/units.hpp"
#include "cenote/os/stack_trace.hpp"
#include "cenote/os/vm.hpp"

#include <cstddef>
#include <cstdint>

namespace cenote::detail {

using trace_id = std::uint32_t;
inline constexpr trace_id no_trace = 0;

// Constant-initialised, never destroyed, of any thread, in any child of a fork.
class stack_store {
public:
    constexpr stack_store() noexcept = default;

    // The stack's number; no_trace for an empty one, and where there is no memory for a new one. O(stacks of the same hash).
    [[gnu::noinline]] trace_id remember(const stack_trace& trace) noexcept {
        if (trace.count == 0) return no_trace;
        trace_id& first = heads_[hash(trace) % head_count];
        // Acquire: pairs with the release of the exchange below, so that the entry's contents are seen.
        trace_id head = __atomic_load_n(&first, __ATOMIC_ACQUIRE);
        for (trace_id id = head; id != no_trace; id = at(id)->next)
            if (at(id)->trace == trace) return id;

        const trace_id made = make_entry();
        if (made == no_trace) return no_trace;
        entry& e = *at(made);
        e.trace = trace;
        do
            e.next = head;
        // Release: the entry is whole before it is found; acquire on failure, as above.
        while (!__atomic_compare_exchange_n(&first, &head, made, false, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE));
        return made;
    }

    // What remember() gave the number for; an empty one for no_trace.
    stack_trace recall(trace_id id) const noexcept { return id == no_trace ? stack_trace{} : at(id)->trace; }

private:
    struct entry {
        stack_trace trace;
        trace_id next = no_trace;
    };
    static constexpr std::size_t piece_bytes = 1_MiB;
    static constexpr std::uint32_t per_piece = piece_bytes / sizeof(entry);
    static constexpr std::uint32_t max_pieces = 64;
    static constexpr std::uint32_t head_count = 1U << 14;

    static std::uint32_t hash(const stack_trace& trace) noexcept {
        std::uint64_t h = trace.count;
        for (std::uint32_t i = 0; i != trace.count; ++i)
            h = (h ^ reinterpret_cast<std::uintptr_t>(trace.frames[i])) * 0x9E37'79B9'7F4A'7C15;
        return static_cast<std::uint32_t>(h >> 32);
    }

    // Needs a number that make_entry() gave.
    entry* at(trace_id id) const noexcept {
        // Acquire: pairs with the release in piece(), whose memory is then there. A number that came by way of a chain implies
        // it already; one that came by other ways may not.
        return __atomic_load_n(&pieces_[(id - 1) / per_piece], __ATOMIC_ACQUIRE) + (id - 1) % per_piece;
    }

    trace_id make_entry() noexcept {
        // Relaxed: the number is nobody else's, and whoever reads the entry acquires it by its chain.
        if (__atomic_load_n(&count_, __ATOMIC_RELAXED) >= per_piece * max_pieces) return no_trace;
        const std::uint32_t index = __atomic_fetch_add(&count_, 1, __ATOMIC_RELAXED);
        if (index >= per_piece * max_pieces || !has_piece(index / per_piece)) return no_trace;
        return index + 1;
    }

    bool has_piece(std::uint32_t number) noexcept {
        entry*& piece = pieces_[number];
        // Acquire: as in at().
        if (__atomic_load_n(&piece, __ATOMIC_ACQUIRE) != nullptr) return true;
        auto* const made = static_cast<entry*>(vm::map_anywhere(piece_bytes));
        if (made == nullptr) return false;
        entry* none = nullptr;
        // Release: pairs with at(). Whoever comes second gives its piece back.
        if (!__atomic_compare_exchange_n(&piece, &none, made, false, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
            vm::release(made, piece_bytes);
        return true;
    }

    trace_id heads_[head_count] = {};
    entry* pieces_[max_pieces] = {};
    std::uint32_t count_ = 0;
};

inline constinit stack_store stacks;

} // namespace cenote::detail
