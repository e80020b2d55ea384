// Allocates before the replacement's constructor runs, and before anything else does.
#include "override/hidden.hpp"

#include <cstdlib>
#include <malloc.h>

extern "C" std::size_t usable_of_the_first_block;
std::size_t usable_of_the_first_block = 0;

[[gnu::constructor]] static void allocate_early() {
    void* const p = std::malloc(cenote_test::hidden(17UL));
    usable_of_the_first_block = malloc_usable_size(p);
    std::free(p);
}
