// expect: (use of deleted function|selected deleted operator|assignment operator is implicitly deleted)
#include "cenote/object_pool.hpp"

#include <utility>

void move(cenote::object_pool<int>& from, cenote::object_pool<int>& to) {
#ifndef CENOTE_FIXED
    to = std::move(from);
#else
    [[maybe_unused]] cenote::object_pool<int> instead{std::move(from)};
    static_cast<void>(to);
#endif
}
