#include "closing_report.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace packet_server {

namespace {

using json_value = nlohmann::ordered_json;

json_value to_json(const live_counts& live) {
    json_value object = json_value::object();
    for (std::size_t i = 0; i < kind_count; ++i)
        object[std::string(kind_names[i])] = live[i];
    return object;
}

json_value to_json(const traffic& seen) {
    return {{"connections", seen.connections},     {"refused", seen.refused},
            {"requests", seen.requests},           {"protocol_errors", seen.protocol_errors},
            {"out_of_memory", seen.out_of_memory}, {"overflows", seen.overflows},
            {"slow_clients", seen.slow_clients},   {"idle_clients", seen.idle_clients},
            {"bytes_in", seen.bytes_in},           {"bytes_out", seen.bytes_out}};
}

json_value to_json(const snapshot& s) {
    const allocator_figures& a = s.allocator;
    return {{"allocations", a.allocations},
            {"frees", a.frees},
            {"allocations_per_request", s.allocations_per_request()},
            {"sample_every", a.sample_every},
            {"sampled", a.sampled},
            {"set_aside", a.set_aside},
            {"clock_overhead_ns", a.clock_overhead_ns},
            {"ns_per_allocation", a.ns_per_allocation},
            {"ns_per_free", a.ns_per_free},
            {"looks", a.looks},
            {"looks_inside", a.looks_inside},
            {"share_of_cpu", a.share_of_cpu()}};
}

template <class... Values>
std::string formatted(const char* format, Values... values) {
    char line[256];
    std::snprintf(line, sizeof line, format, values...);
    return line;
}

} // namespace

bool closing_report::nothing_lost() const noexcept {
    return pools_agree &&
           std::all_of(after_clear.begin(), after_clear.end(), [](std::size_t n) { return n == 0; });
}

std::string closing_report::json() const {
    json_value kinds = json_value::array();
    for (std::size_t i = 0; i < kind_count; ++i) {
        const kind_tally& t = last.tallies[i];
        kinds.push_back({{"kind", kind_names[i]},
                         {"allocations", t.allocations},
                         {"frees", t.frees},
                         {"failures", t.failures},
                         {"peak", t.peak}});
    }
    json_value pools = json_value::array();
    for (const pool_report& p : last.pools) {
        pools.push_back({{"name", p.name},
                         {"block_size", p.block_size},
                         {"live", p.live},
                         {"capacity", p.capacity},
                         {"bytes", p.bytes},
                         {"slabs", p.slabs}});
    }
    const json_value all = {
        {"memory", last.memory},
        {"threads", last.threads},
        {"uptime_s", last.uptime_s},
        {"traffic", to_json(last.seen)},
        {"cpu",
         {{"user_s", last.process.user_s},
          {"system_s", last.process.system_s},
          {"total_s", last.process.cpu_s()}}},
        {"peak_resident_kib", last.process.peak_resident_kib},
        {"keys", last.keys},
        {"expired", last.expired},
        {"allocator", to_json(last)},
        {"live",
         {{"at_stop", to_json(at_stop)},
          {"after_close", to_json(after_close)},
          {"after_clear", to_json(after_clear)}}},
        {"pools_agree", pools_agree},
        {"nothing_lost", nothing_lost()},
        {"kinds", kinds},
        {"pools", pools},
        {"recording", {{"events", recorded_events}, {"trouble", recording_trouble}}},
    };
    return all.dump(2, ' ', false, json_value::error_handler_t::replace) + "\n";
}

std::string closing_report::text() const {
    std::string out = formatted("memory from %s, %zu thread%s: %llu requests, %llu connections, %.2f s of "
                                "CPU time, peak resident %.1f MiB\n",
                                last.memory.c_str(), last.threads, last.threads == 1 ? "" : "s",
                                static_cast<unsigned long long>(last.seen.requests),
                                static_cast<unsigned long long>(last.seen.connections), last.process.cpu_s(),
                                static_cast<double>(last.process.peak_resident_kib) / 1024.0);
    out += formatted("allocator: %.2f allocations per request, %.1f ns per allocation, %.1f ns per free, "
                     "%.2f %% of CPU time\n",
                     last.allocations_per_request(), last.allocator.ns_per_allocation,
                     last.allocator.ns_per_free, 100 * last.allocator.share_of_cpu());
    out += formatted("%-10s %14s %14s %10s %10s %12s %12s %12s\n", "", "allocations", "frees", "failures",
                     "peak", "at stop", "closed", "cleared");
    for (std::size_t i = 0; i < kind_count; ++i) {
        const kind_tally& t = last.tallies[i];
        out +=
            formatted("%-10s %14llu %14llu %10llu %10llu %12zu %12zu %12zu\n", kind_names[i].data(),
                      static_cast<unsigned long long>(t.allocations),
                      static_cast<unsigned long long>(t.frees), static_cast<unsigned long long>(t.failures),
                      static_cast<unsigned long long>(t.peak), at_stop[i], after_close[i], after_clear[i]);
    }
    for (const pool_report& p : last.pools) {
        out += formatted("pool %-16s %8zu-byte blocks: %10zu live of %10zu, %10zu bytes, %6zu slabs\n",
                         p.name.c_str(), p.block_size, p.live, p.capacity, p.bytes, p.slabs);
    }
    if (!recording_trouble.empty()) out += "recording: " + recording_trouble + "\n";
    if (!nothing_lost()) out += "OBJECTS WERE LOST\n";
    return out;
}

} // namespace packet_server
