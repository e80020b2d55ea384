// What a server counts of its clients.
#pragma once

#include "../memory/counter.hpp"

#include <cstdint>

namespace packet_server {

template <class Number>
struct basic_traffic {
    Number connections = 0;
    Number refused = 0; // for lack of room
    Number requests = 0;
    Number protocol_errors = 0;
    Number out_of_memory = 0; // requests answered with -OOM
    Number overflows = 0;     // clients closed because a reply was too long
    Number slow_clients = 0;  // closed because they did not read
    Number idle_clients = 0;  // closed because they were silent
    Number bytes_in = 0;
    Number bytes_out = 0;

    template <class Other>
    void merge(const basic_traffic<Other>& other) noexcept {
        connections += other.connections;
        refused += other.refused;
        requests += other.requests;
        protocol_errors += other.protocol_errors;
        out_of_memory += other.out_of_memory;
        overflows += other.overflows;
        slow_clients += other.slow_clients;
        idle_clients += other.idle_clients;
        bytes_in += other.bytes_in;
        bytes_out += other.bytes_out;
    }
};
using traffic = basic_traffic<std::uint64_t>;

} // namespace packet_server
