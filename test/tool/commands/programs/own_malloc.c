/* A program that has malloc and free of its own. */
#include <stddef.h>

static _Alignas(16) char memory[1 << 20];
static size_t used;

void* malloc(size_t size) {
    void* p = memory + used;
    used += (size + 15) & ~(size_t)15;
    return used <= sizeof memory ? p : NULL;
}
void free(void* p) { (void)p; }

int main(void) { return malloc(100) == NULL; }
