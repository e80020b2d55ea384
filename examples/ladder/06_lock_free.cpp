// Rung 6, the lock-free list. Before it: a lock, whose owner may be asleep. And the textbook's list, which ABA deceives.
//
// Both faults are played step by step, so that they are the same each time, and harmless.
#include "ladder.hpp"

#include <cenote/cenote.hpp>

#include <atomic>
#include <mutex>

namespace {

void fault_of_the_lock() {
    std::puts("a lock whose owner does not run:");
    std::mutex lock;
    const std::lock_guard preempted{
        lock}; // this thread stands for one that the kernel has put to sleep just here
    int got_on = 0;
    ladder::together(1, [&](unsigned) {
        for (int i = 0; i != 1000; ++i)
            if (lock.try_lock()) {
                ++got_on;
                lock.unlock();
            }
    });
    ladder::claim(got_on == 0, "no other thread gets on: 0 of 1,000 attempts");
}

using link = cenote::detail::tagged_link;

void fault_of_the_textbook() {
    std::puts("a list with compare-and-swap, and no tag: A -> B -> C");
    link a;
    link b;
    link c;
    a.next = &b;
    b.next = &c;
    std::atomic<link*> head{&a};

    link* seen = head;             // thread 1 pops: it reads the head, A,
    link* const next = seen->next; // and A's link, B; and is put to sleep
    head = &b;                     // thread 2 pops A
    head = &c;                     // and pops B, which is its own from now on
    a.next = head.load();          // and pushes A: A -> C
    head = &a;
    const bool swapped =
        head.compare_exchange_strong(seen, next); // thread 1 wakes up: the head is A, as it was
    ladder::claim(swapped && head == &b, "the swap succeeds, and the head is B, which thread 2 is using");
}

void mended() {
    std::puts("the same with a tag, which each swap raises:");
    link a;
    link b;
    link c;
    b.next = &c;
    a.next = &b;
    cenote::detail::default_head head;
    auto empty = head.load();
    head.swap(empty, &a);

    auto seen = head.load(); // thread 1, as above
    link* const next = seen.top->next;
    auto second = head.load(); // thread 2, as above
    head.swap(second, &b);
    second = head.load();
    head.swap(second, &c);
    second = head.load();
    a.next = second.top;
    head.swap(second, &a);
    const bool swapped = head.swap(seen, next);
    ladder::claim(!swapped && head.load().top == &a, "the swap fails: the head is A, but of another tag");

    std::puts("cenote::lockfree_pool, four threads:");
    cenote::lockfree_pool<ladder::owned, cenote::pool_options{}, cenote::counting_source<cenote::vm_source>>
        pool;
    pool.preheat(4);
    const std::size_t calls = pool.source().calls();
    ladder::claim(ladder::handed_out_twice(pool, 5'000) == 0 && pool.live() == 0,
                  "no block has two owners, and none is lost");
    ladder::claim(pool.source().calls() == calls, "once it is preheated, no create asks the source");
}

void figure() {
    constexpr std::size_t pairs = 20'000;
    cenote::locked_pool<int> locked;
    cenote::lockfree_pool<int> lock_free;
    const auto two_threads = [](auto& pool) {
        return [&pool] { ladder::together(2, [&pool](unsigned) { ladder::churn(pool, pairs / 2); }); };
    };
    ladder::compare(pairs, "two threads, a pair behind a lock", two_threads(locked), "with compare-and-swap",
                    two_threads(lock_free));
}

} // namespace

int main() {
    fault_of_the_lock();
    fault_of_the_textbook();
    mended();
    figure();
    return ladder::result();
}
