// Everything the sessions of one thread have: their memory, their counts, their clock, and the way to what all threads
// share.
#pragma once

#include "client.hpp"
#include "shared_state.hpp"
#include "traffic.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace packet_server {

template <class Policy>
struct service {
    service(shared_state<Policy>& all, std::size_t thread)
        : shared(all), settings(all.settings), counts(all.meter_of(thread)),
          sessions(counts, object_kind::session, all.sessions),
          packets(counts, object_kind::packet, all.packets), io(counts, object_kind::io, all.io),
          handlers(counts, object_kind::handler, all.handlers), data(all.data) {
        refresh_clock();
        all.services.push_back(this);
    }
    service(const service&) = delete;
    service& operator=(const service&) = delete;

    // Milliseconds since the server started, as all its deadlines are given.
    void refresh_clock() noexcept {
        const auto passed = std::chrono::steady_clock::now() - shared.started;
        now = 1 + std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
    }

    // While it lives, no other thread is in the store or in a list of clients.
    class [[nodiscard]] access {
    public:
        explicit access(service& by) : hold_(by.shared.lock) { by.data.now(std::max(by.data.now(), by.now)); }

    private:
        typename shared_state<Policy>::lock_guard hold_;
    };

    // What the pools say of themselves; they are the same ones for every thread.
    std::vector<pool_report> pools() const {
        std::vector<pool_report> rows;
        sessions.report(rows);
        packets.report(rows);
        data.report(rows);
        io.report(rows);
        handlers.report(rows);
        return rows;
    }

    shared_state<Policy>& shared;
    const options& settings;
    std::int64_t now = 0;
    basic_traffic<counter> seen;
    client_list clients; // changed by this thread, and only with `access`

    meter& counts;
    object_memory<session<Policy>, Policy> sessions;
    object_memory<packet, Policy> packets;
    buffer_memory<Policy> io;
    buffer_memory<Policy> handlers;
    store<Policy>& data; // only with `access`
};

} // namespace packet_server
