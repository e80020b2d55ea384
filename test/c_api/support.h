/* What the tests of the C API share: cmocka, a source that counts and can be told to refuse, and a heap. */
#ifndef CENOTE_TEST_C_API_SUPPORT_H
#define CENOTE_TEST_C_API_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cenote/cenote.h"

typedef struct counting_source {
    size_t calls_left; /* then it refuses */
    size_t bytes;      /* out at present */
    size_t decommitted;
} counting_source;

cenote_source source_of(counting_source* counts);

/* Set up and torn down where a test is done with a heap of its own, which is then its state. */
int own_heap(void** state);
int no_more_own_heap(void** state);

#endif
