// What a client may ask of the parser.
#pragma once

#include <cstddef>

namespace packet_server {

struct frame_limits {
    std::size_t max_frame = 64 * 1024 * 1024; // bytes of one request, everything included; below 4 GiB
    std::size_t max_arguments = 64 * 1024;    // of one request, its name included
    std::size_t max_inline = 64 * 1024;       // bytes of a request that is a plain line
};

} // namespace packet_server
