// Every way to use malloc's functions wrongly that is to be noticed, and what each build has to make of it.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace cenote_test {

enum class outcome {
    at_once,      // reported before the faulty call returns
    before_reuse, // reported at the latest before a block is handed out to two, or when the program ends
    guarded,      // reported, or the faulty access itself ends the program with SIGSEGV
    may_miss,     // reported or not, but nothing else than that
    not_run,      // not noticed, and not to be tried
};

// One row: the arguments of the program `malloc_faulty`, and what is to happen.
struct fault {
    std::string kind;            // a function in faulty.cpp
    std::string place;           // "block", or where a pointer that malloc never returned comes from
    std::size_t size = 64;       // bytes of the block
    std::size_t detail = 0;      // kind's own: bytes into the block, the wrong size, operations in between
    std::string thread = "same"; // which one commits the fault
    outcome by_default = outcome::at_once;
    outcome hardened = outcome::at_once;
};

// As GoogleTest shows it, and as the test of the row is called.
inline std::string name_of(const fault& f) {
    return f.kind + "_" + f.place + "_" + std::to_string(f.size) + "_" + std::to_string(f.detail) + "_" +
           f.thread;
}
inline void PrintTo(const fault& f, std::ostream* to) { *to << name_of(f); }

// What the line says of each kind: a regular expression.
inline const char* words_for(const std::string& kind) {
    if (kind.starts_with("free_of") || kind == "sized_delete_of") return "free of a pointer to no block";
    if (kind == "realloc_of_freed")
        return "reallocate of a pointer to no block|double free"; // which it comes to
    if (kind == "realloc_of") return "reallocate of a pointer to no block";
    if (kind.starts_with("usable_size_of")) return "size of a pointer to no block";
    if (kind.starts_with("double_free"))
        return "double free|free of a pointer to no block"; // a large one is gone
    if (kind.starts_with("sized_delete")) return "free with the wrong size";
    if (kind.starts_with("overflow")) return "overflow";
    return "write after free";
}

using numbers = std::initializer_list<std::size_t>;

inline constexpr std::size_t largest_small =
    65'536; // bytes; blocks up to here have a size class, which is named

