// The heap of the process is used by globals' constructors in two files, by main and its threads, by atexit and by
// globals' destructors, whatever their order.
#include "cenote/heap/heap.hpp"

#include <cstdio>
#include <cstdlib>
#include <thread>

void* block_of_heap_early_user();

namespace {

using cenote::heap;

[[noreturn]] void wrong(const char* what) {
    std::fprintf(stderr, "heap_early_and_late: %s\n", what);
    std::_Exit(1);
}

void use(const char* when) {
    heap& h = heap::process();
    for (std::size_t size = 1; size < 8'000'000; size = size * 2 + 3) {
        void* const p = h.try_allocate(size);
        if (p == nullptr || !h.is_live(p)) wrong(when);
        h.deallocate(h.try_reallocate(p, size + 1000));
    }
}

struct global {
    int* held = heap::process().new_object<int>(22);
    global() { use("before main"); }
    ~global() {
        if (*held != 22) wrong("an object did not survive until static destruction");
        heap::process().delete_object(held);
        use("in static destruction");
        if (!heap::process().valid()) wrong("unsound at the end");
        std::puts("late free done");
        std::fflush(stdout);
    }
};
const global here;

} // namespace

int main() {
    if (*here.held != 22 || !heap::process().is_live(block_of_heap_early_user()))
        wrong("blocks made before main are gone");
    use("in main");
    std::thread{[] { use("in a thread"); }}.join();
    std::atexit([] { use("at exit"); });
}
