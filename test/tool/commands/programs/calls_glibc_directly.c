/* A block of one allocator that another is to free. */
#include <stdlib.h>

extern void* __libc_malloc(size_t size);

int main(void) {
    free(__libc_malloc(100));
    return 0;
}
