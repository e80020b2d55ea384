// The moments of a map, as memory_map.hpp says that they are written.
#pragma once

#include "tool/view/memory_map.hpp"

#include <vector>

namespace cenote::tool {

inline std::vector<std::vector<unsigned>> decoded_moments(const memory_map& map) {
    std::vector<std::vector<unsigned>> all;
    std::vector<unsigned> now(map.squares());
    std::size_t at = 0;
    for (const char each : map.moments()) {
        const auto byte = static_cast<unsigned char>(each);
        if (byte == 0xff) {
            all.push_back(now);
            at = 0;
            continue;
        }
        at += byte >> 4U;
        if (byte >> 4U != 15) now.at(at++) = byte & 15U;
    }
    return all;
}

} // namespace cenote::tool
