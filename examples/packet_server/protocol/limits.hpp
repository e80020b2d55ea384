// What a client may ask of the parser.
#pragma once

#include <cstddef>

namespace packet_server {

struct frame_limits {
    std::size_t max_frame = std::size_t{64} << 20; // bytes of one request, everything included; below 4 GiB
    std::size_t max_arguments = std::size_t{64} << 10; // of one request, its name included
    std::size_t max_inline = std::size_t{64} << 10;    // bytes of a request that is a plain line
};

} // namespace packet_server
