// The fast paths of malloc and of operator new, in libcenote-malloc.so: callgrind counts the functions themselves.
#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

constexpr int calls = 100'000; // so that what the C library allocates at its start is rounded away

// Opaque to the compiler, which may leave out pairs of new and delete.
void keep(void* p) { asm volatile("" : : "r"(p) : "memory"); }

} // namespace

int main() {
    for (int i = 0; i != calls; ++i) {
        void* const p = std::malloc(64);
        keep(p);
        std::free(p);
        void* const object = ::operator new(64);
        keep(object);
        ::operator delete(object);
    }
    std::printf("%d\n", calls);
}
