#include "support.h"

#include <string.h>

static cenote_arena* arena_with(cenote_arena_options options) {
    cenote_arena* arena = NULL;
    assert_int_equal(cenote_arena_create(&arena, &options), CENOTE_OK);
    return arena;
}

static cenote_arena_stats stats_of(const cenote_arena* arena) {
    cenote_arena_stats stats;
    memset(&stats, 0xff, sizeof stats);
    cenote_arena_get_stats(arena, &stats);
    return stats;
}

static void a_new_arena_holds_nothing(void** state) {
    (void)state;
    cenote_arena* arena = NULL;
    assert_int_equal(cenote_arena_create(&arena, NULL), CENOTE_OK);
    const cenote_arena_stats stats = stats_of(arena);
    assert_int_equal(stats.used, 0);
    assert_int_equal(stats.bytes, 0);
    assert_int_equal(stats.slabs, 0);
    assert_int_equal(stats.reserved[3], 0);
    cenote_arena_destroy(arena);
    cenote_arena_destroy(NULL);
}

static void pieces_are_aligned_and_apart(void** state) {
    (void)state;
    cenote_arena* arena = arena_with((cenote_arena_options){.first_bytes = 1024, .largest_bytes = 4096});
    unsigned char* last = NULL;
    for (size_t i = 1; i != 500; ++i) {
        const size_t alignment = (size_t)1 << i % 9;
        unsigned char* p = cenote_arena_allocate(arena, i, alignment);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % alignment, 0);
        memset(p, (int)(i & 0xff), i);
        if (last != NULL) assert_int_equal(last[i - 2], (i - 1) & 0xff);
        last = p;
    }
    assert_int_equal((uintptr_t)cenote_arena_allocate(arena, 1, 0) % _Alignof(max_align_t), 0);
    assert_ptr_not_equal(cenote_arena_allocate(arena, 0, 1), cenote_arena_allocate(arena, 0, 1));
    cenote_arena_destroy(arena);
}

static void what_cannot_be_had_is_null(void** state) {
    (void)state;
    cenote_arena* arena = arena_with((cenote_arena_options){0});
    assert_null(cenote_arena_allocate(arena, 8, 3));
    assert_null(cenote_arena_allocate(arena, SIZE_MAX, 8));
    assert_null(cenote_arena_allocate(arena, 8, (size_t)1 << 63));
    cenote_arena_destroy(arena);
}

static void a_rewind_drops_what_came_after_the_mark(void** state) {
    (void)state;
    cenote_arena* arena = arena_with((cenote_arena_options){0});
    char* kept = cenote_arena_allocate(arena, 6, 1);
    memcpy(kept, "kept!", 6);
    const cenote_arena_mark mark = cenote_arena_get_mark(arena);
    const size_t used = stats_of(arena).used;
    void* const next = cenote_arena_allocate(arena, 100, 1);
    (void)cenote_arena_allocate(arena, 100000, 1);
    cenote_arena_rewind(arena, mark);
    assert_int_equal(stats_of(arena).used, used);
    assert_string_equal(kept, "kept!");
    assert_ptr_equal(cenote_arena_allocate(arena, 100, 1), next);
    cenote_arena_destroy(arena);
}

static void a_buffer_is_used_first_and_kept(void** state) {
    (void)state;
    static _Alignas(16) unsigned char buffer[4096];
    counting_source counts = {.calls_left = SIZE_MAX};
    const cenote_source source = source_of(&counts);
    cenote_arena* arena =
        arena_with((cenote_arena_options){.buffer = buffer, .buffer_bytes = sizeof buffer, .source = &source});
    unsigned char* const first = cenote_arena_allocate(arena, 1000, 16);
    assert_true(first >= buffer && first < buffer + sizeof buffer);
    assert_int_equal(counts.bytes, 0);
    assert_non_null(cenote_arena_allocate(arena, 4000, 16));
    assert_int_not_equal(counts.bytes, 0);
    assert_int_equal(cenote_arena_reset(arena, CENOTE_FREE_ALL, 0), CENOTE_OK);
    assert_int_equal(counts.bytes, 0);
    assert_ptr_equal(cenote_arena_allocate(arena, 1000, 16), first);
    cenote_arena_destroy(arena);
}

