/* Layer: adaptor. The C API: pools of equal blocks, arenas, heaps. C11, and C++ as well. Link cenote::heap, or -lcenote.
 *
 *     cenote_pool* packets = NULL;
 *     if (cenote_pool_create(&packets, &(cenote_pool_options){.block_size = 1500}) != CENOTE_OK) return 1;
 *     void* p = cenote_pool_allocate(packets);
 *     cenote_pool_deallocate(packets, p);
 *     cenote_pool_destroy(packets);
 *
 * Sizes are bytes where nothing else is said. What may fail says so by NULL or a cenote_result, and leaves everything as it
 * was; no function sets errno or throws. NULL in place of a pool, an arena or a heap is undefined, but for the functions
 * that destroy one, which ignore it.
 *
 * A broken contract (a block freed twice, or to a pool that it is not from) is reported in one line on stderr and aborts. When
 * it is found is said in ARCHITECTURE.md, under Checks: at the latest when the block leaves the thread's magazine.
 *
 * Options are all zero by default. What is reserved has to be zero, so that it can come to mean something without breaking
 * programs that were compiled before. */
#ifndef CENOTE_CENOTE_H
#define CENOTE_CENOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* C lets an enumeration have any value of its type; to C++ one without a named type would be undefined. */
#ifdef __cplusplus
#define CENOTE_ANY_VALUE : unsigned
#else
#define CENOTE_ANY_VALUE
#endif

#ifndef CENOTE_API
#define CENOTE_API __attribute__((visibility("default")))
#endif

/* This header's version; cenote_version() is the library's. */
#define CENOTE_VERSION_MAJOR 0
/* The second part of it. */
#define CENOTE_VERSION_MINOR 1
/* The third part of it. */
#define CENOTE_VERSION_PATCH 0

/* "0.1.0". Never NULL; any thread, O(1). */
CENOTE_API const char* cenote_version(void);

/* How a call ended. */
typedef enum cenote_result CENOTE_ANY_VALUE {
    CENOTE_OK = 0,
    CENOTE_OUT_OF_MEMORY = 1,    /* the limit is reached, or the source or the OS refuses */
    CENOTE_INVALID_ARGUMENT = 2, /* a value out of its documented range; nothing was done */
} cenote_result;

/* A few English words, for messages. Never NULL, for unknown results neither; any thread, O(1). */
CENOTE_API const char* cenote_result_text(cenote_result result);

/* ---- Sources: where memory comes from -------------------------------------------------------------------------------- */

/* Functions of yours. Copied when something is created with it; the context outlives what was. They must not call back
 * into what they serve. For anything that several threads use they are called under a lock, so need not be thread-safe,
 * but for those of a heap, which have to be. */
typedef struct cenote_source {
    void* context; /* given to each of the functions */
    /* At least `bytes` (> 0) bytes at a multiple of `alignment` (a power of two), or NULL. */
    void* (*allocate)(void* context, size_t bytes, size_t alignment);
    /* With exactly the values of the call that returned `p`. */
    void (*deallocate)(void* context, void* p, size_t bytes, size_t alignment);
    /* Part of an allocation is not needed for now: drop its contents, keep it usable; returns the bytes that went back to the
     * system. May be NULL. */
    size_t (*decommit)(void* context, void* p, size_t bytes);
} cenote_source;

/* What a reset does with the memory. */
typedef enum cenote_reset_mode CENOTE_ANY_VALUE {
    CENOTE_FREE_ALL = 0,          /* everything goes back to the source */
    CENOTE_RETAIN_CAPACITY = 1,   /* everything is kept for reuse */
    CENOTE_RETAIN_WITH_LIMIT = 2, /* at most as many bytes as are named are kept for reuse */
} cenote_reset_mode;

/* ---- Limits: bytes that may be held ----------------------------------------------------------------------------------- */

/* Which limit was reached. */
typedef enum cenote_limit_kind CENOTE_ANY_VALUE {
    CENOTE_SOFT_LIMIT = 0, /* by a request that was served */
    CENOTE_HARD_LIMIT = 1, /* by a request that was refused, and will be tried once more */
} cenote_limit_kind;

