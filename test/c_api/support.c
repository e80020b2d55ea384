#include "support.h"

#include <stdlib.h>

static void* counted_allocate(void* context, size_t bytes, size_t alignment) {
    counting_source* counts = context;
    if (counts->calls_left == 0) return NULL;
    --counts->calls_left;
    void* p = NULL;
    if (posix_memalign(&p, alignment < sizeof(void*) ? sizeof(void*) : alignment, bytes) != 0) return NULL;
    counts->bytes += bytes;
    return p;
}

static void counted_deallocate(void* context, void* p, size_t bytes, size_t alignment) {
    counting_source* counts = context;
    (void)alignment;
    counts->bytes -= bytes;
    free(p);
}

static size_t counted_decommit(void* context, void* p, size_t bytes) {
    counting_source* counts = context;
    (void)p;
    counts->decommitted += bytes;
    return bytes;
}

cenote_source source_of(counting_source* counts) {
    cenote_source source = {counts, counted_allocate, counted_deallocate, counted_decommit};
    return source;
}

int own_heap(void** state) {
    cenote_heap* heap = NULL;
    if (cenote_heap_create(&heap, NULL) != CENOTE_OK) return -1;
    *state = heap;
    return 0;
}
int no_more_own_heap(void** state) {
    cenote_heap_destroy(*state);
    return 0;
}
