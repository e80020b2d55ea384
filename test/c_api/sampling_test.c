/* What heaps that draw allocations tell a C program: who ran beyond a block between guards, and what was left. */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* All of a file of at most 64 KiB, as a string that lasts until the next. */
static const char* text_of(FILE* file) {
    static char text[1 << 16];
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static const char* leaks_of(const cenote_heap* heap) {
    FILE* file = tmpfile();
    assert_non_null(file);
    cenote_heap_report_leaks(heap, fileno(file));
    return text_of(file);
}

/* What a faulty program says before it dies of it. */
static const char* said_by(void (*faulty)(cenote_heap*), cenote_heap* heap) {
    FILE* said = tmpfile();
    assert_non_null(said);
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGSEGV, SIG_DFL); /* cmocka's: a program with a handler of its own keeps it */
        dup2(fileno(said), STDERR_FILENO);
        alarm(20);
        cenote_heap_set_guard_rate(heap, 1, 0);
        faulty(heap);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return text_of(said);
}

static void assert_has(const char* text, const char* part) {
    if (strstr(text, part) == NULL) fail_msg("\"%s\" is not in:\n%s", part, text);
}

/* A whole page, so that it lies at both guards. */
static volatile unsigned char* whole_page(cenote_heap* heap) {
    return cenote_heap_allocate_aligned(heap, 4096, 4096);
}
static void write_behind(cenote_heap* heap) { whole_page(heap)[4096] = 1; }
static void read_before(cenote_heap* heap) { (void)whole_page(heap)[-1]; }
static void read_after_free(cenote_heap* heap) {
    volatile unsigned char* p = whole_page(heap);
    cenote_heap_deallocate(heap, (void*)(uintptr_t)p);
    (void)p[10];
}
static void free_twice(cenote_heap* heap) {
    void* p = cenote_heap_allocate(heap, 100);
    cenote_heap_deallocate(heap, p);
    cenote_heap_deallocate(heap, p);
}

static void a_write_behind_a_guarded_block_is_reported(void** state) {
    const char* said = said_by(write_behind, *state);
    assert_has(said, "overflow: 0x");
    assert_has(said, " is 0 bytes to the right of a block of 4096 bytes at 0x");
    assert_has(said, "accessed by thread ");
    assert_has(said, "allocated by thread ");
}

static void a_read_before_a_guarded_block_is_reported(void** state) {
    const char* said = said_by(read_before, *state);
    assert_has(said, "underflow: 0x");
    assert_has(said, " is 1 bytes before a block of 4096 bytes at 0x");
}

static void a_use_of_a_freed_guarded_block_is_reported(void** state) {
    const char* said = said_by(read_after_free, *state);
    assert_has(said, "use after free: 0x");
    assert_has(said, " is 10 bytes into a freed block of 4096 bytes at 0x");
    assert_has(said, "freed by thread ");
}

static void a_double_free_of_a_guarded_block_is_reported(void** state) {
    const char* said = said_by(free_twice, *state);
    assert_has(said, "double free: 0x");
    assert_has(said, "freed again by thread ");
}

static void a_leak_report_has_what_is_live_by_size(void** state) {
    (void)state;
    cenote_heap* heap = NULL;
    assert_int_equal(cenote_heap_create(&heap, NULL), CENOTE_OK);
    for (int i = 0; i != 3; ++i)
        assert_non_null(cenote_heap_allocate(heap, 64));
    assert_non_null(cenote_heap_allocate(heap, (size_t)8 << 20));
    cenote_heap_deallocate(heap, cenote_heap_allocate(heap, 200));
    assert_string_equal(leaks_of(heap), "cenote: 8388800 bytes are live\n"
                                        "cenote:   3 blocks of 64 bytes\n"
                                        "cenote:   1 mappings, of 8388608 bytes together\n");
    cenote_heap_destroy(heap);
}

static void a_leak_report_has_the_stacks_of_what_was_left_where_it_is_to_draw(void** state) {
    cenote_heap* heap = *state;
    cenote_heap_set_leak_rate(heap, 1); /* each allocation */
    const volatile int count = 3;       /* not known to the compiler: one loop, one stack */
    void* left[3];
    for (int i = 0; i != count; ++i) {
        left[i] = cenote_heap_allocate(heap, 1024);
        assert_non_null(left[i]);
        cenote_heap_deallocate(heap, cenote_heap_allocate(heap, 1024));
    }
    const char* told = leaks_of(heap);
    assert_has(
        told,
        "of what was allocated since one block in 1 bytes is drawn, about 3072 bytes are live, from 1 ");
    assert_has(told, "about 3072 bytes in 3 blocks (3 drawn), allocated at\n");
    assert_has(told, "  #0 ");
    for (int i = 0; i != 3; ++i)
        cenote_heap_deallocate(heap, left[i]);
    assert_has(leaks_of(heap), "about 0 bytes are live");
    cenote_heap_set_leak_rate(heap, 0);
    assert_null(strstr(leaks_of(heap), "drawn"));
}

#define WITH_BOTH(test)                                                                                      \
    {#test " (the process's)", test, NULL, NULL, cenote_heap_process()}, {                                   \
#test " (its own)", test, own_heap, no_more_own_heap, NULL                                           \
    }

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_BOTH(a_write_behind_a_guarded_block_is_reported),
        WITH_BOTH(a_read_before_a_guarded_block_is_reported),
        WITH_BOTH(a_use_of_a_freed_guarded_block_is_reported),
        WITH_BOTH(a_double_free_of_a_guarded_block_is_reported),
        WITH_BOTH(a_leak_report_has_the_stacks_of_what_was_left_where_it_is_to_draw),
        cmocka_unit_test(a_leak_report_has_what_is_live_by_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
