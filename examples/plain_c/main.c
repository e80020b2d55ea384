/* A C program: jobs wait in a queue that is ordered by time (a skew heap), each done job lets others wait; and each job takes notes
 * that are dropped when it is done. On malloc and free, on a pool and an arena, and on a heap of its own. One run,
 * interleaved; all must do the same jobs.
 *
 *     plain_c [--quick] */
#include <cenote/cenote.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct job {
    uint64_t due;
    uint32_t seed;
    struct job* left;
    struct job* right;
} job;

/* Where jobs and notes live: the functions, and what they are given. */
typedef struct memory {
    const char* name;
    void* (*new_job)(void* of);
    void (*free_job)(void* of, void* p);
    void* (*new_note)(void* of, size_t bytes);
    void (*free_note)(void* of, void* p);
    void (*job_done)(void* of);
    void* of;
} memory;

static void* by_malloc(void* of) {
    (void)of;
    return malloc(sizeof(job));
}
static void by_free(void* of, void* p) {
    (void)of;
    free(p);
}
static void* note_by_malloc(void* of, size_t bytes) {
    (void)of;
    return malloc(bytes);
}
static void nothing(void* of) { (void)of; }

typedef struct pool_and_arena {
    cenote_pool* jobs;
    cenote_arena* notes;
} pool_and_arena;

static void* from_pool(void* of) { return cenote_pool_allocate(((pool_and_arena*)of)->jobs); }
static void to_pool(void* of, void* p) { cenote_pool_deallocate(((pool_and_arena*)of)->jobs, p); }
static void* from_arena(void* of, size_t bytes) {
    return cenote_arena_allocate(((pool_and_arena*)of)->notes, bytes, 0);
}
static void with_the_arena(void* of, void* p) {
    (void)of;
    (void)p;
}
static void reset_arena(void* of) {
    cenote_arena_reset(((pool_and_arena*)of)->notes, CENOTE_RETAIN_CAPACITY, 0);
}

static void* from_heap(void* of) { return cenote_heap_allocate(of, sizeof(job)); }
static void to_heap(void* of, void* p) { cenote_heap_deallocate_sized(of, p, sizeof(job), 0); }
static void* note_from_heap(void* of, size_t bytes) { return cenote_heap_allocate(of, bytes); }
static void note_to_heap(void* of, void* p) { cenote_heap_deallocate(of, p); }

static uint32_t scramble(uint32_t n) {
    n = (n ^ (n >> 16)) * 0x7feb352dU;
    n = (n ^ (n >> 15)) * 0x846ca68bU;
    return n ^ (n >> 16);
}

static job* merged(job* a, job* b) {
    job* root = NULL;
    job** at = &root;
    while (a != NULL && b != NULL) {
        if (b->due < a->due || (b->due == a->due && b->seed < a->seed)) {
            job* const other = a;
            a = b;
            b = other;
        }
        *at = a;
        job* const rest = a->right;
        a->right = a->left;
        at = &a->left;
        a = rest;
    }
    *at = a != NULL ? a : b;
    return root;
}

typedef struct queue {
    memory from;
    job* first;
    size_t waiting;
    uint64_t sum;
    double nanoseconds; /* of the best round, for each job */
} queue;

static void add_job(queue* q, uint64_t due, uint32_t seed) {
    job* const j = q->from.new_job(q->from.of);
    if (j == NULL) {
        fprintf(stderr, "plain_c: out of memory\n");
        exit(1);
    }
    *j = (job){due, seed, NULL, NULL};
    q->first = merged(q->first, j);
    ++q->waiting;
}