/* Limits of what a pool, an arena, a heap or the process holds. The hard one refuses what would go beyond it; that request alone
 * fails. `reached` is called when what is held rises beyond the soft limit, once each time, and when a request was refused: in
 * the thread whose request it is, with no lock held, so that it may free, trim and allocate. What is asked within it calls
 * nothing. It must not reset or destroy what was asked, nor throw. */
typedef struct cenote_limits {
    size_t hard; /* 0: none */
    size_t soft; /* 0: none */
    /* NULL: nothing is called. Bytes that are held, and the limit that was reached. */
    void (*reached)(void* context, cenote_limit_kind which, size_t held, size_t limit);
    void* context;      /* given to it; outlives what the limits are of */
    size_t reserved[4]; /* 0 */
} cenote_limits;

/* What all pools and arenas over the OS and all heaps hold together. NULL: no limits. CENOTE_INVALID_ARGUMENT where what is reserved
 * is not zero. While no other thread is in the library; what is held beyond a new limit stays. */
CENOTE_API cenote_result cenote_process_set_limits(const cenote_limits* limits);

/* ---- Pools: equal blocks --------------------------------------------------------------------------------------------- */

/* Blocks of one size. */
typedef struct cenote_pool cenote_pool;

/* Who uses a pool. */
typedef enum cenote_threads CENOTE_ANY_VALUE {
    CENOTE_ONE_THREAD = 0,   /* one thread at a time uses the pool: the fastest */
    CENOTE_MANY_THREADS = 1, /* any thread allocates, any thread frees; a magazine for each (C++: cached_pool) */
} cenote_threads;

/* What a pool is to be. */
typedef struct cenote_pool_options {
    size_t block_size; /* 1 byte to 64 MiB; rounded up to a multiple of the alignment */
    size_t alignment;  /* a power of two up to 64 MiB; 0: that of max_align_t */
    cenote_threads threads;      /* who uses it */
    bool at_once;                /* room for max_blocks is taken in one go, at the first use */
    size_t max_blocks;           /* the most that the pool may hold; 0: no limit */
    size_t first_bytes;          /* what is taken from the source first; 0: 64 KiB */
    size_t segment_bytes;        /* what is taken later, each time; 0: 4 MiB */
    const cenote_source* source; /* NULL: the OS */
    const char* name;            /* in messages and in cenote_write_reports(); is copied at the first block; NULL: none */
    size_t reserved[3]; /* 0 */
} cenote_pool_options;

/* Blocks, where nothing else is said. */
typedef struct cenote_pool_stats {
    size_t live;        /* handed out */
    size_t capacity;    /* handed out, or free in memory that the pool holds */
    size_t limit;       /* the most that capacity may become; SIZE_MAX: no limit */
    size_t in_magazine; /* free, and next in line */
    size_t block_size;  /* bytes */
    size_t bytes;       /* taken from the source, all included */
    size_t segments;    /* pieces that were taken */
    size_t slabs;       /* with at least one block that was ever handed out */
    size_t reserved[4]; /* 0 */
} cenote_pool_stats;

/* A new pool in *out; *out is left alone on failure. The pool itself lies in the heap of the process; no other memory is
 * taken before the first block. CENOTE_INVALID_ARGUMENT for a size, an alignment or a value out of range, for at_once without
 * max_blocks, where `out`, `options` or one of a source's two functions is NULL, or what is reserved is not zero. O(1). */
CENOTE_API cenote_result cenote_pool_create(cenote_pool** out, const cenote_pool_options* options);

/* Ends the pool: its memory goes back to the source, live blocks included. Needs a quiet pool: no other thread uses it
 * meanwhile. O(capacity / 64). */
CENOTE_API void cenote_pool_destroy(cenote_pool* pool);

/* An uninitialised block, or NULL when the limit is reached or the source refuses. O(1). */
CENOTE_API void* cenote_pool_allocate(cenote_pool* pool);

/* Takes a block back; NULL is ignored. Anything but a live block of this pool is a broken contract. O(1). */
CENOTE_API void cenote_pool_deallocate(cenote_pool* pool, void* block);

