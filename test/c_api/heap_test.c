#include "support.h"

#include <string.h>

static cenote_heap_stats stats_of(const cenote_heap* heap) {
    cenote_heap_stats stats;
    memset(&stats, 0xff, sizeof stats);
    cenote_heap_get_stats(heap, &stats);
    return stats;
}

static void blocks_of_any_size_can_be_had(void** state) {
    cenote_heap* heap = *state;
    const size_t sizes[] = {0, 1, 16, 100, 1000, 65536, 65537, 1 << 20, 9 << 20};
    for (size_t i = 0; i != sizeof sizes / sizeof *sizes; ++i) {
        unsigned char* p = cenote_heap_allocate(heap, sizes[i]);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        assert_true(cenote_heap_usable_size(heap, p) >= sizes[i]);
        assert_true(cenote_heap_owns(heap, p));
        memset(p, 0x5a, sizes[i]);
        if (i % 2 == 0)
            cenote_heap_deallocate(heap, p);
        else
            cenote_heap_deallocate_sized(heap, p, sizes[i], 0);
    }
    assert_false(cenote_heap_owns(heap, &sizes));
    assert_int_equal(cenote_heap_usable_size(heap, NULL), 0);
    cenote_heap_deallocate(heap, NULL);
}

static void alignments_are_kept(void** state) {
    cenote_heap* heap = *state;
    for (size_t alignment = 1; alignment <= (size_t)1 << 21; alignment *= 2) {
        void* p = cenote_heap_allocate_aligned(heap, 100, alignment);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % alignment, 0);
        p = cenote_heap_reallocate(heap, p, 3000, alignment);
        assert_int_equal((uintptr_t)p % alignment, 0);
        cenote_heap_deallocate_sized(heap, p, 3000, alignment);
    }
    assert_null(cenote_heap_allocate_aligned(heap, 100, 0));
    assert_null(cenote_heap_allocate_aligned(heap, 100, 24));
}

static void zeroed_blocks_are_zero_also_when_used_before(void** state) {
    cenote_heap* heap = *state;
    for (size_t size = 8; size <= (size_t)1 << 20; size *= 8) {
        void* dirty = cenote_heap_allocate(heap, 3 * size);
        memset(dirty, 0xff, 3 * size);
        cenote_heap_deallocate(heap, dirty);
        unsigned char* p = cenote_heap_allocate_zeroed(heap, 3, size);
        for (size_t i = 0; i != 3 * size; ++i)
            assert_int_equal(p[i], 0);
        cenote_heap_deallocate(heap, p);
    }
    assert_null(cenote_heap_allocate_zeroed(heap, SIZE_MAX / 2, 3));
}

static void contents_survive_a_reallocation(void** state) {
    cenote_heap* heap = *state;
    unsigned char* p = cenote_heap_reallocate(heap, NULL, 10, 0);
    memcpy(p, "contents", 9);
    for (size_t size = 20; size <= (size_t)16 << 20; size *= 3)
        p = cenote_heap_reallocate(heap, p, size, 0);
    assert_string_equal((char*)p, "contents");
    assert_null(cenote_heap_reallocate(heap, p, SIZE_MAX, 0));
    assert_null(cenote_heap_reallocate(heap, p, 100, 3));
    p = cenote_heap_reallocate(heap, p, 9, 0);
    assert_string_equal((char*)p, "contents");
    cenote_heap_deallocate(heap, p);
}

static void a_heap_tells_what_is_live(void** state) {
    cenote_heap* heap = *state;
    const size_t before = stats_of(heap).live;
    void* p = cenote_heap_allocate(heap, 1000);
    assert_true(stats_of(heap).live >= before + 1000);
    cenote_heap_deallocate(heap, p);
    assert_int_equal(stats_of(heap).live, before);
    assert_int_equal(stats_of(heap).reserved[0], 0);
}

static void a_limit_refuses_and_can_be_raised(void** state) {
    (void)state;
    cenote_heap* heap = NULL;
    const cenote_heap_options options = {.limit = (size_t)8 << 20, .decay_at_once = true};
    assert_int_equal(cenote_heap_create(&heap, &options), CENOTE_OK);
    assert_int_equal(stats_of(heap).limit, (size_t)8 << 20);
    assert_null(cenote_heap_allocate(heap, (size_t)16 << 20));
    cenote_heap_set_limit(heap, SIZE_MAX);
    cenote_heap_set_decay(heap, 1000);
    void* p = cenote_heap_allocate(heap, (size_t)16 << 20);
    assert_non_null(p);
    cenote_heap_deallocate(heap, p);
    cenote_heap_destroy(heap);
    cenote_heap_destroy(NULL);
}

