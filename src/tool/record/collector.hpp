// Layer: tool. The recorder's side: the shared memory, a thread that takes out of it what the processes write, and their traces.
#pragma once

#include "region.hpp"
#include "stream.hpp"
#include "tick_scale.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace cenote::tool {

struct record_options {
    std::string path; // of the trace; those of children have their process's number behind it
    std::vector<std::string> program;
    std::uint64_t stack_interval = 0; // bytes
    bool drops = false;
    bool children = false;
    bool shows_progress = false; // on stderr
};

// What was recorded of a process.
struct recorded_trace {
    std::string path;
    std::uint32_t process = 0;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t lost = 0;
    int error = 0; // errno of the write that failed
};

class collector {
public:
    // Throws failure. The thread runs from here on.
    explicit collector(record_options options);
    collector(const collector&) = delete;
    collector& operator=(const collector&) = delete;
    ~collector();

    // For the program's environment, under region_variable.
    std::string region_path() const;
    // Which process is to be recorded; until then it is the first that comes.
    void set_recorded(std::uint32_t process);

    // The program ended so. Those of its children that are recorded are waited for, until `stop` is true.
    std::vector<recorded_trace> finish(trace_end how, const std::atomic<bool>& stop);

    // Processes that were not recorded, though they could have been.
    std::uint32_t refused() const;

private:
    void work();
    bool look();
    bool drain_all();
    void meet(std::size_t place);
    void part(record_stream& s, const trace_end& how);
    void part_with_the_dead();
    void show_progress(bool last);
    std::vector<std::string> program_of(const process_place& place) const;
    bool is_recorded(const process_place& place) const;
    trace_description describe(const process_place& place) const;

    record_options options_;
    int file_ = -1;
    region* region_ = nullptr;
    std::unique_ptr<tick_scale> scale_;
    std::vector<std::unique_ptr<record_stream>> streams_;
    std::vector<recorded_trace> done_;
    trace_end end_;
    std::string trouble_;
    std::atomic<bool> ended_{false};   // the program; end_ is written before
    std::atomic<bool> hurries_{false}; // no waiting for children
    // Times, in nanoseconds.
    std::uint64_t last_flush_ = 0;
    std::uint64_t last_look_ = 0;
    std::uint64_t last_found_ = 0;
    std::thread thread_;
};

} // namespace cenote::tool
