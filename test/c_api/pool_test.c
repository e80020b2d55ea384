#include "support.h"

#include <pthread.h>
#include <string.h>

static cenote_pool* pool_with(cenote_pool_options options) {
    cenote_pool* pool = NULL;
    assert_int_equal(cenote_pool_create(&pool, &options), CENOTE_OK);
    assert_non_null(pool);
    return pool;
}

static cenote_pool_stats stats_of(const cenote_pool* pool) {
    cenote_pool_stats stats;
    memset(&stats, 0xff, sizeof stats);
    cenote_pool_get_stats(pool, &stats);
    return stats;
}

/* Every test that follows is done with both kinds. */
static cenote_threads threads_of(void** state) { return *(cenote_threads*)*state; }

static void a_new_pool_holds_nothing(void** state) {
    cenote_pool* pool = pool_with((cenote_pool_options){.block_size = 100, .threads = threads_of(state)});
    const cenote_pool_stats stats = stats_of(pool);
    assert_int_equal(stats.live, 0);
    assert_int_equal(stats.capacity, 0);
    assert_int_equal(stats.bytes, 0);
    assert_int_equal(stats.limit, SIZE_MAX);
    assert_in_range(stats.block_size, 112, 128); // a library with full checks has a canary in it
    for (size_t i = 0; i != 4; ++i)
        assert_int_equal(stats.reserved[i], 0);
    cenote_pool_destroy(pool);
}

static void blocks_are_aligned_distinct_and_writable(void** state) {
    enum { count = 1000 };
    unsigned char* blocks[count];
    cenote_pool* pool = pool_with(
        (cenote_pool_options){.block_size = 40, .alignment = 64, .threads = threads_of(state)});
    for (unsigned i = 0; i != count; ++i) {
        blocks[i] = cenote_pool_allocate(pool);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], (int)(i % 251), 40);
    }
    for (unsigned i = 0; i != count; ++i)
        for (unsigned k = 0; k != 40; ++k)
            assert_int_equal(blocks[i][k], i % 251);
    assert_int_equal(stats_of(pool).live, count);
    for (unsigned i = 0; i != count; ++i)
        cenote_pool_deallocate(pool, blocks[i]);
    assert_int_equal(stats_of(pool).live, 0);
    cenote_pool_destroy(pool);
}

static void null_is_freed_without_effect(void** state) {
    cenote_pool* pool = pool_with((cenote_pool_options){.block_size = 8, .threads = threads_of(state)});
    cenote_pool_deallocate(pool, NULL);
    assert_int_equal(stats_of(pool).capacity, 0);
    cenote_pool_destroy(pool);
    cenote_pool_destroy(NULL);
}

static void a_limit_is_exact(void** state) {
    cenote_pool* pool =
        pool_with((cenote_pool_options){.block_size = 64, .max_blocks = 10, .threads = threads_of(state)});
    void* blocks[10];
    for (unsigned i = 0; i != 10; ++i)
        assert_non_null(blocks[i] = cenote_pool_allocate(pool));
    assert_null(cenote_pool_allocate(pool));
    assert_int_equal(cenote_pool_preheat(pool, 1), CENOTE_OUT_OF_MEMORY);
    cenote_pool_deallocate(pool, blocks[3]);
    assert_ptr_equal(cenote_pool_allocate(pool), blocks[3]);
    assert_int_equal(stats_of(pool).limit, 10);
    cenote_pool_destroy(pool);
}

static void what_was_preheated_does_not_call_the_source(void** state) {
    counting_source counts = {.calls_left = SIZE_MAX};
    const cenote_source source = source_of(&counts);
    cenote_pool* pool = pool_with(
        (cenote_pool_options){.block_size = 256, .threads = threads_of(state), .source = &source});
    assert_int_equal(cenote_pool_preheat(pool, 5000), CENOTE_OK);
    counts.calls_left = 0;
    for (unsigned i = 0; i != 5000; ++i)
        assert_non_null(cenote_pool_allocate(pool));
    cenote_pool_destroy(pool);
    assert_int_equal(counts.bytes, 0);
}

static void a_source_that_refuses_leaves_the_pool_as_it_was(void** state) {
    counting_source counts = {.calls_left = 0};
    const cenote_source source = source_of(&counts);
    cenote_pool* pool = pool_with(
        (cenote_pool_options){.block_size = 256, .threads = threads_of(state), .source = &source});
    assert_null(cenote_pool_allocate(pool));
    assert_int_equal(cenote_pool_preheat(pool, 1), CENOTE_OUT_OF_MEMORY);
    assert_int_equal(stats_of(pool).capacity, 0);
    counts.calls_left = SIZE_MAX;
    assert_non_null(cenote_pool_allocate(pool));
    cenote_pool_destroy(pool);
    assert_int_equal(counts.bytes, 0);
}