inline void add_pointers_to_no_block(std::vector<fault>& rows) {
    for (const char* const kind : {"free_of", "realloc_of", "usable_size_of"}) {
        for (const char* const place :
             {"static", "stack", "code", "mapped", "unmapped", "low", "high", "not_canonical"})
            rows.push_back({.kind = kind, .place = place});
        struct inside {
            std::size_t size;
            std::size_t offset;
            // Whether the address alone tells, in the default build: no block of this size class begins there. Where
            // not, a free is found when the pointer leaves its magazine for the slabs, if it was not handed out before.
            bool is_told_by_address;
        };
        for (const inside& at : std::vector<inside>{{64, 1, true},
                                                    {64, 8, true},
                                                    {64, 16, true},
                                                    {24, 8, true},
                                                    {40, 16, false},
                                                    {1000, 1, true},
                                                    {1000, 496, true},
                                                    {20'000, 4096, false},
                                                    {100'000, 1, true},
                                                    {100'000, 8, true},
                                                    {100'000, 4096, true},
                                                    {100'000, 65'536, true},
                                                    {8U << 20U, 8, true},
                                                    {8U << 20U, 4096, true},
                                                    {8U << 20U, 4U << 20U, true}}) {
            rows.push_back({.kind = kind,
                            .place = "block",
                            .size = at.size,
                            .detail = at.offset,
                            .by_default = at.is_told_by_address ? outcome::at_once : outcome::may_miss});
        }
    }
    for (const char* const place : {"static", "stack", "mapped", "unmapped"})
        rows.push_back({.kind = "sized_delete_of", .place = place});
    // Freed before: a small block waits to be used again, and looks like any other until then.
    for (const char* const kind : {"realloc_of_freed", "usable_size_of_freed"}) {
        rows.push_back({.kind = kind, .place = "block", .by_default = outcome::may_miss});
        rows.push_back({.kind = kind, .place = "block", .size = 100'000});
        rows.push_back({.kind = kind, .place = "block", .size = 8U << 20U});
    }
}

inline void add_double_frees(std::vector<fault>& rows) {
    for (const char* const thread : {"same", "other"})
        for (const std::size_t apart : numbers{0, 1, 2, 10, 100, 1000, 10'000, 100'000}) {
            for (const std::size_t size : numbers{16, 64, 1000}) {
                const outcome near =
                    apart == 0 && thread == std::string{"same"} ? outcome::at_once : outcome::may_miss;
                // In between, other blocks of the same size are freed; or others are allocated and freed.
                for (const char* const kind : {"double_free", "double_free_in_churn"})
                    rows.push_back({.kind = kind,
                                    .place = "block",
                                    .size = size,
                                    .detail = apart,
                                    .thread = thread,
                                    .by_default = near,
                                    .hardened = outcome::before_reuse});
            }
            for (const std::size_t size : numbers{100'000, 8U << 20U})
                rows.push_back({.kind = "double_free_in_churn",
                                .place = "block",
                                .size = size,
                                .detail = apart,
                                .thread = thread});
        }
}

// Nothing is allocated any more: what waits in magazines is looked at when the thread or the program ends.
inline void add_double_frees_at_the_end(std::vector<fault>& rows) {
    for (const char* const thread : {"same", "other"})
        for (const std::size_t apart : numbers{1, 10, 1000, 100'000})
            for (const std::size_t size : numbers{16, 64, 1000})
                rows.push_back({.kind = "double_free_at_the_end",
                                .place = "block",
                                .size = size,
                                .detail = apart,
                                .thread = thread,
                                .by_default = outcome::before_reuse,
                                .hardened = outcome::before_reuse});
}

inline void add_wrong_sizes(std::vector<fault>& rows) {
    for (const char* const kind : {"sized_delete", "sized_delete_aligned", "sized_delete_array"})
        for (const auto& [size, wrong] :
             std::vector<std::pair<std::size_t, std::size_t>>{{64, 128},
                                                              {200, 1},
                                                              {16, 8000},
                                                              {1000, 64},
                                                              {64, 100'000},
                                                              {64, 8U << 20U},
                                                              {100'000, 64},
                                                              {100'000, 300'000},
                                                              {8U << 20U, 100'000},
                                                              {8U << 20U, 64},
                                                              {8U << 20U, 32U << 20U}})
            rows.push_back({.kind = kind, .place = "block", .size = size, .detail = wrong});
}

// What costs too much for the default build.
inline void add_writes(std::vector<fault>& rows) {
    for (const std::size_t size : numbers{1, 16, 24, 60, 64, 1000, 5000, 30'000})
        rows.push_back({.kind = "overflow", .place = "block", .size = size, .by_default = outcome::not_run});
    // A seal of eight bytes follows these at once.
    for (const std::size_t size : numbers{24, 56, 1016})
        rows.push_back(
            {.kind = "overflow_by_copy", .place = "block", .size = size, .by_default = outcome::not_run});
    for (const std::size_t size : numbers{100'000, 8U << 20U})
        rows.push_back({.kind = "overflow",
                        .place = "block",
                        .size = size,
                        .by_default = outcome::not_run,
                        .hardened = outcome::guarded});
    for (const std::size_t size : numbers{16, 64, 1000, 30'000})
        rows.push_back({.kind = "write_after_free",
                        .place = "block",
                        .size = size,
                        .by_default = outcome::not_run,
                        .hardened = outcome::before_reuse});
    for (const std::size_t size : numbers{100'000, 8U << 20U})
        rows.push_back({.kind = "write_after_free",
                        .place = "block",
                        .size = size,
                        .by_default = outcome::not_run,
                        .hardened = outcome::guarded});
}

// What meets a guard: the access itself ends the program.
inline void add_guarded(std::vector<fault>& rows) {
    for (const char* const kind : {"overflow_far", "underflow", "read_after_free"})
        for (const std::size_t size : numbers{100'000, 8U << 20U})
            rows.push_back({.kind = kind,
                            .place = "block",
                            .size = size,
                            .by_default = outcome::not_run,
                            .hardened = outcome::guarded});
    // Before the first of many blocks lies what describes them.
    for (const std::size_t size : numbers{16, 200, 1000, 30'000})
        rows.push_back({.kind = "underflow_of_first",
                        .place = "block",
                        .size = size,
                        .by_default = outcome::not_run,
                        .hardened = outcome::guarded});
}

// Reported only when the block goes to its next owner: it has left the place where freed ones wait.
inline void add_late_writes(std::vector<fault>& rows) {
    for (const std::size_t size : numbers{16, 64, 1000, 30'000})
        for (const char* const kind : {"write_after_free_in_churn", "write_of_zero_after_free_in_churn"})
            rows.push_back({.kind = kind,
                            .place = "block",
                            .size = size,
                            .detail = 10'000,
                            .by_default = outcome::not_run,
                            .hardened = outcome::before_reuse});
}

inline std::vector<fault> fault_table() {
    std::vector<fault> rows;
    add_pointers_to_no_block(rows);
    add_double_frees(rows);
    add_double_frees_at_the_end(rows);
    add_wrong_sizes(rows);
    add_writes(rows);
    add_guarded(rows);
    add_late_writes(rows);
    return rows;
}

} // namespace cenote_test
