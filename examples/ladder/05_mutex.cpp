// Rung 5, a lock. Before it: a free list that two threads use at once.
//
// The race is played by one thread that takes the steps of two in turns, so that it is the same each time, and harmless.
#include "ladder.hpp"

#include <cenote/cenote.hpp>

#include <array>
#include <random>

namespace {

constexpr int none = -1;
constexpr int blocks = 64;

// A textbook's list, with numbers for pointers.
struct list {
    int head = 0;
    std::array<int, blocks> next{};
    list() {
        for (int i = 0; i != blocks; ++i)
            next[static_cast<std::size_t>(i)] = i + 1 == blocks ? none : i + 1;
    }
    int& link(int block) { return next[static_cast<std::size_t>(block)]; }
};

// A thread that pops a block and pushes it back, again and again, one load or store of the list at a time.
struct player {
    list& free;
    int step = 0;
    int seen = none;
    int seen_next = none;
    int block = none;

    void go_on() {
        switch (step) {
        case 0: // pop: read the head ...
            seen = free.head;
            if (seen != none) step = 1;
            break;
        case 1: // ... its link ...
            seen_next = free.link(seen);
            step = 2;
            break;
        case 2: // ... and make that the head
            free.head = seen_next;
            block = seen;
            step = 3;
            break;
        case 3: // push: read the head ...
            seen = free.head;
            step = 4;
            break;
        case 4: // ... link the block to it ...
            free.link(block) = seen;
            step = 5;
            break;
        default: // ... and make it the head
            free.head = block;
            block = none;
            step = 0;
        }
    }
};

void fault() {
    std::puts("a free list without a lock, two threads, 10,000 steps:");
    list free;
    player a{free};
    player b{free};
    std::mt19937 who{1};
    int twice = 0;
    for (int i = 0; i != 10'000; ++i) {
        player& one = who() % 2 == 0 ? a : b;
        const bool takes = one.step == 2;
        one.go_on();
        twice += takes && a.block == b.block;
    }
    std::array<bool, blocks> found{};
    int left = 0;
    for (int at = free.head; at != none && !found[static_cast<std::size_t>(at)]; at = free.link(at)) {
        found[static_cast<std::size_t>(at)] = true;
        ++left;
    }
    const int lost = blocks - left - (a.block != none) - (b.block != none && b.block != a.block);
    std::printf("  %d times both had the same block; %d of %d blocks are lost\n", twice, lost, blocks);
    ladder::claim(twice > 0, "a block is handed out twice");
    ladder::claim(lost > 0, "blocks are lost");
}

void mended() {
    std::puts("cenote::locked_pool, four threads:");
    cenote::locked_pool<ladder::owned, cenote::pool_options{}, cenote::counting_source<cenote::vm_source>>
        pool;
    ladder::claim(ladder::handed_out_twice(pool, 2'000) == 0, "no block has two owners");
    ladder::claim(pool.live() == 0 && pool.valid(), "none is lost");
    ladder::claim(pool.source().calls() == 1, "it grew once, however many threads waited for that");
}

void figure() {
    constexpr std::size_t pairs = 50'000;
    cenote::locked_pool<int> locked;
    cenote::object_pool<int> alone;
    ladder::compare(
        pairs, "a pair behind a lock that nobody else wants", [&] { ladder::churn(locked, pairs); },
        "without", [&] { ladder::churn(alone, pairs); });
}

} // namespace

int main() {
    fault();
    mended();
    figure();
    return ladder::result();
}
