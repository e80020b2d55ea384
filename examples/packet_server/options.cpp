#include "options.hpp"

#include <CLI/CLI.hpp>

namespace packet_server {

bool read_command_line(int argc, char** argv, options& into, int& exit_code) {
    CLI::App app{"A key-value server that speaks the Redis protocol, with its memory from Cenote's pools or "
                 "from malloc."};
    app.set_version_flag("--version", CENOTE_VERSION);
    const CLI::AsSizeValue bytes(false); // 64kb is 65536
    const CLI::Range frame(64, 1 << 30);

    std::string memory = "pools";
    app.add_option("--memory", memory, "where objects and buffers come from")
        ->check(CLI::IsMember({"pools", "malloc"}))
        ->capture_default_str();
    app.add_option("--threads", into.threads,
                   "threads that serve clients, with the memory and the store shared")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    app.add_option("--bind", into.bind, "address to listen on")->check(CLI::ValidIPV4)->capture_default_str();
    app.add_option("--port", into.port, "port to listen on, 0 for a free one")->capture_default_str();

    app.add_option("--max-frame", into.frames.max_frame, "bytes of one request")
        ->transform(bytes)
        ->check(frame)
        ->capture_default_str()
        ->group("Limits");
    app.add_option("--max-args", into.frames.max_arguments, "arguments of one request")
        ->check(CLI::Range(1, 1 << 24))
        ->capture_default_str()
        ->group("Limits");
    app.add_option("--max-inline", into.frames.max_inline, "bytes of a request that is a plain line")
        ->transform(bytes)
        ->check(frame)
        ->capture_default_str()
        ->group("Limits");
    app.add_option("--max-clients", into.max_clients, "clients at a time")
        ->check(CLI::Range(1, 1 << 20))
        ->capture_default_str()
        ->group("Limits");
    app.add_option("--max-packets", into.max_packets, "requests that wait at a time")
        ->check(CLI::Range(1, 1 << 30))
        ->capture_default_str()
        ->group("Limits");
    app.add_option("--max-output", into.max_output, "bytes of unread replies before a client's requests wait")
        ->transform(bytes)
        ->check(CLI::Range(1024, 1 << 30))
        ->capture_default_str()
        ->group("Limits");
    app.add_option("--max-memory", into.max_memory, "bytes the store may take, 0 for no limit")
        ->transform(bytes)
        ->capture_default_str()
        ->group("Limits");
    app.add_option("--idle-timeout", into.idle_timeout,
                   "seconds after which a silent client is closed, 0 for never")
        ->check(CLI::Range(0, 1 << 20))
        ->capture_default_str()
        ->group("Limits");
    app.add_option("--write-timeout", into.write_timeout, "seconds a client may read nothing, 0 for ever")
        ->check(CLI::Range(0, 1 << 20))
        ->capture_default_str()
        ->group("Limits");

    app.add_option("--report", into.report, "file for the closing report, as JSON")->group("Measuring");
    app.add_option("--record", into.record, "file for the allocation pattern, see packet_server_replay")
        ->group("Measuring");
    app.add_option("--record-limit", into.record_limit, "events to record at most")
        ->capture_default_str()
        ->group("Measuring");
    app.add_option("--sample-every", into.sample_every, "time one in so many allocator calls, 0 for none")
        ->check(CLI::Range(0, 1 << 30))
        ->capture_default_str()
        ->group("Measuring");
    app.add_option("--profile-rate", into.profile_rate,
                   "look for the allocator so often a second of CPU time, 0 never")
        ->check(CLI::Range(0, 10'000))
        ->capture_default_str()
        ->group("Measuring");
    app.add_option("--fail-every", into.fail_every, "refuse one in so many allocations, to test; 0 for none")
        ->check(CLI::Range(0, 1 << 30))
        ->capture_default_str()
        ->group("Measuring");

    try {
        app.parse(argc, argv);
        if (into.threads > 1 && !into.record.empty())
            throw CLI::ValidationError("--record", "records one thread: not together with --threads above 1");
    } catch (const CLI::ParseError& error) {
        exit_code = app.exit(error);
        return false;
    }
    into.pools = memory == "pools";
    return true;
}

} // namespace packet_server
