// The text that INFO answers with: sections of `name:value` lines, as Redis has them, and one of the pools.
#pragma once

#include "snapshot.hpp"

#include <string>
#include <string_view>

namespace packet_server {

// The section of that name in small letters, or all of them.
std::string info_text(const snapshot& from, std::string_view section);

template <class Policy>
std::string info_text(const shared_state<Policy>& server, std::string_view section) {
    return info_text(take_snapshot(server), section);
}

} // namespace packet_server
