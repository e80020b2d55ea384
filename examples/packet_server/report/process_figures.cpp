#include "process_figures.hpp"

#include <fstream>
#include <sstream>
#include <string>
#include <sys/resource.h>

namespace packet_server {

namespace {

double seconds(const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

} // namespace

process_figures process_figures::now() {
    process_figures figures;
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        figures.user_s = seconds(usage.ru_utime);
        figures.system_s = seconds(usage.ru_stime);
    }
    // Not ru_maxrss: that begins with the peak of the process which started this one.
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        std::istringstream words(line);
        std::string name;
        std::size_t kib = 0;
        if (!(words >> name >> kib)) continue;
        if (name == "VmHWM:") figures.peak_resident_kib = kib;
        if (name == "VmRSS:") figures.resident_kib = kib;
    }
    return figures;
}

} // namespace packet_server
