#include "observed_run.hpp"

#include "../process/memory_file.hpp"
#include "../support/failure.hpp"
#include "../support/scratch_folder.hpp"
#include "../support/streams.hpp"

#include <algorithm>
#include <csignal>
#include <elf.h>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace cenote::tool {

namespace {

void look_at_maps(pid_t process, std::set<std::string>& mapped) {
    std::ifstream maps("/proc/" + std::to_string(process) + "/maps");
    // ADDRESSES RIGHTS OFFSET DEVICE NUMBER PATH
    for (std::string line; std::getline(maps, line);) {
        std::istringstream words(line);
        std::string addresses, rights, offset, device, number, path;
        words >> addresses >> rights >> offset >> device >> number;
        std::getline(words >> std::ws, path);
        if (path.starts_with('/') && rights.find('x') != std::string::npos) mapped.insert(path);
    }
}

bool is_secure(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/auxv", std::ios::binary);
    Elf64_auxv_t entry;
    while (file.read(reinterpret_cast<char*>(&entry), sizeof entry) && entry.a_type != AT_NULL)
        if (entry.a_type == AT_SECURE) return entry.a_un.a_val != 0;
    return false;
}

class nothing_file {
public:
    nothing_file() : number_(::open("/dev/null", O_RDWR | O_CLOEXEC)) {
        if (number_ < 0) fail_with_errno("cannot open /dev/null");
    }
    nothing_file(const nothing_file&) = delete;
    nothing_file& operator=(const nothing_file&) = delete;
    ~nothing_file() { ::close(number_); }
    int number() const noexcept { return number_; }

private:
    int number_;
};

} // namespace

observed_run observe(start_options start, double seconds, bool shows, bool counts_calls) {
    const scratch_folder counts;
    const memory_file errors("cenote-errors");
    const nothing_file nothing;
    // One of the two says that it is there, whichever library it is.
    start.variables.set("CENOTE_COUNTS", counts.path());
    if (!counts_calls) start.variables.set("CENOTE_STATS", "1");
    start.output = shows ? STDERR_FILENO : nothing.number();
    start.errors = errors.number();
    child program(std::move(start));
    observed_run result;
    double passed = 0;
    // Often at first: many are gone soon.
    for (double step = .001;; step = std::min(step * 1.3, .1)) {
        look_at_maps(program.pid(), result.mapped);
        result.is_secure = result.is_secure || is_secure(program.pid());
        if (program.has_ended_within(step)) break;
        passed += step;
        if (seconds == 0 || passed < seconds) continue;
        result.was_told_to_end = true;
        program.send(SIGTERM);
        if (!program.has_ended_within(5)) program.send(SIGKILL);
        break;
    }
    result.how = program.wait();
    result.errors = errors.text();
    if (shows) write_all(STDERR_FILENO, result.errors, "to stderr");
    result.counts = read_counts(counts.path());
    return result;
}

} // namespace cenote::tool
