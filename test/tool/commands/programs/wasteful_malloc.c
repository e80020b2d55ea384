/* A malloc that gives each block an OS page, written to, and takes nothing back. */
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

void* malloc(size_t size) {
    const size_t bytes = (size + 16 + 4095) & ~(size_t)4095;
    char* p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (p == MAP_FAILED) return NULL;
    *(size_t*)p = size;
    return p + 16;
}
void free(void* p) { (void)p; }
void* calloc(size_t count, size_t size) { return malloc(count * size); }
void* realloc(void* p, size_t size) {
    void* to = malloc(size);
    if (p == NULL || to == NULL) return to;
    const size_t was = *(size_t*)((char*)p - 16);
    return memcpy(to, p, was < size ? was : size);
}
