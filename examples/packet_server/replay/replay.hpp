// Plays a recorded allocation pattern through an allocator, and times it.
#pragma once

#include "record_reader.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace packet_server {

struct replay_figures {
    std::string subject;
    std::vector<double> passes_ns; // per allocation and free, the loop's own cost included
    double first_pass_ns = 0;      // in a process of its own that had allocated nothing so far
    std::size_t peak_resident_kib =
        0; // of that process above what it began with, every byte of every object written
};

struct replay_results {
    replay_figures loop; // the same events without an allocator: what the others are to be reduced by
    replay_figures pools;
    replay_figures malloc;
};

// `passes` passes of each subject in turn, in this process; before them one of each in a child process.
// Throws std::bad_alloc when the pattern needs more memory than there is.
replay_results replay(const recording& pattern, std::size_t passes);

} // namespace packet_server
