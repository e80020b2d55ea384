// Layer: tool. The blocks that are live, as a trace goes on, and who is told what becomes of them:
//
//     allocated(block), freed(block, time)      a realloc is both
//     forgotten(block)                          at an exec
#pragma once

#include "../trace/event.hpp"
#include "../trace/object_table.hpp"
#include "block.hpp"

#include <cstdint>

namespace cenote::tool {

class live_blocks {
public:
    template <class Listener>
    void apply(const event& e, Listener& to) {
        if (e.kind == event_kind::exec) {
            blocks_.for_each([&](std::uint64_t, view_block& b) { to.forgotten(b); });
            blocks_.clear();
            return;
        }
        if (e.failed) return;
        if (const std::uint64_t gone = is_free(e.kind) ? e.object : e.old_object; gone != 0) {
            if (const view_block* const found = blocks_.find(gone)) {
                to.freed(*found, e.time);
                blocks_.remove(gone);
            }
        }
        if (!is_allocation(e.kind) || e.object == 0) return;
        // A damaged trace may give a number twice.
        if (const view_block* const twice = blocks_.find(e.object)) to.forgotten(*twice);
        to.allocated(
            blocks_.add(e.object, {.address = e.address, .size = e.size, .time = e.time, .stack = e.stack}));
    }
    // each(block)
    template <class Each>
    void for_each(Each each) {
        blocks_.for_each([&](std::uint64_t, view_block& b) { each(b); });
    }
    std::uint64_t count() const noexcept { return blocks_.live(); }

private:
    object_table<view_block> blocks_;
};

} // namespace cenote::tool