static void trim_gives_all_of_an_empty_pool_back(void** state) {
    counting_source counts = {.calls_left = SIZE_MAX};
    const cenote_source source = source_of(&counts);
    cenote_pool* pool = pool_with(
        (cenote_pool_options){.block_size = 64, .threads = threads_of(state), .source = &source});
    void* const p = cenote_pool_allocate(pool);
    cenote_pool_deallocate(pool, p);
    const size_t held = counts.bytes;
    assert_int_not_equal(held, 0);
    assert_int_equal(cenote_pool_trim(pool), held);
    assert_int_equal(counts.bytes, 0);
    cenote_pool_destroy(pool);
}

static void a_reset_keeps_what_its_mode_says(void** state) {
    counting_source counts = {.calls_left = SIZE_MAX};
    const cenote_source source = source_of(&counts);
    cenote_pool* pool = pool_with(
        (cenote_pool_options){.block_size = 1024, .threads = threads_of(state), .source = &source});
    for (unsigned i = 0; i != 100; ++i)
        assert_non_null(cenote_pool_allocate(pool));
    const size_t held = counts.bytes;
    assert_int_equal(cenote_pool_reset(pool, CENOTE_RETAIN_CAPACITY, 0), CENOTE_OK);
    assert_int_equal(stats_of(pool).live, 0);
    assert_int_equal(counts.bytes, held);
    assert_int_equal(cenote_pool_reset(pool, CENOTE_RETAIN_WITH_LIMIT, 1), CENOTE_OK);
    assert_true(counts.bytes <= 1);
    assert_non_null(cenote_pool_allocate(pool));
    assert_int_equal(cenote_pool_reset(pool, CENOTE_FREE_ALL, 0), CENOTE_OK);
    assert_int_equal(counts.bytes, 0);
    assert_non_null(cenote_pool_allocate(pool));
    assert_int_equal(cenote_pool_reset(pool, (cenote_reset_mode)3, 0), CENOTE_INVALID_ARGUMENT);
    assert_int_equal(stats_of(pool).live, 1);
    cenote_pool_destroy(pool);
}

typedef struct visited {
    cenote_pool* pool;
    size_t blocks;
    bool frees;
} visited;

static void visit(void* context, void* block) {
    visited* seen = context;
    ++seen->blocks;
    assert_true(cenote_pool_is_live(seen->pool, block));
    if (seen->frees) cenote_pool_deallocate(seen->pool, block);
}

static void live_blocks_are_known_and_visited(void** state) {
    cenote_pool* pool = pool_with((cenote_pool_options){.block_size = 32, .threads = threads_of(state)});
    void* blocks[100];
    for (unsigned i = 0; i != 100; ++i)
        blocks[i] = cenote_pool_allocate(pool);
    for (unsigned i = 0; i != 100; i += 2)
        cenote_pool_deallocate(pool, blocks[i]);
    int elsewhere = 0;
    assert_true(cenote_pool_is_live(pool, blocks[1]));
    assert_false(cenote_pool_is_live(pool, blocks[2]));
    assert_true(cenote_pool_contains(pool, blocks[2]));
    assert_false(cenote_pool_contains(pool, (char*)blocks[1] + 1));
    assert_false(cenote_pool_contains(pool, &elsewhere));
    assert_false(cenote_pool_contains(pool, NULL));

    visited seen = {pool, 0, false};
    cenote_pool_for_each(pool, visit, &seen);
    assert_int_equal(seen.blocks, 50);
    seen = (visited){pool, 0, true};
    cenote_pool_for_each(pool, visit, &seen);
    assert_int_equal(seen.blocks, 50);
    assert_int_equal(stats_of(pool).live, 0);
    cenote_pool_destroy(pool);
}

static void wrong_options_are_refused(void** state) {
    (void)state;
    const size_t most = (size_t)64 << 20;
    const cenote_source without_free = {NULL, (void* (*)(void*, size_t, size_t))1, NULL, NULL};
    const cenote_pool_options wrong[] = {
        {.block_size = 0},
        {.block_size = most + 1},
        {.block_size = 8, .alignment = 3},
        {.block_size = 8, .alignment = most * 2},
        {.block_size = 8, .threads = (cenote_threads)2},
        {.block_size = 8, .at_once = true},
        {.block_size = 8, .source = &without_free},
        {.block_size = 8, .reserved = {0, 0, 1}},
    };
    cenote_pool* const before = (cenote_pool*)&most;
    cenote_pool* pool = before;
    for (size_t i = 0; i != sizeof wrong / sizeof *wrong; ++i) {
        assert_int_equal(cenote_pool_create(&pool, &wrong[i]), CENOTE_INVALID_ARGUMENT);
        assert_ptr_equal(pool, before);
    }
    const cenote_pool_options right = {.block_size = 8};
    assert_int_equal(cenote_pool_create(NULL, &right), CENOTE_INVALID_ARGUMENT);
    assert_int_equal(cenote_pool_create(&pool, NULL), CENOTE_INVALID_ARGUMENT);
}

