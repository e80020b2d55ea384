// Layer: freelist. Rung 2 of the ladder: an intrusive free list. A free block holds the link to the next free one, so
// a list of a million blocks is one pointer.
//
//     head -> [ next | ... ] -> [ next | ... ] -> nullptr
//
// Last in, first out. A block is at least as large and as aligned as a pointer. Not thread-safe.
#pragma once

#include "cenote/base/poison.hpp"

#include <cstddef>
#include <new>
#include <utility>

namespace cenote {

class free_list {
public:
    struct link {
        link* next;
    };

    free_list() = default;
    free_list(free_list&& other) noexcept : head_(std::exchange(other.head_, nullptr)) {}
    free_list& operator=(free_list&& other) noexcept {
        head_ = std::exchange(other.head_, nullptr);
        return *this;
    }

    // `block` has `bytes` bytes, which nobody may touch until it is popped again.
    void push(void* block, std::size_t bytes) noexcept {
        detail::take_in(block, bytes);
        detail::unpoison(block, sizeof(link));
        head_ = ::new (block) link{head_};
        detail::poison(block, sizeof(link));
    }

    // The block pushed last, nullptr when empty. `bytes` is that of its push.
    void* pop(std::size_t bytes) noexcept {
        if (head_ == nullptr) return nullptr;
        link* const block = head_;
        detail::unpoison(block, sizeof(link));
        head_ = block->next;
        detail::hand_out(block, bytes);
        return block;
    }

    bool empty() const noexcept { return head_ == nullptr; }
    // What pop would return.
    void* top() const noexcept { return head_; }
    void clear() noexcept { head_ = nullptr; }

    // O(n): walks the list, at most `most` links of it.
    std::size_t count(std::size_t most) const noexcept {
        std::size_t n = 0;
        for (link* at = head_; at != nullptr && n != most; at = next_of(at))
            ++n;
        return n;
    }
    bool holds(const void* block) const noexcept {
        link* at = head_;
        while (at != nullptr && at != block)
            at = next_of(at);
        return at != nullptr;
    }

private:
    // The links of poisoned blocks are ours to read.
    static link* next_of(link* at) noexcept {
        detail::unpoison(at, sizeof(link));
        link* const next = at->next;
        detail::poison(at, sizeof(link));
        return next;
    }

    link* head_ = nullptr;
};

} // namespace cenote
