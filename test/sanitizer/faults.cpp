// faults POOL FAULT: makes one mistake with one kind of pool, or none. What a sanitizer says of it is checked by
// expect_report.py.
#include "pools.hpp"

#include <cstdlib>
#include <string_view>

namespace {

using namespace faults;

// The pool lives on and forgets nothing; the program forgets an object. Not the first one: a segment's header points to that.
template <class Pool>
[[gnu::noinline]] void forget_one(Pool& home) {
    order* const first = make_order(home);
    [[maybe_unused]] order* volatile forgotten = make_order(home);
    forgotten = nullptr;
    end_order(home, first);
}

// What only an object of a pool that lives on points to, and that from where only another object points to: no leak.
template <class Pool>
[[gnu::noinline]] void keep_by_objects(Pool& home) {
    static order* kept = make_order(home);
    order* const inner = make_order(home);
    kept->fields[0] = reinterpret_cast<long>(inner);
    inner->fields[0] = reinterpret_cast<long>(std::malloc(100));
}

// All that the heap does with a block besides.
[[gnu::noinline]] void do_all_with(cenote::heap& heap) {
    auto* p = static_cast<unsigned char*>(heap.allocate_zeroed(100));
    if (p[99] != 0 || !heap.owns(p) || !heap.is_live(p) || heap.usable_size(p) < 100) std::abort();
    p[99] = 7;
    for (const std::size_t size : {1000U, 100'000U, 5'000'000U, 100U}) {
        p = static_cast<unsigned char*>(heap.reallocate(p, size));
        if (p[99] != 7 || heap.usable_size(p) < size) std::abort();
        p[size - 1] = 7;
    }
    heap.deallocate(p, 100);
    void* const aligned = heap.allocate(100, 4096);
    if (reinterpret_cast<std::size_t>(aligned) % 4096 != 0) std::abort();
    heap.deallocate(aligned, 100, 4096);
    cenote::heap own;
    (void)own.allocate(100); // goes with its heap
    if (!own.valid() || !heap.valid()) std::abort();
}

// Leaves nothing on the stack that points to what is forgotten.
[[gnu::noinline]] void wipe_stack() {
    volatile char bytes[8192];
    for (volatile char& b : bytes)
        b = 0;
}

template <class Pool>
long commit(std::string_view fault) {
    static Pool* const home = new Pool;
    if (fault == "leak") {
        forget_one(*home);
        wipe_stack();
        return 0;
    }
    if (fault == "none") keep_by_objects(*home);
    if constexpr (std::is_same_v<Pool, orders_in_heap>) do_all_with(cenote::heap::process());
    Pool pool;
    constexpr int count = 100;
    order* orders[count];
    for (order*& p : orders)
        p = make_order(pool);
    long sum = 0;
    for (const order* p : orders)
        sum += read(p);
    order* const p = orders[count - 1];
    if (fault == "beyond_the_last") sum += read(p + 1);
    if (fault == "wrong_pool") {
        end_order(*home, make_order(*home));
        end_order(*home, p);
    }
    if (fault == "interior") end_order(pool, reinterpret_cast<order*>(p->fields + 2));
    end_order(pool, p);
    if (fault == "use_after_destroy") sum += read(p);
    if (fault == "write_after_destroy") write(p);
    if (fault == "double_destroy") end_order(pool, p);
    if constexpr (!std::is_same_v<Pool, orders_in_arena>)
        for (int i = 0; i != count - 1; ++i)
            end_order(pool, orders[i]);
    return sum;
}

} // namespace

int main(int argc, char** argv) {
    return run(argc, argv, []<class Pool>(std::string_view fault) { return commit<Pool>(fault); });
}
