// What one pool says of itself, as a row of the reports.
#pragma once

#include <cstddef>
#include <string>

namespace packet_server {

struct pool_report {
    std::string name;
    std::size_t block_size = 0; // bytes
    std::size_t live = 0;       // blocks handed out
    std::size_t capacity = 0;   // blocks held
    std::size_t bytes = 0;      // taken from upstream
    std::size_t slabs = 0;
};

} // namespace packet_server
