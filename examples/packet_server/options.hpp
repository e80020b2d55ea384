// What the command line can set.
#pragma once

#include "protocol/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace packet_server {

struct options {
    std::string bind = "127.0.0.1";
    std::uint16_t port = 6379; // 0: a free one
    bool pools = true;         // else malloc
    std::size_t threads = 1;   // that serve clients

    frame_limits frames;
    std::size_t max_clients = 10'000;
    std::size_t max_packets = 1'000'000;            // requests that wait at a time
    std::size_t max_output = std::size_t{64} << 20; // bytes of replies that may wait before requests do
    std::size_t max_memory = 0;                     // bytes of the store, 0 for no limit
    std::size_t idle_timeout = 0;                   // seconds, 0 for never
    std::size_t write_timeout = 60;                 // seconds without progress, 0 for never

    std::string report; // file names, empty for none
    std::string record;
    std::uint64_t record_limit = 4'000'000; // events
    std::uint32_t sample_every = 64;        // calls of the allocator
    std::uint32_t profile_rate = 1000;      // looks per second of CPU time, 0 for none
    std::uint32_t fail_every = 0;           // allocations, 0 for none
};

// Returns true and fills `into`, or returns false and sets `exit_code`: what was wrong, or the help, is
// printed then.
bool read_command_line(int argc, char** argv, options& into, int& exit_code);

} // namespace packet_server
