// A key-value server on the Redis protocol, with its memory from Cenote's pools or from malloc. See
// README.md.
#include "memory/cached_policy.hpp"
#include "memory/cpu_profile.hpp"
#include "memory/malloc_policy.hpp"
#include "memory/pools_policy.hpp"
#include "memory/recorder.hpp"
#include "net/server.hpp"
#include "options.hpp"
#include "report/closing_report.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <memory>
#include <string>
#include <sys/resource.h>

namespace {

using namespace packet_server;

// Every client takes a file handle. Asks for as many as the settings need, or makes do with fewer clients.
void allow_clients(options& settings) {
    constexpr rlim_t others = 32;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const rlim_t wanted = settings.max_clients + others;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = std::min(wanted, limit.rlim_max);
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= wanted) return;
    settings.max_clients = limit.rlim_cur > others ? limit.rlim_cur - others : 1;
    std::fprintf(stderr, "packet_server: %zu clients at most, for lack of file handles\n",
                 settings.max_clients);
}

template <class Policy>
record_format::kind_sizes object_sizes() {
    record_format::kind_sizes sizes{};
    sizes[index_of(object_kind::session)] = sizeof(session<Policy>);
    sizes[index_of(object_kind::packet)] = sizeof(packet);
    sizes[index_of(object_kind::entry)] = sizeof(entry);
    sizes[index_of(object_kind::deadline)] = sizeof(deadline);
    return sizes;
}

bool write_report(const closing_report& report, const std::string& path) {
    std::ofstream file(path);
    file << report.json();
    file.close();
    if (!file)
        // NOLINTNEXTLINE(concurrency-mt-unsafe): the other threads have ended
        std::fprintf(stderr, "packet_server: cannot write %s: %s\n", path.c_str(), std::strerror(errno));
    return static_cast<bool>(file);
}

template <class Policy>
int serve(const options& settings) {
    server<Policy> listening(settings);
    std::unique_ptr<recorder> recording;
    if (!settings.record.empty()) {
        recording =
            std::make_unique<recorder>(settings.record, settings.record_limit, object_sizes<Policy>());
        if (!recording->trouble().empty()) {
            std::fprintf(stderr, "packet_server: cannot record: %s\n", recording->trouble().c_str());
            return 1;
        }
        listening.record_to(recording.get());
    }
    cpu_profile::start(settings.profile_rate);
    std::printf("listening on %s:%u\n", settings.bind.c_str(), static_cast<unsigned>(listening.port()));
    std::fflush(stdout);

    closing_report report = listening.run();
    listening.record_to(nullptr);
    if (recording) {
        recording->close();
        report.recorded_events = recording->events();
        report.recording_trouble = recording->trouble();
    }
    std::fputs(report.text().c_str(), stdout);
    const bool written = settings.report.empty() || write_report(report, settings.report);
    return written && report.nothing_lost() && report.recording_trouble.empty() ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    options settings;
    int exit_code = 0;
    if (!read_command_line(argc, argv, settings, exit_code)) return exit_code;
    std::signal(SIGPIPE, SIG_IGN);
    allow_clients(settings);
    try {
        if (settings.threads == 1)
            return settings.pools ? serve<pools_policy>(settings) : serve<malloc_policy>(settings);
        return settings.pools ? serve<cached_policy>(settings) : serve<shared_malloc_policy>(settings);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "packet_server: %s\n", error.what());
        return 1;
    }
}
