// Rung 7, magazines of threads. Before it: one list for all, whose head is one cache line, and whose blocks go round.
#include "ladder.hpp"

#include <cenote/cenote.hpp>

#include <barrier>
#include <thread>

namespace {

struct counter {
    std::uint64_t value = 0;
};

// What two threads get that take turns.
struct seen {
    counter* of_one = nullptr; // each thread's first object, both alive
    counter* of_two = nullptr;
    bool handed_over = false; // whether what one destroyed is what two created next
};

template <class Pool>
seen take_turns(Pool& pool) {
    seen found;
    std::barrier turn{2};
    std::uintptr_t destroyed = 0;
    std::thread two{[&] {
        turn.arrive_and_wait();
        found.of_two = pool.create();
        turn.arrive_and_wait();
        turn.arrive_and_wait();
        counter* const mine = pool.create();
        found.handed_over = ladder::address_of(mine) == destroyed;
        pool.destroy(mine);
        pool.destroy(found.of_two);
    }};
    found.of_one = pool.create();
    turn.arrive_and_wait(); // two creates
    turn.arrive_and_wait();
    destroyed = ladder::address_of(found.of_one);
    pool.destroy(found.of_one);
    turn.arrive_and_wait(); // two creates again
    two.join();
    return found;
}

bool share_a_line(const seen& found) {
    return ladder::address_of(found.of_one) / cenote::cache_line ==
           ladder::address_of(found.of_two) / cenote::cache_line;
}

void fault() {
    std::puts("cenote::lockfree_pool, two threads:");
    cenote::lockfree_pool<counter> pool;
    const seen found = take_turns(pool);
    ladder::claim(share_a_line(found),
                  "their objects lie on one cache line: each write takes it from the other");
    ladder::claim(found.handed_over, "what one destroys the other gets next, from the wrong cache");
}

void mended() {
    std::puts("cenote::cached_pool, two threads:");
    cenote::cached_pool<counter> pool;
    const seen found = take_turns(pool);
    ladder::claim(!share_a_line(found), "each takes its own 64 neighbours from the slabs");
    ladder::claim(!found.handed_over, "what a thread destroys it gets back itself");
    ladder::claim(pool.live() == 0, "when a thread ends, its magazine goes back");
}

void figure() {
    constexpr std::size_t pairs = 40'000;
    cenote::lockfree_pool<counter> shared;
    cenote::cached_pool<counter> cached;
    const auto two_threads = [](auto& pool) {
        return [&pool] { ladder::together(2, [&pool](unsigned) { ladder::churn(pool, pairs / 2); }); };
    };
    ladder::compare(pairs, "two threads, a pair from one list", two_threads(shared), "from magazines",
                    two_threads(cached));
}

} // namespace

int main() {
    fault();
    mended();
    figure();
    return ladder::result();
}
