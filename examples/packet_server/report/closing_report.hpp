// What the server says when it stops: to people as text, to scripts as JSON.
#pragma once

#include "snapshot.hpp"

#include <string>

namespace packet_server {

struct closing_report {
    snapshot last;             // when the server was told to stop
    live_counts at_stop{};     // the same moment: what clients that were still there held, and the store
    live_counts after_close{}; // once every connection was closed
    live_counts after_clear{}; // once the store was emptied, too: anything that lives now was lost
    bool pools_agree = true;   // the pools count as many live blocks as the server
    std::uint64_t recorded_events = 0;
    std::string recording_trouble;

    bool nothing_lost() const noexcept;
    std::string text() const;
    std::string json() const;
};

} // namespace packet_server