/* Afterwards as many allocations by this thread cannot fail and do not call the source. CENOTE_OUT_OF_MEMORY, with the pool as
 * it was, when the limit or the source does not allow that. Touches none of the memory. */
CENOTE_API cenote_result cenote_pool_preheat(cenote_pool* pool, size_t blocks);

/* Gives back what is empty. Returns bytes. O(capacity / 64). */
CENOTE_API size_t cenote_pool_trim(cenote_pool* pool);

/* Drops every block in one go. `keep_bytes` is read for CENOTE_RETAIN_WITH_LIMIT only. CENOTE_INVALID_ARGUMENT for a mode that
 * there is not. Needs a quiet pool. O(capacity / 64). */
CENOTE_API cenote_result cenote_pool_reset(cenote_pool* pool, cenote_reset_mode mode, size_t keep_bytes);

/* Calls `visit` for every live block, in order of address within a segment. The visitor may allocate and free, the block it was
 * given too; blocks freed meanwhile are not visited, blocks allocated meanwhile may be. It must not reset, trim or walk the
 * pool. Needs a quiet pool. O(capacity / 64). */
CENOTE_API void cenote_pool_for_each(cenote_pool* pool, void (*visit)(void* context, void* block), void* context);

/* Whether `p` is the first byte of a block of this pool, live or free. Any pointer may be asked. O(1). */
CENOTE_API bool cenote_pool_contains(const cenote_pool* pool, const void* p);

/* Whether `p` is a block that is handed out. Any pointer may be asked. O(blocks in magazines). */
CENOTE_API bool cenote_pool_is_live(const cenote_pool* pool, const void* p);

/* Of the pool alone; as cenote_process_set_limits. */
CENOTE_API cenote_result cenote_pool_set_limits(cenote_pool* pool, const cenote_limits* limits);

/* Where other threads are busy, a figure of some moment. O(1), with many threads O(threads). */
CENOTE_API void cenote_pool_get_stats(const cenote_pool* pool, cenote_pool_stats* out);

/* ---- Arenas: pieces that all die together ---------------------------------------------------------------------------- */

/* One thread at a time. */
typedef struct cenote_arena cenote_arena;

/* What an arena is to be. */
typedef struct cenote_arena_options {
    size_t first_bytes;          /* the first slab; each is twice the last; 0: 4 KiB */
    size_t largest_bytes;        /* but not larger than that; 0: 1 MiB */
    void* buffer;                /* yours, used first; outlives the arena; may be NULL */
    size_t buffer_bytes;         /* too few to be of use are ignored */
    const cenote_source* source; /* NULL: the OS */
    const char* name;            /* in messages and in cenote_write_reports(); is copied at the first piece; NULL: none */
    size_t reserved[3]; /* 0 */
} cenote_arena_options;

/* An arena at one moment; bytes, where nothing else is said. */
typedef struct cenote_arena_stats {
    size_t used;        /* handed out, with the padding between pieces */
    size_t capacity;    /* held for pieces, the used ones included */
    size_t bytes;       /* taken from the source */
    size_t slabs;       /* pieces taken from the source, and your buffer */
    size_t reserved[4]; /* 0 */
} cenote_arena_stats;

/* A place to go back to. */
typedef struct cenote_arena_mark {
    void* place[3]; /* nobody's to look at */
} cenote_arena_mark;

/* A new arena in *out; *out is left alone on failure. `options` may be NULL: all by default. The arena itself lies in the heap of
 * the process; no other memory is taken before the first piece. CENOTE_INVALID_ARGUMENT where `out` or one of a source's
 * two functions is NULL, or what is reserved is not zero. */
CENOTE_API cenote_result cenote_arena_create(cenote_arena** out, const cenote_arena_options* options);

/* Ends the arena and every piece of it. O(slabs). */
CENOTE_API void cenote_arena_destroy(cenote_arena* arena);

/* `bytes` uninitialised bytes at a multiple of `alignment`, a power of two; 0: that of max_align_t. No bytes give a pointer
 * of their own, too. NULL when the source refuses, or the alignment is not a power of two. O(1), but for growth. */