static void room_taken_at_once_is_taken_in_one_call(void** state) {
    (void)state;
    counting_source counts = {.calls_left = 1};
    const cenote_source source = source_of(&counts);
    cenote_pool* pool = pool_with((cenote_pool_options){
        .block_size = 64, .max_blocks = 3000, .at_once = true, .source = &source});
    for (unsigned i = 0; i != 3000; ++i)
        assert_non_null(cenote_pool_allocate(pool));
    assert_null(cenote_pool_allocate(pool));
    cenote_pool_destroy(pool);
}

/* One thread's blocks are freed by another. */
enum { handed = 20000 };
typedef struct hand_over {
    cenote_pool* pool;
    void* blocks[handed];
} hand_over;

static void* allocate_all(void* of) {
    hand_over* work = of;
    for (unsigned i = 0; i != handed; ++i)
        if ((work->blocks[i] = cenote_pool_allocate(work->pool)) != NULL) *(unsigned*)work->blocks[i] = i;
    return NULL;
}
static void* free_all(void* of) {
    hand_over* work = of;
    for (unsigned i = 0; i != handed; ++i) {
        if (work->blocks[i] == NULL || *(unsigned*)work->blocks[i] != i) return work;
        cenote_pool_deallocate(work->pool, work->blocks[i]);
    }
    return NULL;
}

static void any_thread_frees_what_any_thread_allocated(void** state) {
    (void)state;
    static hand_over work[2];
    cenote_pool* pool = pool_with((cenote_pool_options){.block_size = 48, .threads = CENOTE_MANY_THREADS});
    work[0].pool = work[1].pool = pool;
    pthread_t threads[2];
    void* (*const steps[])(void*) = {allocate_all, free_all};
    for (unsigned step = 0; step != 2; ++step) {
        for (unsigned i = 0; i != 2; ++i) {
            /* Each step of a thread with what the other had in the step before. */
            assert_int_equal(pthread_create(&threads[i], NULL, steps[step], &work[(i + step) % 2]), 0);
        }
        for (unsigned i = 0; i != 2; ++i) {
            void* failed = NULL;
            assert_int_equal(pthread_join(threads[i], &failed), 0);
            assert_null(failed);
        }
    }
    assert_int_equal(stats_of(pool).live, 0);
    cenote_pool_destroy(pool);
}

/* What is written, as far as there is room. */
typedef struct written {
    char text[1 << 16];
    size_t length;
} written;
static void append(void* context, const char* text, size_t length) {
    written* to = context;
    if (length > sizeof to->text - 1 - to->length) length = sizeof to->text - 1 - to->length;
    memcpy(to->text + to->length, text, length);
    to->length += length;
    to->text[to->length] = '\0';
}

static void reports_have_what_has_a_name(void** state) {
    static written to;
    to.length = 0;
    cenote_pool* named = pool_with(
        (cenote_pool_options){.block_size = 48, .threads = threads_of(state), .name = "packets \"in\""});
    cenote_pool* nameless = pool_with((cenote_pool_options){.block_size = 1504});
    assert_non_null(cenote_pool_allocate(named));
    assert_non_null(cenote_pool_allocate(nameless));
    assert_int_equal(cenote_write_reports(CENOTE_JSON, append, &to), CENOTE_OK);
    assert_non_null(strstr(to.text, "\"name\":\"packets \\\"in\\\"\",\"kind\":\"cenote_pool\""));
    assert_non_null(strstr(to.text, "\"name\":\"process\",\"kind\":\"heap\""));
    assert_null(strstr(to.text, "\"kind\":\"cenote_pool\",\"block_size\":1504"));
    to.length = 0;
    assert_int_equal(cenote_write_reports(CENOTE_PROMETHEUS, append, &to), CENOTE_OK);
    assert_non_null(strstr(to.text, "cenote_pool_live_blocks{pool=\"packets \\\"in\\\"\","));
    assert_int_equal(cenote_write_reports((cenote_report_format)2, append, &to), CENOTE_INVALID_ARGUMENT);
    assert_int_equal(cenote_write_reports(CENOTE_JSON, NULL, &to), CENOTE_INVALID_ARGUMENT);
    cenote_pool_destroy(nameless);
    cenote_pool_destroy(named);
    to.length = 0;
    assert_int_equal(cenote_write_reports(CENOTE_JSON, append, &to), CENOTE_OK);
    assert_null(strstr(to.text, "packets"));
}

