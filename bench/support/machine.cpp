#include "support/machine.hpp"

#include "support/clock.hpp"

#include <array>
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <fstream>
#include <gnu/libc-version.h>
#include <string>
#include <sys/utsname.h>
#include <unistd.h>

namespace bench {
namespace {

using json = nlohmann::ordered_json;

// The first line of a small file of the kernel, or null where it has no such file.
json first_line(const char* path) {
    std::ifstream file{path};
    std::string line;
    if (!std::getline(file, line)) return nullptr;
    return line;
}

json processor_model() {
    std::ifstream file{"/proc/cpuinfo"};
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("model name")) continue;
        const auto start = line.find(": ");
        if (start != std::string::npos) return line.substr(start + 2);
    }
    return nullptr;
}

bool under_a_hypervisor() {
    std::ifstream file{"/proc/cpuinfo"};
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("flags")) return line.find(" hypervisor") != std::string::npos;
    }
    return false;
}

json caches() {
    json all = json::array();
    for (const auto& cache : benchmark::CPUInfo::Get().caches) {
        all.push_back({{"level", cache.level},
                       {"type", cache.type},
                       {"KiB", cache.size / 1024},
                       {"shared_by", cache.num_sharing}});
    }
    return all;
}

std::uint64_t memory_mib() {
    return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
               static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) >>
           20;
}

} // namespace

json load_average() {
    std::array<double, 3> load{};
    if (::getloadavg(load.data(), 3) != 3) return nullptr;
    return load;
}

json describe_machine() {
    const auto& processor = benchmark::CPUInfo::Get();
    utsname kernel{};
    ::uname(&kernel);
    return {
        {"processor", processor_model()},
        {"cores", processor.num_cpus},
        {"MHz", processor.cycles_per_second / 1e6},
        {"caches", caches()},
        {"virtual", under_a_hypervisor()},
        {"memory_MiB", memory_mib()},
        {"os_page_bytes", ::sysconf(_SC_PAGESIZE)},
        {"huge_pages", first_line("/sys/kernel/mm/transparent_hugepage/enabled")},
        {"frequency_governor", first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")},
        {"kernel", std::string(kernel.sysname) + " " + kernel.release + " " + kernel.machine},
        {"load_average_before", load_average()},
        {"tick_clock", fenced_ticks ? "rdtsc between lfence" : "steady_clock"},
        {"ns_per_tick", nanoseconds_per_tick()},
    };
}

json describe_toolchain() {
    return {
        {"compiler", {{"version", BENCH_COMPILER}, {"options", BENCH_FLAGS}}},
        {"C library", {{"version", ::gnu_get_libc_version()}, {"options", ""}}},
        {"google-benchmark",
         {{"version", BENCH_LIBRARY_VERSION}, {"options", "random interleaving of repetitions"}}},
    };
}

} // namespace bench
