#include "observed_run.hpp"

#include "../process/memory_file.hpp"
#include "../support/failure.hpp"
#include "../support/scratch_folder.hpp"
#include "../support/streams.hpp"

#include <algorithm>
#include <csignal>
#include <elf.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace cenote::tool {

namespace {

std::set<std::string> mapped_code(const std::string& file) {
    std::set<std::string> result;
    std::ifstream maps(file);
    // ADDRESSES RIGHTS OFFSET DEVICE NUMBER PATH
    for (std::string line; std::getline(maps, line);) {
        std::istringstream words(line);
        std::string addresses, rights, offset, device, number, path;
        words >> addresses >> rights >> offset >> device >> number;
        std::getline(words >> std::ws, path);
        if (path.starts_with('/') && rights.find('x') != std::string::npos) result.insert(path);
    }
    return result;
}

// What is preloaded is there before the C library is.
bool has_started_without(const std::set<std::string>& mapped, const std::string& library) {
    return mapped.count(library) == 0 &&
           std::any_of(mapped.begin(), mapped.end(),
                       [](const std::string& path) { return path.find("/libc.so") != std::string::npos; });
}

void look_at_process(pid_t process, const std::string& library, observed_run& run) {
    const std::set<std::string> mapped = mapped_code("/proc/" + std::to_string(process) + "/maps");
    if (has_started_without(mapped, library)) {
        std::error_code none;
        const auto program = std::filesystem::read_symlink("/proc/" + std::to_string(process) + "/exe", none);
        if (!none) run.without.insert(program.string());
    }
    run.mapped.insert(mapped.begin(), mapped.end());
    std::ifstream children("/proc/" + std::to_string(process) + "/task/" + std::to_string(process) +
                           "/children");
    for (pid_t child = 0; children >> child;)
        look_at_process(child, library, run);
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

observed_run observe(start_options start, const std::string& library, double seconds, bool shows,
                     bool counts_calls) {
    const scratch_folder counts;
    const memory_file errors("cenote-errors");
    const nothing_file nothing;
    // One of the two says that it is there, whichever library it is.
    start.variables.set("CENOTE_COUNTS", counts.path());
    start.variables.set("CENOTE_COUNTS_MAPS", "1");
    if (!counts_calls) start.variables.set("CENOTE_STATS", "1");
    start.output = shows ? STDERR_FILENO : nothing.number();
    start.errors = errors.number();
    child program(std::move(start));
    std::error_code none;
    const std::string real = std::filesystem::canonical(library, none).string(); // as the kernel names it
    observed_run result;
    double passed = 0;
    // Often at first: many are gone soon.
    double step = .001;
    while (true) {
        look_at_process(program.pid(), real, result);
        result.is_secure = result.is_secure || is_secure(program.pid());
        if (program.has_ended_within(step)) break;
        passed += step;
        step = std::min(step * 1.3, .1);
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
    // What was there at the end, of those that lived too short to be looked at.
    for (const auto& entry : std::filesystem::directory_iterator(counts.path(), none))
        if (entry.path().extension() == ".maps") result.mapped.merge(mapped_code(entry.path().string()));
    return result;
}

} // namespace cenote::tool
