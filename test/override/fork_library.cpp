// A library whose constructor, which runs before the replacement's own, registers handlers of forks that allocate. So their
// handler before the fork runs when the replacement has taken its locks already.
#include "override/hidden.hpp"

#include <atomic>
#include <cstdlib>
#include <pthread.h>

namespace {

std::atomic<int> served{0};

void allocate() {
    void* blocks[300];
    for (std::size_t i = 0; i != 300; ++i)
        blocks[i] = std::malloc(cenote_test::hidden(i % 10 == 0 ? 700 * i : 8 * i));
    for (void* const p : blocks) {
        if (p != nullptr) served.fetch_add(1);
        std::free(p);
    }
}

[[gnu::constructor]] void begin() { ::pthread_atfork(allocate, allocate, allocate); }

} // namespace

// How many blocks the handlers were given.
extern "C" int fork_library_served() { return served.load(); }
