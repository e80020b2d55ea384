// Layer: tool. What a trace comes to for those who do it again: a row of operations for each thread, over slots that hold
// blocks. All of it lies in memory that processes share, so that whoever carries it out needs no memory of its own for it, and
// what it is measured by is the allocator's alone.
//
//     plan_header  replay_thread[]  replay_operation[]  results
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cenote::tool {

enum class replay_kind : std::uint8_t { malloc, calloc, aligned, new_one, realloc, free, delete_one, start };

struct replay_operation {
    std::uint64_t size = 0;  // bytes asked for; of a delete that says one
    std::uint64_t time = 0;  // nanoseconds since the beginning
    std::uint32_t slot = 0;  // which block; of `start` which thread
    std::uint32_t turn = 0;  // how many operations there are on that slot before this one
    std::uint32_t order = 0; // over all threads
    replay_kind kind = replay_kind::malloc;
    std::uint8_t alignment_log2 = 0; // 0: none was asked for
    bool sized = false;
    bool looks = false; // at how much memory there is, after it
};
static_assert(sizeof(replay_operation) == 32);

struct replay_thread {
    std::uint64_t first; // of its operations
    std::uint64_t count;
};

enum class replay_touch : std::uint32_t { none, page, all };
enum class replay_memory : std::uint32_t { malloc, heap, pools };

struct plan_header {
    std::uint64_t threads;
    std::uint64_t operations;
    std::uint64_t calls;       // operations without starts of threads
    std::uint64_t allocations; // of those; a realloc is one, the others are frees
    std::uint64_t events;      // of the trace
    std::uint64_t slots;
    std::uint64_t most_live;    // bytes asked for, at the peak
    std::uint64_t most_live_at; // the operation's order
    std::uint64_t looks;        // how many there are
    std::uint64_t left_out;     // events that cannot be done: of objects from before the trace
    std::uint64_t bytes;        // of the plan, with all that follows
};

// What a run is told, and tells.
struct replay_run {
    replay_memory memory;
    replay_touch touch;
    bool recorded_pace;
    bool looks;
    // From here on its answers.
    bool finished;
    std::uint64_t nanoseconds;      // for all operations
    std::uint64_t inside;           // of those, in the allocator: only at the recorded pace
    std::uint64_t refused;          // calls that gave no memory
    std::uint64_t most_resident;    // bytes that the process had more than before the first operation
    std::uint64_t resident_at_peak; // of what is live
    double mean_over_live;          // of resident over live bytes, over the looks
};

// The live bytes as recorded, for each look.
struct replay_look {
    std::uint64_t order;
    std::uint64_t live;
};

class replay_plan {
public:
    // Reads a trace. With `one_thread` all operations are one thread's. `notes` is what the reader had to say. Throws failure.
    replay_plan(const std::string& path, bool one_thread);
    replay_plan(const replay_plan&) = delete;
    replay_plan& operator=(const replay_plan&) = delete;
    ~replay_plan();

    int file() const noexcept { return file_; }
    const plan_header& header() const noexcept { return *static_cast<const plan_header*>(memory_); }
    replay_run& run() noexcept;
    const std::vector<std::string>& notes() const noexcept { return notes_; }

private:
    int file_ = -1;
    void* memory_ = nullptr;
    std::vector<std::string> notes_;
};

// Where the parts of a plan begin.
struct plan_parts {
    explicit plan_parts(void* plan) noexcept
        : header(static_cast<plan_header*>(plan)), run(reinterpret_cast<replay_run*>(header + 1)),
          threads(reinterpret_cast<replay_thread*>(run + 1)),
          looks(reinterpret_cast<replay_look*>(threads + header->threads)),
          operations(reinterpret_cast<replay_operation*>(looks + header->looks)) {}

    plan_header* header;
    replay_run* run;
    replay_thread* threads;
    replay_look* looks;
    replay_operation* operations;
};

} // namespace cenote::tool