static void count_hard(void* context, cenote_limit_kind which, size_t held, size_t limit) {
    if (which == CENOTE_HARD_LIMIT && limit == (size_t)1) ++*(unsigned*)context;
    (void)held;
}

static void limits_call_back_before_a_request_is_refused(void** state) {
    cenote_heap* heap = *state;
    unsigned calls = 0;
    const cenote_limits limits = {.hard = 1, .reached = count_hard, .context = &calls};
    assert_int_equal(cenote_heap_set_limits(heap, &limits), CENOTE_OK);
    assert_null(cenote_heap_allocate(heap, (size_t)64 << 20));
    assert_int_equal(calls, 1);
    const cenote_limits reserved = {.reserved = {0, 0, 0, 1}};
    assert_int_equal(cenote_heap_set_limits(heap, &reserved), CENOTE_INVALID_ARGUMENT);
    assert_int_equal(cenote_heap_set_limits(heap, NULL), CENOTE_OK);
    void* p = cenote_heap_allocate(heap, (size_t)64 << 20);
    assert_non_null(p);
    cenote_heap_deallocate(heap, p);
}

static void trim_gives_back_what_is_free(void** state) {
    cenote_heap* heap = *state;
    const size_t size = (size_t)1 << 20;
    void* p = cenote_heap_allocate(heap, size);
    memset(p, 1, size);
    cenote_heap_deallocate(heap, p);
    assert_true(cenote_heap_trim(heap) >= size);
}

static void a_heap_takes_all_from_its_source_and_gives_it_back(void** state) {
    (void)state;
    counting_source counts = {.calls_left = SIZE_MAX};
    const cenote_source source = source_of(&counts);
    const cenote_heap_options options = {.source = &source};
    cenote_heap* heap = NULL;
    assert_int_equal(cenote_heap_create(&heap, &options), CENOTE_OK);
    for (size_t size = 1; size <= (size_t)16 << 20; size *= 4)
        assert_non_null(cenote_heap_allocate(heap, size));
    assert_true(counts.bytes >= (size_t)16 << 20);
    counts.calls_left = 0;
    assert_null(cenote_heap_allocate(heap, (size_t)32 << 20));
    cenote_heap_destroy(heap);
    assert_int_equal(counts.bytes, 0);
}

static void wrong_options_are_refused(void** state) {
    (void)state;
    const cenote_source empty = {NULL, NULL, NULL, NULL};
    const cenote_heap_options without_functions = {.source = &empty};
    const cenote_heap_options reserved = {.reserved = {0, 1, 0}};
    cenote_heap* heap = NULL;
    assert_int_equal(cenote_heap_create(&heap, &without_functions), CENOTE_INVALID_ARGUMENT);
    assert_int_equal(cenote_heap_create(&heap, &reserved), CENOTE_INVALID_ARGUMENT);
    assert_int_equal(cenote_heap_create(NULL, NULL), CENOTE_INVALID_ARGUMENT);
    assert_null(heap);
}

static void results_and_versions_have_texts(void** state) {
    (void)state;
    assert_string_equal(cenote_version(), CENOTE_TEST_PROJECT_VERSION);
    assert_string_equal(cenote_result_text(CENOTE_OK), "no error");
    assert_string_equal(cenote_result_text(CENOTE_OUT_OF_MEMORY), "out of memory");
    assert_string_equal(cenote_result_text(CENOTE_INVALID_ARGUMENT), "invalid argument");
    assert_string_equal(cenote_result_text((cenote_result)77), "unknown result");
}

#define WITH_BOTH(test)                                                                                      \
    {#test " (the process's)", test, NULL, NULL, cenote_heap_process()}, {                                   \
        #test " (its own)", test, own_heap, no_more_own_heap, NULL                                           \
    }

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_BOTH(blocks_of_any_size_can_be_had),
        WITH_BOTH(alignments_are_kept),
        WITH_BOTH(zeroed_blocks_are_zero_also_when_used_before),
        WITH_BOTH(contents_survive_a_reallocation),
        WITH_BOTH(a_heap_tells_what_is_live),
        WITH_BOTH(limits_call_back_before_a_request_is_refused),
        WITH_BOTH(trim_gives_back_what_is_free),
        cmocka_unit_test(a_limit_refuses_and_can_be_raised),
        cmocka_unit_test(a_heap_takes_all_from_its_source_and_gives_it_back),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(results_and_versions_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
