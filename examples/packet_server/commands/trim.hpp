// What a thread that finds no memory asks of the others.
#pragma once

#include "../net/service.hpp"

#include <exception>

namespace packet_server {

// Their magazines may hold free blocks, and with them whole slabs, that count against --max-memory. They can't be
// reached from here, so this request is refused and those that come later find room.
template <class Policy>
void trim_other_threads(service<Policy>& server) noexcept {
    if constexpr (Policy::threading::several && Policy::has_pools) {
        try {
            server.shared.trim();
        } catch (const std::exception&) {
            // There is not even memory to ask.
        }
    }
}

} // namespace packet_server