static void a_process_may_be_seen_from_outside(void** state) {
    (void)state;
    assert_true(cenote_publish());
    assert_true(cenote_publish());
}

/* What a limit's callback is given, and may do. */
typedef struct reached {
    unsigned soft, hard;
    size_t limit;
    cenote_pool* gives; /* may be NULL */
    void* block;
} reached;
static void note_reached(void* context, cenote_limit_kind which, size_t held, size_t limit) {
    reached* to = context;
    (which == CENOTE_SOFT_LIMIT ? &to->soft : &to->hard)[0]++;
    to->limit = limit;
    if (held == 0 || to->gives == NULL) return;
    cenote_pool_deallocate(to->gives, to->block);
    to->gives = NULL;
}

static void a_limit_in_bytes_refuses_and_calls_back(void** state) {
    reached calls = {0, 0, 0, NULL, NULL};
    const cenote_limits limits = {.hard = 1 << 20, .soft = 1 << 19, .reached = note_reached, .context = &calls};
    cenote_pool* pool = pool_with((cenote_pool_options){
        .block_size = 1024, .threads = threads_of(state), .first_bytes = 1 << 16, .segment_bytes = 1 << 17});
    assert_int_equal(cenote_pool_set_limits(pool, &limits), CENOTE_OK);
    size_t blocks = 0;
    void* last = NULL;
    for (void* p = cenote_pool_allocate(pool); p != NULL; p = cenote_pool_allocate(pool)) {
        last = p;
        ++blocks;
    }
    assert_true(blocks > 500 && blocks <= 1024);
    assert_int_equal(calls.soft, 1);
    assert_int_equal(calls.hard, 1);
    assert_int_equal(calls.limit, 1 << 20);
    assert_true(stats_of(pool).bytes <= 1 << 20);
    /* What the callback frees is there for the request. */
    calls.gives = pool;
    calls.block = last;
    assert_ptr_equal(cenote_pool_allocate(pool), last);
    assert_int_equal(cenote_pool_set_limits(pool, NULL), CENOTE_OK);
    assert_non_null(cenote_pool_allocate(pool));
    const cenote_limits reserved = {.reserved = {1, 0, 0, 0}};
    assert_int_equal(cenote_pool_set_limits(pool, &reserved), CENOTE_INVALID_ARGUMENT);
    cenote_pool_destroy(pool);
}

static void limits_of_the_process_are_those_of_pools_and_heaps_together(void** state) {
    reached calls = {0, 0, 0, NULL, NULL};
    cenote_pool* pool = pool_with((cenote_pool_options){.block_size = 1024, .threads = threads_of(state)});
    assert_non_null(cenote_pool_allocate(pool));
    const cenote_limits limits = {.hard = 1, .reached = note_reached, .context = &calls};
    assert_int_equal(cenote_process_set_limits(&limits), CENOTE_OK);
    assert_int_equal(cenote_pool_preheat(pool, 100000), CENOTE_OUT_OF_MEMORY);
    assert_int_equal(calls.hard, 1);
    assert_null(cenote_heap_allocate(cenote_heap_process(), 64 << 20));
    assert_int_equal(calls.hard, 2);
    assert_int_equal(cenote_process_set_limits(NULL), CENOTE_OK);
    assert_int_equal(cenote_pool_preheat(pool, 100000), CENOTE_OK);
    cenote_pool_destroy(pool);
}

#define WITH_BOTH(test)                                                                                      \
    {#test " (one thread)", test, NULL, NULL, &one}, { #test " (many threads)", test, NULL, NULL, &many }

int main(void) {
    static cenote_threads one = CENOTE_ONE_THREAD;
    static cenote_threads many = CENOTE_MANY_THREADS;
    const struct CMUnitTest tests[] = {
        WITH_BOTH(a_new_pool_holds_nothing),
        WITH_BOTH(blocks_are_aligned_distinct_and_writable),
        WITH_BOTH(null_is_freed_without_effect),
        WITH_BOTH(a_limit_is_exact),
        WITH_BOTH(what_was_preheated_does_not_call_the_source),
        WITH_BOTH(a_source_that_refuses_leaves_the_pool_as_it_was),
        WITH_BOTH(trim_gives_all_of_an_empty_pool_back),
        WITH_BOTH(a_reset_keeps_what_its_mode_says),
        WITH_BOTH(live_blocks_are_known_and_visited),
        WITH_BOTH(reports_have_what_has_a_name),
        WITH_BOTH(a_process_may_be_seen_from_outside),
        WITH_BOTH(a_limit_in_bytes_refuses_and_calls_back),
        WITH_BOTH(limits_of_the_process_are_those_of_pools_and_heaps_together),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(room_taken_at_once_is_taken_in_one_call),
        cmocka_unit_test(any_thread_frees_what_any_thread_allocated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