static void a_reset_keeps_what_its_mode_says(void** state) {
    (void)state;
    counting_source counts = {.calls_left = SIZE_MAX};
    const cenote_source source = source_of(&counts);
    cenote_arena* arena = arena_with((cenote_arena_options){.source = &source});
    assert_non_null(cenote_arena_allocate(arena, 100000, 16));
    const size_t held = counts.bytes;
    assert_int_equal(cenote_arena_reset(arena, CENOTE_RETAIN_CAPACITY, 0), CENOTE_OK);
    assert_int_equal(counts.bytes, held);
    assert_int_equal(stats_of(arena).used, 0);
    assert_int_equal(cenote_arena_reset(arena, CENOTE_RETAIN_WITH_LIMIT, 1000), CENOTE_OK);
    assert_true(counts.bytes <= 1000);
    assert_int_equal(cenote_arena_reset(arena, (cenote_reset_mode)-1, 0), CENOTE_INVALID_ARGUMENT);
    cenote_arena_destroy(arena);
    assert_int_equal(counts.bytes, 0);
}

static void note_name(void* context, const char* text, size_t length) {
    char piece[513];
    memcpy(piece, text, length);
    piece[length] = '\0';
    if (strstr(piece, "\"name\":\"frame\",\"kind\":\"arena\"") != NULL) *(bool*)context = true;
}

static void a_name_is_in_the_reports(void** state) {
    (void)state;
    bool found = false;
    cenote_arena* arena = arena_with((cenote_arena_options){.name = "frame"});
    assert_non_null(cenote_arena_allocate(arena, 100, 0));
    assert_int_equal(cenote_write_reports(CENOTE_JSON, note_name, &found), CENOTE_OK);
    assert_true(found);
    cenote_arena_destroy(arena);
}

static void a_limit_refuses_and_can_be_lifted(void** state) {
    (void)state;
    cenote_arena* arena = arena_with((cenote_arena_options){.first_bytes = 4096});
    const cenote_limits limits = {.hard = 65536};
    assert_int_equal(cenote_arena_set_limits(arena, &limits), CENOTE_OK);
    assert_non_null(cenote_arena_allocate(arena, 1000, 0));
    assert_null(cenote_arena_allocate(arena, 100000, 0));
    assert_int_equal(cenote_arena_set_limits(arena, NULL), CENOTE_OK);
    assert_non_null(cenote_arena_allocate(arena, 100000, 0));
    cenote_arena_destroy(arena);
}

static void wrong_options_are_refused(void** state) {
    (void)state;
    const cenote_source empty = {NULL, NULL, NULL, NULL};
    const cenote_arena_options without_functions = {.source = &empty};
    const cenote_arena_options reserved = {.reserved = {1, 0, 0}};
    cenote_arena* arena = NULL;
    assert_int_equal(cenote_arena_create(&arena, &without_functions), CENOTE_INVALID_ARGUMENT);
    assert_int_equal(cenote_arena_create(&arena, &reserved), CENOTE_INVALID_ARGUMENT);
    assert_int_equal(cenote_arena_create(NULL, NULL), CENOTE_INVALID_ARGUMENT);
    assert_null(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_arena_holds_nothing),
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(what_cannot_be_had_is_null),
        cmocka_unit_test(a_rewind_drops_what_came_after_the_mark),
        cmocka_unit_test(a_buffer_is_used_first_and_kept),
        cmocka_unit_test(a_name_is_in_the_reports),
        cmocka_unit_test(a_limit_refuses_and_can_be_lifted),
        cmocka_unit_test(a_reset_keeps_what_its_mode_says),
        cmocka_unit_test(wrong_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
