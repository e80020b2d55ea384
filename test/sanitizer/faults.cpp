// faults POOL FAULT: makes one mistake with one kind of pool, or none. What a sanitizer says of it is checked by
// expect_report.py.
#include "cenote/cenote.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

struct order {
    long fields[8];
    order() noexcept { fields[3] = 7; }
};

// Reads and writes that no compiler may drop.
[[gnu::noinline]] long read(const order* p) { return *const_cast<const volatile long*>(&p->fields[3]); }
[[gnu::noinline]] void write(order* p) { *const_cast<volatile long*>(&p->fields[5]) = 42; }

// The untyped pool with the face of the typed ones.
struct orders_in_blocks {
    cenote::block_pool<> blocks{sizeof(order)};
    order* create() { return ::new (blocks.allocate()) order; }
    void destroy(order* p) { blocks.deallocate(p); }
};

// An arena takes objects back only all at once.
struct orders_in_arena {
    cenote::arena arena;
    order* create() { return arena.create<order>(); }
    void destroy(order*) { arena.reset(cenote::reset_mode::retain_capacity()); }
};

template <class Pool>
long commit(std::string_view fault) {
    Pool pool;
    std::vector<order*> orders;
    for (int i = 0; i != 100; ++i)
        orders.push_back(pool.create());
    long sum = 0;
    for (const order* p : orders)
        sum += read(p);
    order* const p = orders.back();
    if (fault == "leak") {
        // The pool lives on and forgets nothing; the program forgets a block. Not the first one: a segment's header
        // points to that.
        static Pool* const home = new Pool;
        order* const first = home->create();
        order* volatile forgotten = home->create();
        forgotten = nullptr;
        (void)forgotten;
        home->destroy(first);
        return sum;
    }
    if (fault == "beyond_the_last") sum += read(p + 1);
    pool.destroy(p);
    if (fault == "use_after_destroy") sum += read(p);
    if (fault == "write_after_destroy") write(p);
    if (fault == "double_destroy") pool.destroy(p);
    if constexpr (!std::is_same_v<Pool, orders_in_arena>) {
        orders.pop_back();
        for (order* o : orders)
            pool.destroy(o);
    }
    return sum;
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view pool = argc > 1 ? argv[1] : "";
    const std::string_view fault = argc > 2 ? argv[2] : "";
    long sum = 0;
    if (pool == "object_pool")
        sum = commit<cenote::object_pool<order>>(fault);
    else if (pool == "block_pool")
        sum = commit<orders_in_blocks>(fault);
    else if (pool == "intrusive_pool")
        sum = commit<cenote::intrusive_pool<order>>(fault);
    else if (pool == "locked_pool")
        sum = commit<cenote::locked_pool<order>>(fault);
    else if (pool == "lockfree_pool")
        sum = commit<cenote::lockfree_pool<order>>(fault);
    else if (pool == "cached_pool")
        sum = commit<cenote::cached_pool<order>>(fault);
    else if (pool == "arena")
        sum = commit<orders_in_arena>(fault);
    else
        return 2;
    std::printf("done %ld\n", sum);
    return 0;
}
