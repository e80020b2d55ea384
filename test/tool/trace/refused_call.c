// refused_call: a program whose only call gets no memory, so that its trace has no allocation.
#include <stdint.h>
#include <stdlib.h>

int main(void) {
    volatile size_t size = SIZE_MAX / 2;
    return malloc(size) == NULL ? 0 : 1;
}