static void do_job(queue* q) {
    enum { notes = 4 };
    job* const j = q->first;
    q->first = merged(j->left, j->right);
    --q->waiting;
    q->sum = q->sum * 31 + j->due + j->seed;

    char* taken[notes];
    uint32_t seed = j->seed;
    for (int i = 0; i != notes; ++i) {
        seed = scramble(seed + 1);
        taken[i] = q->from.new_note(q->from.of, 16 + seed % 200);
        if (taken[i] == NULL) {
            fprintf(stderr, "plain_c: out of memory\n");
            exit(1);
        }
        memcpy(taken[i], &seed, sizeof seed);
    }
    for (int i = 0; i != notes; ++i) {
        uint32_t kept;
        memcpy(&kept, taken[i], sizeof kept);
        q->sum += kept;
        q->from.free_note(q->from.of, taken[i]);
    }
    q->from.job_done(q->from.of);

    add_job(q, j->due + 1 + seed % 1000, seed);
    q->from.free_job(q->from.of, j);
}

static double nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* True when all did the same. */
static bool work(queue* queues, size_t count, size_t jobs, int rounds, int jobs_per_round) {
    for (size_t i = 0; i != count; ++i)
        for (size_t n = 0; n != jobs; ++n)
            add_job(&queues[i], scramble((uint32_t)n) % 100000, (uint32_t)n);
    for (int round = 0; round != rounds; ++round) {
        for (size_t i = 0; i != count; ++i) {
            queue* const q = &queues[(i + (size_t)round) % count];
            const double begin = nanoseconds();
            for (int n = 0; n != jobs_per_round; ++n)
                do_job(q);
            const double each = (nanoseconds() - begin) / jobs_per_round;
            if (round == 0 || each < q->nanoseconds) q->nanoseconds = each;
        }
    }

    bool equal = true;
    printf("\n%zu jobs wait\n\n| memory | job, over malloc's | ns per job |\n| --- | --- | --- |\n", jobs);
    for (size_t i = 0; i != count; ++i) {
        printf("| %s | %.2f | %.0f |\n", queues[i].from.name, queues[i].nanoseconds / queues[0].nanoseconds,
               queues[i].nanoseconds);
        equal = equal && queues[i].sum == queues[0].sum;
        for (; queues[i].first != NULL; --queues[i].waiting) {
            job* const j = queues[i].first;
            queues[i].first = merged(j->left, j->right);
            queues[i].from.free_job(queues[i].from.of, j);
        }
        equal = equal && queues[i].waiting == 0;
    }
    printf("\nanswer: %llu: %s\n", (unsigned long long)queues[0].sum, equal ? "equal" : "DIFFERENT");
    return equal;
}

int main(int count, char** arguments) {
    const bool quick = count > 1 && strcmp(arguments[1], "--quick") == 0;
    pool_and_arena ours = {NULL, NULL};
    cenote_heap* heap = NULL;
    const cenote_pool_options options = {.block_size = sizeof(job)};
    cenote_result result = cenote_pool_create(&ours.jobs, &options);
    if (result == CENOTE_OK) result = cenote_arena_create(&ours.notes, NULL);
    if (result == CENOTE_OK) result = cenote_heap_create(&heap, NULL);
    if (result != CENOTE_OK) {
        fprintf(stderr, "plain_c: %s\n", cenote_result_text(result));
        return 1;
    }

    const memory memories[] = {
        {"malloc and free", by_malloc, by_free, note_by_malloc, by_free, nothing, NULL},
        {"cenote_pool and cenote_arena", from_pool, to_pool, from_arena, with_the_arena, reset_arena, &ours},
        {"cenote_heap", from_heap, to_heap, note_from_heap, note_to_heap, nothing, heap},
    };
    enum { subjects = sizeof memories / sizeof *memories };
    bool right = true;
    for (int large = 0; large != (quick ? 1 : 2); ++large) {
        queue queues[subjects] = {0};
        for (int i = 0; i != subjects; ++i)
            queues[i].from = memories[i];
        right = work(queues, subjects, large ? 200000 : 1000, quick ? 3 : large ? 20 : 200,
                     large ? 50000 : 5000) &&
                right;
    }

    cenote_heap_destroy(heap);
    cenote_arena_destroy(ours.notes);
    cenote_pool_destroy(ours.jobs);
    return right ? 0 : 1;
}