CENOTE_API void* cenote_arena_allocate(cenote_arena* arena, size_t bytes, size_t alignment);

/* The present place. O(1). */
CENOTE_API cenote_arena_mark cenote_arena_get_mark(const cenote_arena* arena);

/* Drops every piece made since the mark was taken; the memory is kept for reuse. Marks are rewound in reverse order of taking;
 * one from before a reset is undefined. O(slabs). */
CENOTE_API void cenote_arena_rewind(cenote_arena* arena, cenote_arena_mark to);

/* Drops everything in one go, as cenote_pool_reset does. Your buffer is kept in every mode. O(slabs). */
CENOTE_API cenote_result cenote_arena_reset(cenote_arena* arena, cenote_reset_mode mode, size_t keep_bytes);

/* Of the arena alone; as cenote_process_set_limits. */
CENOTE_API cenote_result cenote_arena_set_limits(cenote_arena* arena, const cenote_limits* limits);

/* O(slabs). */
CENOTE_API void cenote_arena_get_stats(const cenote_arena* arena, cenote_arena_stats* out);

/* ---- Heaps: blocks of any size --------------------------------------------------------------------------------------- */

/* Any thread allocates, any thread frees. */
typedef struct cenote_heap cenote_heap;

/* What a heap is to be. */
typedef struct cenote_heap_options {
    size_t limit;                /* the most address space that the heap holds for blocks; 0: no limit */
    uint32_t decay;              /* milliseconds that freed memory stays resident; 0: 500 */
    bool decay_at_once;          /* freed memory may go back to the OS at once; `decay` is not read then */
    const cenote_source* source; /* NULL: the OS */
    const char* name;            /* in cenote_write_reports(); outlives the heap; NULL: none */
    size_t reserved[3]; /* 0 */
} cenote_heap_options;

/* A heap at one moment; bytes, where nothing else is said. */
typedef struct cenote_heap_stats {
    size_t live;          /* handed out, in whole blocks */
    size_t in_magazines;  /* free, next in line of a thread, or between threads */
    size_t free;          /* free in slabs that were used before */
    size_t held;          /* address space taken from the OS or the source */
    size_t most_held;     /* the most that held ever was */
    size_t limit;         /* the most that held may become; SIZE_MAX: no limit */
    size_t large_live;    /* part of live: blocks of more than 64 KiB, to 4 MiB */
    size_t mapping_live;  /* part of live: blocks of more than that */
    size_t mapping_cache; /* freed mappings, kept */
    size_t threads;       /* that have magazines; a number */
    size_t reserved[4];   /* 0 */
} cenote_heap_stats;

/* The heap of the process, which C++ calls cenote::heap::process(): there from the first instruction to the last. Never NULL;
 * must not be destroyed. */
CENOTE_API cenote_heap* cenote_heap_process(void);

/* A heap of its own in *out; *out is left alone on failure. `options` may be NULL: all by default. CENOTE_OUT_OF_MEMORY where
 * the OS refuses the half a MiB of address space that every heap takes for itself. CENOTE_INVALID_ARGUMENT where `out` or one
 * of a source's two functions is NULL, or what is reserved is not zero. */
CENOTE_API cenote_result cenote_heap_create(cenote_heap** out, const cenote_heap_options* options);

/* Ends a heap that was created: its memory goes, live blocks included. No other thread uses it meanwhile. */
CENOTE_API void cenote_heap_destroy(cenote_heap* heap);

/* At least `size` bytes at a multiple of 16, or NULL when refused. No bytes give a block of its own. O(1), but for growth. */
CENOTE_API void* cenote_heap_allocate(cenote_heap* heap, size_t size);

/* The same at a multiple of `alignment`, a power of two; NULL for any other. */
CENOTE_API void* cenote_heap_allocate_aligned(cenote_heap* heap, size_t size, size_t alignment);

/* `count` times `size` bytes, all zero, or NULL when refused, or where no number holds the product. Above 64 KiB, memory from
 * the OS that was never written is not written. */
CENOTE_API void* cenote_heap_allocate_zeroed(cenote_heap* heap, size_t count, size_t size);

