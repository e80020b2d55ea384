// Layer: tool. The objects that are live, as a trace goes on: T is what whoever reads it keeps of each. He is told what becomes of
// them:
//
//     allocated(event)         gives what is to be kept: a T, or an optional one, nothing where the object is of no interest
//     freed(event, T)          a realloc's old object, too, before its new one is allocated
//     forgotten(event, T)      at an exec; or a damaged trace gives its number once more
//
// Calls that failed change nothing.
#pragma once

#include "event.hpp"
#include "object_table.hpp"

#include <cstdint>
#include <optional>

namespace cenote::tool {

template <class T>
class live_objects {
public:
    // False where the event ends an object that is not among them: one from before the trace, or of no interest.
    template <class Listener>
    bool apply(const event& e, Listener& to) {
        if (e.kind == event_kind::exec) {
            objects_.for_each([&](std::uint64_t, const T& each) { to.forgotten(e, each); });
            objects_.clear();
            return true;
        }
        if (is_free(e.kind)) return end(e, e.object, to);
        // An allocation without a number is one of a damaged trace.
        if (!is_allocation(e.kind) || e.failed || e.object == 0) return true;
        const bool is_known = e.old_object == 0 || end(e, e.old_object, to);
        if (const T* const twice = objects_.find(e.object)) {
            to.forgotten(e, *twice);
            objects_.remove(e.object);
        }
        if (const std::optional<T> kept = to.allocated(e)) objects_.add(e.object, *kept);
        return is_known;
    }
    // each(T), in the order of their numbers.
    template <class Each>
    void for_each(Each each) {
        objects_.for_each([&](std::uint64_t, const T& kept) { each(kept); });
    }

private:
    template <class Listener>
    bool end(const event& e, std::uint64_t number, Listener& to) {
        const T* const found = number != 0 ? objects_.find(number) : nullptr;
        if (found == nullptr) return false;
        to.freed(e, *found);
        objects_.remove(number);
        return true;
    }

    object_table<T> objects_;
};

} // namespace cenote::tool
