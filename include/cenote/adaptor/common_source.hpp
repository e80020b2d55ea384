// Layer: adaptor. One source under several pools and tables, each of which takes from it when it likes.
#pragma once

#include "cenote/os/lock.hpp"
#include "cenote/source/source.hpp"

#include <cstddef>

namespace cenote::detail {

struct no_lock {
    void lock() noexcept {}
    void unlock() noexcept {}
};

// Refers to a source that lives elsewhere. `Lock` is held while it is called. What a bounded source has left is not passed on:
// the first pool would take all of it. Callbacks are, unless the source is one that a lock is held around.
template <class Source, class Lock, bool CallsBack = true>
class common_source {
public:
    static constexpr bool is_callers_memory = cenote::is_callers_memory<Source>;

    common_source(Source& to, Lock& lock) noexcept : to_(&to), lock_(&lock) {}

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        const locked_scope hold{*lock_};
        return to_->allocate(bytes, alignment);
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        const locked_scope hold{*lock_};
        to_->deallocate(p, bytes, alignment);
    }
    std::size_t decommit(void* p, std::size_t bytes) noexcept requires decommitting_source<Source> {
        const locked_scope hold{*lock_};
        return to_->decommit(p, bytes);
    }
    Source& get() const noexcept { return *to_; } // what it refers to

    // Without the lock: what is called may come back here.
    bool call_back(bool was_refused) noexcept requires CallsBack {
        return detail::call_back(*to_, was_refused);
    }

private:
    Source* to_;
    Lock* lock_;
};

} // namespace cenote::detail
