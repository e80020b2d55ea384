// What all threads of a server share: settings, the store, the pools behind each thread's memory, and the lock.
//
// The lock guards the store with its meter and its budget, and the lists of clients. Every command runs under it, so
// that commands are as atomic as on one thread. With one thread there is none.
#pragma once

#include "../memory/memory.hpp"
#include "../options.hpp"
#include "../protocol/packet.hpp"
#include "../store/store.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <random>
#include <vector>

namespace packet_server {

template <class Policy>
class session;
template <class Policy>
struct service;

template <class Policy>
struct shared_state {
    using threading = typename Policy::threading;
    template <class T>
    using common_objects = typename Policy::template objects<T>::common;
    using common_buffers = typename Policy::buffers::common;
    using lock_guard = std::lock_guard<typename threading::mutex>;

    explicit shared_state(const options& from)
        : settings(from), meters(make_meters(from)),
          store_budget(from.max_memory == 0 ? byte_budget::no_limit : from.max_memory),
          sessions(uncounted, session_limit(from)), packets(uncounted, from.max_packets), io(uncounted),
          handlers(uncounted), data(meters.front(), store_budget, seed()) {}
    shared_state(const shared_state&) = delete;
    shared_state& operator=(const shared_state&) = delete;

    // The meter of thread number `thread`. The store's comes first, and is that of one thread as well.
    meter& meter_of(std::size_t thread) noexcept { return meters[threading::several ? 1 + thread : 0]; }

    const options& settings;
    std::uint16_t port = 0;
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    std::vector<service<Policy>*> services; // one for each thread, none added once the threads run
    typename threading::template number<std::size_t> connections{0}; // accepted and not closed
    std::function<void()> stop; // asks the server to stop; it does so after the request that asked
    std::function<void()> trim; // asks the other threads to give back what their magazines hold of the store

    std::deque<meter> meters;
    byte_budget uncounted{byte_budget::uncounted{}};
    byte_budget store_budget;
    common_objects<session<Policy>> sessions;
    common_objects<packet> packets;
    common_buffers io;
    common_buffers handlers;
    typename threading::mutex lock;
    store<Policy> data;

private:
    static std::deque<meter> make_meters(const options& from) {
        std::deque<meter> made;
        for (std::size_t i = 0; i < (threading::several ? 1 + from.threads : 1); ++i)
            made.emplace_back(from.sample_every, from.fail_every);
        return made;
    }
    // Who accepts counts the connections exactly. A pool of several threads could not.
    static std::size_t session_limit(const options& from) noexcept {
        return threading::several ? byte_budget::no_limit : from.max_clients;
    }
    static std::uint64_t seed() {
        std::random_device device;
        return (std::uint64_t{device()} << 32) | device();
    }
};

} // namespace packet_server
