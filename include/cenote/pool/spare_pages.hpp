// Layer: pool. Memory that threads which ended had for their magazines and tables, kept for the threads that come: for a
// thread with few calls, mapping and unmapping costs more than all else it does with a pool.
//
// Not thread-safe.
#pragma once

#include "cenote/base/units.hpp"

#include <cstddef>
#include <new>

namespace cenote::detail {

// Pieces of 4 and 8 KiB, at most 16 of each: 192 KiB. The first bytes of a piece link it to the next.
class spare_pages {
public:
    static constexpr std::size_t most = 16;

    constexpr spare_pages() noexcept = default;

    // A piece of exactly that many bytes with anything in it, or nullptr when there is none.
    void* take(std::size_t bytes) noexcept {
        stack* const of = stack_of(bytes);
        if (of == nullptr || of->top == nullptr) return nullptr;
        piece* const taken = of->top;
        of->top = taken->next;
        --of->count;
        return taken;
    }
    // False where the piece is of another size, or there are enough.
    bool keep(void* memory, std::size_t bytes) noexcept {
        stack* const of = stack_of(bytes);
        if (of == nullptr || of->count == most) return false;
        of->top = ::new (memory) piece{of->top};
        ++of->count;
        return true;
    }

private:
    struct piece {
        piece* next;
    };
    struct stack {
        piece* top = nullptr;
        std::size_t count = 0;
    };
    stack* stack_of(std::size_t bytes) noexcept {
        return bytes == 4_KiB ? &small_ : bytes == 8_KiB ? &large_ : nullptr;
    }

    stack small_;
    stack large_;
};

} // namespace cenote::detail
