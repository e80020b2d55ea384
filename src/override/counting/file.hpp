// Layer: override. The file of counts, and this thread's page of it.
#pragma once

#include "counts.hpp"

#include "cenote/base/config.hpp"

namespace cenote::detail::counting {

[[gnu::tls_model("initial-exec")]] extern constinit thread_local thread_counts* this_thread_counts;

// This thread's page, made when there is none; nullptr where nothing is counted.
CENOTE_COLD thread_counts* open_counts() noexcept;
CENOTE_ALWAYS_INLINE thread_counts* counts() noexcept {
    thread_counts* const mine = this_thread_counts;
    return mine != nullptr ? mine : open_counts();
}

// nullptr where nothing is counted.
file_header* header() noexcept;

// What is mapped now, into a file beside that of counts, where the environment asks for it.
CENOTE_COLD void copy_maps() noexcept;

// What the heap says of itself, now. Takes the heap's locks, one by one. Does nothing where another thread is at it.
CENOTE_COLD void take_snapshot(file_header& of) noexcept;

} // namespace cenote::detail::counting
