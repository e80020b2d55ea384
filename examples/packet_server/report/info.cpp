#include "info.hpp"

#include <cstdio>
#include <unistd.h>

namespace packet_server {

namespace {

class info_writer {
public:
    explicit info_writer(std::string_view section) : wanted_(section) {}

    // Whether the lines that follow are asked for.
    bool section(std::string_view name, std::string_view title) {
        if (wanted_ != name && wanted_ != "all" && wanted_ != "everything" && wanted_ != "default")
            return false;
        if (!text_.empty()) text_ += "\r\n";
        text_ += "# " + std::string(title) + "\r\n";
        return true;
    }
    void line(std::string_view name, std::string_view value) {
        text_ += std::string(name) + ":" + std::string(value) + "\r\n";
    }
    void line(std::string_view name, std::uint64_t value) {
        line(name, std::string_view(std::to_string(value)));
    }
    void line(std::string_view name, double value) {
        char text[64];
        std::snprintf(text, sizeof text, "%.4f", value);
        line(name, std::string_view(text));
    }
    std::string text() && { return std::move(text_); }

private:
    std::string_view wanted_;
    std::string text_;
};

std::string pool_line(const pool_report& pool) {
    return "block_size=" + std::to_string(pool.block_size) + ",live=" + std::to_string(pool.live) +
           ",capacity=" + std::to_string(pool.capacity) + ",bytes=" + std::to_string(pool.bytes) +
           ",slabs=" + std::to_string(pool.slabs);
}

std::string joined(std::string name) {
    for (char& c : name) {
        if (c == ' ') c = '_';
    }
    return name;
}

} // namespace

std::string info_text(const snapshot& from, std::string_view section) {
    info_writer out(section);
    if (out.section("server", "Server")) {
        out.line("server_name", std::string_view("packet_server"));
        out.line("redis_mode", std::string_view("standalone"));
        out.line("memory_from", std::string_view(from.memory));
        out.line("io_threads", std::uint64_t{from.threads});
        out.line("process_id", static_cast<std::uint64_t>(getpid()));
        out.line("tcp_port", std::uint64_t{from.port});
        out.line("uptime_in_seconds", static_cast<std::uint64_t>(from.uptime_s));
    }
    if (out.section("clients", "Clients")) {
        out.line("connected_clients", std::uint64_t{from.live(object_kind::session)});
    }
    if (out.section("memory", "Memory")) {
        out.line("used_memory_rss", std::uint64_t{from.process.resident_kib * 1024});
        out.line("used_memory_peak_rss", std::uint64_t{from.process.peak_resident_kib * 1024});
        out.line("maxmemory", std::uint64_t{from.store_limit});
        out.line("store_bytes", std::uint64_t{from.store_bytes});
    }
    if (out.section("stats", "Stats")) {
        out.line("total_connections_received", from.seen.connections);
        out.line("total_commands_processed", from.seen.requests);
        out.line("rejected_connections", from.seen.refused);
        out.line("total_net_input_bytes", from.seen.bytes_in);
        out.line("total_net_output_bytes", from.seen.bytes_out);
        out.line("expired_keys", from.expired);
        out.line("protocol_errors", from.seen.protocol_errors);
        out.line("out_of_memory_errors", from.seen.out_of_memory);
        out.line("too_long_replies", from.seen.overflows);
        out.line("slow_clients_closed", from.seen.slow_clients);
        out.line("idle_clients_closed", from.seen.idle_clients);
    }
    if (out.section("cpu", "CPU")) {
        out.line("used_cpu_sys", from.process.system_s);
        out.line("used_cpu_user", from.process.user_s);
    }
    if (out.section("keyspace", "Keyspace") && from.keys != 0) {
        out.line("db0", std::string_view("keys=" + std::to_string(from.keys) +
                                         ",expires=" + std::to_string(from.expiring) + ",avg_ttl=0"));
    }
    if (out.section("cenote", "Cenote")) {
        for (std::size_t i = 0; i < kind_count; ++i) {
            const kind_tally& tally = from.tallies[i];
            out.line(std::string(kind_names[i]),
                     std::string_view(
                         "live=" + std::to_string(tally.live()) + ",peak=" + std::to_string(tally.peak) +
                         ",allocations=" + std::to_string(tally.allocations) + ",frees=" +
                         std::to_string(tally.frees) + ",failures=" + std::to_string(tally.failures)));
        }
        out.line("allocations_per_request", from.allocations_per_request());
        out.line("allocator_ns_per_allocation", from.allocator.ns_per_allocation);
        out.line("allocator_ns_per_free", from.allocator.ns_per_free);
        out.line("allocator_share_of_cpu", from.allocator.share_of_cpu());
        for (const pool_report& pool : from.pools) {
            out.line("pool_" + joined(pool.name), std::string_view(pool_line(pool)));
        }
    }
    return std::move(out).text();
}

} // namespace packet_server