/* Takes a block back; NULL is ignored. One look-up. */
CENOTE_API void cenote_heap_deallocate(cenote_heap* heap, void* p);

/* The same with what it was allocated, or last reallocated, with: without a look-up up to 64 KiB. `alignment` 0: none was named.
 * A wrong size is a broken contract. */
CENOTE_API void cenote_heap_deallocate_sized(cenote_heap* heap, void* p, size_t size, size_t alignment);

/* The block's contents in one of `size` bytes, here or elsewhere; `p`, which may be NULL, is then no longer a block. `alignment` 0:
 * 16. NULL when refused, or where the alignment is not a power of two; `p` is then as it was. */
CENOTE_API void* cenote_heap_reallocate(cenote_heap* heap, void* p, size_t size, size_t alignment);

/* Bytes that may be used of a block; 0 for NULL. One look-up. */
CENOTE_API size_t cenote_heap_usable_size(const cenote_heap* heap, const void* p);

/* Whether a block of this heap lies there, live or free. Any pointer may be asked. O(1). */
CENOTE_API bool cenote_heap_owns(const cenote_heap* heap, const void* p);

/* Gives back what is free, this thread's magazines included. Returns bytes. O(capacity / 64). */
CENOTE_API size_t cenote_heap_trim(cenote_heap* heap);

/* See cenote_heap_options; here 0 means at once. */
CENOTE_API void cenote_heap_set_decay(cenote_heap* heap, uint32_t milliseconds);
/* The same of the limit, SIZE_MAX: none. What is held beyond a new limit stays. */
CENOTE_API void cenote_heap_set_limit(cenote_heap* heap, size_t bytes);

/* One allocation in about `rate`, 0: none, lies between pages that nobody may touch, at most `places` of them at a time, 0: 64.
 * See cenote::heap::set_guard_rate. */
CENOTE_API void cenote_heap_set_guard_rate(cenote_heap* heap, uint32_t rate, uint32_t places);

/* One allocation in about `bytes` bytes of them, 0: none, is remembered with its stack while it is live. Costs every allocation
 * and every free a call more. */
CENOTE_API void cenote_heap_set_leak_rate(cenote_heap* heap, size_t bytes);
/* What is live, by size and, if there is a rate, by stack, in lines to the open file of that number. Allocates nothing. */
CENOTE_API void cenote_heap_report_leaks(const cenote_heap* heap, int file);

/* All limits of the heap; as cenote_process_set_limits. A request is refused when all that is free was given back first. */
CENOTE_API cenote_result cenote_heap_set_limits(cenote_heap* heap, const cenote_limits* limits);

/* Where other threads are busy, a figure of some moment. O(capacity / 64). */
CENOTE_API void cenote_heap_get_stats(const cenote_heap* heap, cenote_heap_stats* out);

/* ---- Reports: what pools and heaps that have a name tell -------------------------------------------------------------- */

/* In which form. */
typedef enum cenote_report_format CENOTE_ANY_VALUE {
    CENOTE_JSON = 0,       /* one object, in UTF-8; cenote/adaptor/pool_reports.hpp shows it */
    CENOTE_PROMETHEUS = 1, /* Prometheus's text exposition format 0.0.4 */
} cenote_report_format;

/* Calls `write` with the reports of all pools and heaps that have a name, the process heap among them, piece by piece. Any
 * thread may ask at any time; no pool stops for it, and nothing is allocated. Figures are as of a pool's last exchange between
 * a magazine and the slabs. CENOTE_INVALID_ARGUMENT for a format that there is not, or where `write` is NULL. O(pools). */
CENOTE_API cenote_result cenote_write_reports(cenote_report_format format,
                                              void (*write)(void* context, const char* text, size_t length),
                                              void* context);

/* From now on `cenote top` finds this process, without the rights of a debugger, and shows what has a name; so it finds children
 * that are forked. False where the OS refuses: then nothing is published. Any thread may call it, at any time. */
CENOTE_API bool cenote_publish(void);

#undef CENOTE_ANY_VALUE

#ifdef __cplusplus
}
#endif

#endif
