// Everything a server counts, at one moment: what INFO and the closing report are written from.
#pragma once

#include "../memory/kinds.hpp"
#include "../memory/meter.hpp"
#include "../memory/pool_report.hpp"
#include "../net/service.hpp"
#include "../net/traffic.hpp"
#include "process_figures.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace packet_server {

using live_counts = std::array<std::size_t, kind_count>;

// Of all threads. A peak is the sum of the threads' peaks, at least as much as ever lived at a time; those of the
// store, which has one meter, are exact.
template <class Policy>
std::array<kind_tally, kind_count> tallies_in(const shared_state<Policy>& server) noexcept {
    std::array<kind_tally, kind_count> sum{};
    for (const meter& each : server.meters) {
        for (std::size_t i = 0; i < kind_count; ++i)
            sum[i].merge(each.tally(static_cast<object_kind>(i)));
    }
    return sum;
}

template <class Policy>
live_counts live_in(const shared_state<Policy>& server) noexcept {
    live_counts live{};
    const auto tallies = tallies_in(server);
    for (std::size_t i = 0; i < kind_count; ++i)
        live[i] = static_cast<std::size_t>(tallies[i].live());
    return live;
}

// The allocator's calls, what a sample of them took, and the share of CPU time that all of them took.
struct allocator_figures {
    std::uint64_t allocations = 0;
    std::uint64_t frees = 0;
    std::uint32_t sample_every = 0; // 0: not timed, and the times are 0
    std::uint64_t sampled = 0;
    std::uint64_t set_aside = 0;
    double clock_overhead_ns = 0; // subtracted from each sample
    double ns_per_allocation = 0;
    double ns_per_free = 0;
    std::uint64_t looks = 0;        // where the process is, at regular intervals of CPU time; 0: not profiled
    std::uint64_t looks_inside = 0; // that found it in the allocator

    double share_of_cpu() const noexcept {
        return looks == 0 ? 0.0 : static_cast<double>(looks_inside) / static_cast<double>(looks);
    }
};

struct snapshot {
    std::string memory; // the policy's name
    std::size_t threads = 1;
    std::uint16_t port = 0;
    double uptime_s = 0;
    traffic seen;
    std::size_t keys = 0;
    std::size_t expiring = 0;
    std::uint64_t expired = 0;
    std::array<kind_tally, kind_count> tallies{};
    allocator_figures allocator;
    process_figures process;
    std::size_t store_limit = 0; // bytes, 0 for none
    std::size_t store_bytes = 0; // taken for it from upstream
    std::vector<pool_report> pools;

    std::size_t live(object_kind kind) const noexcept {
        return static_cast<std::size_t>(tallies[index_of(kind)].live());
    }
    double allocations_per_request() const noexcept {
        return seen.requests == 0
                   ? 0.0
                   : static_cast<double>(allocator.allocations) / static_cast<double>(seen.requests);
    }
};

// By who has the store's lock. What other threads count meanwhile is of no one moment.
template <class Policy>
snapshot take_snapshot(const shared_state<Policy>& server) {
    snapshot s;
    s.memory = Policy::name;
    s.threads = server.settings.threads;
    s.port = server.port;
    s.uptime_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - server.started).count();
    for (const service<Policy>* each : server.services)
        s.seen.merge(each->seen);
    s.keys = server.data.size();
    s.expiring = server.data.expiring();
    s.expired = server.data.expired();
    s.tallies = tallies_in(server);
    for (const kind_tally& each : s.tallies) {
        s.allocator.allocations += each.allocations;
        s.allocator.frees += each.frees;
    }
    call_samples allocations;
    call_samples frees;
    for (const meter& each : server.meters) {
        allocations.merge(each.allocation_samples());
        frees.merge(each.free_samples());
    }
    const meter& any = server.meters.front();
    const double scale = any.ns_per_tick();
    s.allocator.sample_every = any.sample_every();
    s.allocator.sampled = allocations.taken + frees.taken;
    s.allocator.set_aside = allocations.set_aside + frees.set_aside;
    s.allocator.clock_overhead_ns = any.overhead_ns();
    s.allocator.ns_per_allocation = allocations.mean_ticks() * scale;
    s.allocator.ns_per_free = frees.mean_ticks() * scale;
    s.allocator.looks = cpu_profile::looks();
    s.allocator.looks_inside = cpu_profile::looks_inside();
    s.process = process_figures::now();
    s.store_limit = server.store_budget.limited() ? server.store_budget.limit() : 0;
    s.store_bytes = server.store_budget.used();
    s.pools = server.services.front()->pools();
    return s;
}

} // namespace packet_server
