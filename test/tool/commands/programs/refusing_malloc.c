/* A malloc that refuses everything above 50 bytes. */
#include <stddef.h>

static _Alignas(16) char memory[1 << 20];
static size_t used;

void* malloc(size_t size) {
    if (size > 50) return NULL;
    void* p = memory + used;
    used += 64;
    return used <= sizeof memory ? p : NULL;
}
void free(void* p) { (void)p; }
void* calloc(size_t count, size_t size) { return malloc(count * size); }
void* realloc(void* p, size_t size) { return p == NULL ? malloc(size) : NULL; }
