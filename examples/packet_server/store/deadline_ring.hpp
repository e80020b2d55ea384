// All deadlines, as a ring through the deadlines themselves, with a cursor that the search for expired keys
// moves on.
#pragma once

#include "entry.hpp"

#include <cstddef>

namespace packet_server {

class deadline_ring {
public:
    std::size_t size() const noexcept { return size_; }

    void insert(deadline* added) noexcept {
        if (cursor_ == nullptr) {
            added->previous = added->next = added;
            cursor_ = added;
        } else {
            // Behind the cursor: looked at last.
            added->next = cursor_;
            added->previous = cursor_->previous;
            added->previous->next = added;
            cursor_->previous = added;
        }
        ++size_;
    }

    void remove(deadline* gone) noexcept {
        if (cursor_ == gone) cursor_ = gone->next == gone ? nullptr : gone->next;
        gone->previous->next = gone->next;
        gone->next->previous = gone->previous;
        --size_;
    }

    // The deadline whose turn it is, or nullptr; the next call gets the one after it.
    deadline* next() noexcept {
        deadline* const turn = cursor_;
        if (turn != nullptr) cursor_ = turn->next;
        return turn;
    }

private:
    deadline* cursor_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace packet_server
