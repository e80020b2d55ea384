// Reads what the server recorded; see memory/record_format.hpp.
#pragma once

#include "../memory/record_format.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace packet_server {

struct record_event {
    std::uint32_t slot;
    std::uint32_t size; // bytes, of the object that is allocated or freed
    object_kind kind;
    bool frees;
};

struct recording {
    record_format::kind_sizes sizes{};
    std::vector<record_event>
        events;            // every allocation is followed by its free, the last of them added if need be
    std::size_t pairs = 0; // allocations
    std::size_t slots = 0;
    std::size_t peak_live = 0;
    std::size_t still_live = 0; // objects that the recording did not see freed
    std::string note;           // empty if the file is whole, else what is wrong with it and what was read
};

// Throws std::runtime_error with a message for the user when there is nothing to open: no file, not a
// recording, another version, a damaged header. A file that is damaged further on is read up to there, and
// `note` says so.
recording read_recording(const std::string& path);

} // namespace packet_server
