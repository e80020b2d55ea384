// What the operating system knows of this process.
#pragma once

#include <cstddef>

namespace packet_server {

struct process_figures {
    double user_s = 0;
    double system_s = 0;
    std::size_t resident_kib = 0;      // now
    std::size_t peak_resident_kib = 0; // since the program was loaded

    double cpu_s() const noexcept { return user_s + system_s; }

    // Zeros where the system does not tell.
    static process_figures now();
};

} // namespace packet_server
