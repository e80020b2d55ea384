// Everything a server counts, at one moment: what INFO and the closing report are written from.
#pragma once

#include "../memory/kinds.hpp"
#include "../memory/meter.hpp"
#include "../memory/pool_report.hpp"
#include "../net/service.hpp"
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

inline live_counts live_in(const meter& counts) noexcept {
    live_counts live{};
    for (std::size_t i = 0; i < kind_count; ++i)
        live[i] = static_cast<std::size_t>(counts.tallies()[i].live());
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

template <class Policy>
snapshot take_snapshot(const service<Policy>& server) {
    snapshot s;
    s.memory = Policy::name;
    s.port = server.port;
    s.uptime_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - server.started).count();
    s.seen = server.seen;
    s.keys = server.data.size();
    s.expiring = server.data.expiring();
    s.expired = server.data.expired();
    s.tallies = server.counts.tallies();
    for (const kind_tally& each : s.tallies) {
        s.allocator.allocations += each.allocations;
        s.allocator.frees += each.frees;
    }
    const call_samples& allocations = server.counts.allocation_samples();
    const call_samples& frees = server.counts.free_samples();
    const double scale = server.counts.ns_per_tick();
    s.allocator.sample_every = server.counts.sample_every();
    s.allocator.sampled = allocations.taken + frees.taken;
    s.allocator.set_aside = allocations.set_aside + frees.set_aside;
    s.allocator.clock_overhead_ns = server.counts.overhead_ns();
    s.allocator.ns_per_allocation = allocations.mean_ticks() * scale;
    s.allocator.ns_per_free = frees.mean_ticks() * scale;
    s.allocator.looks = cpu_profile::looks();
    s.allocator.looks_inside = cpu_profile::looks_inside();
    s.process = process_figures::now();
    s.store_limit = server.store_budget.limited() ? server.store_budget.limit() : 0;
    s.store_bytes = server.store_budget.used();
    s.pools = server.pools();
    return s;
}

} // namespace packet_server
