// Everything the sessions of one server share.
#pragma once

#include "../memory/memory.hpp"
#include "../options.hpp"
#include "../protocol/packet.hpp"
#include "../store/store.hpp"
#include "client.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>

namespace packet_server {

template <class Policy>
class session;

struct traffic {
    std::uint64_t connections = 0;
    std::uint64_t refused = 0; // for lack of room
    std::uint64_t requests = 0;
    std::uint64_t protocol_errors = 0;
    std::uint64_t out_of_memory = 0; // requests answered with -OOM
    std::uint64_t overflows = 0;     // clients closed because a reply was too long
    std::uint64_t slow_clients = 0;  // closed because they did not read
    std::uint64_t idle_clients = 0;  // closed because they were silent
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
};

template <class Policy>
struct service {
    explicit service(const options& from)
        : settings(from), counts(from.sample_every, from.fail_every),
          store_budget(from.max_memory == 0 ? byte_budget::no_limit : from.max_memory),
          sessions(counts, object_kind::session, unlimited, from.max_clients),
          packets(counts, object_kind::packet, unlimited, from.max_packets),
          io(counts, object_kind::io, unlimited), handlers(counts, object_kind::handler, unlimited),
          data(counts, store_budget, seed()) {
        refresh_clock();
    }
    service(const service&) = delete;
    service& operator=(const service&) = delete;

    // Milliseconds since the server started, as all its deadlines are given.
    void refresh_clock() noexcept {
        const auto passed = std::chrono::steady_clock::now() - started;
        now = 1 + std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
        data.now(now);
    }

    std::vector<pool_report> pools() const {
        std::vector<pool_report> rows;
        sessions.report(rows);
        packets.report(rows);
        data.report(rows);
        io.report(rows);
        handlers.report(rows);
        return rows;
    }

    const options& settings;
    std::uint16_t port = 0;
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    std::int64_t now = 0;
    traffic seen;
    client_list clients;
    std::function<void()> stop; // asks the server to stop; it does so after the request that asked

    meter counts;
    byte_budget unlimited;
    byte_budget store_budget;
    object_memory<session<Policy>, Policy> sessions;
    object_memory<packet, Policy> packets;
    buffer_memory<Policy> io;
    buffer_memory<Policy> handlers;
    store<Policy> data;

private:
    static std::uint64_t seed() {
        std::random_device device;
        return (std::uint64_t{device()} << 32) | device();
    }
};

} // namespace packet_server
