// What `cenote view` makes of traces that nobody wrote: whatever they say, the sums agree, the map is within its bounds, and it is JSON.
#include "fuzz/trace_file.hpp"

#include "tool/view/summary_json.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace cenote_fuzz {
namespace {

void check(const trace_summary& s) {
    require(s.columns.size() == view_columns, "not as many columns as there have to be");
    require(s.map.squares() <= memory_map::most_squares, "too many squares");
    std::uint64_t moments = 0;
    std::size_t square = 0;
    for (const char each : s.map.moments()) {
        const auto byte = static_cast<unsigned char>(each);
        moments += byte == 0xff ? 1 : 0;
        square = byte == 0xff ? 0 : square + (byte >> 4U) + (byte >> 4U == 15 ? 0 : 1);
        require(square <= s.map.squares(), "a moment leads beyond the map");
    }
    require(moments == s.moments.size(), "not as many moments as there have to be");
    for (const view_column& c : s.columns) {
        std::uint64_t sum = 0;
        for (const std::uint64_t each : c.live_by_group)
            sum += each;
        require(sum == c.state.live, "size groups do not make up what is live");
    }
    require(s.columns.back().state.live == s.left_bytes, "what is live at the end is not what is left");
}

void view(trace_reader& trace, std::size_t file_bytes) {
    const trace_summary s = summarize(trace, [](double) {});
    check(s);
    if (file_bytes % 8 != 0) return; // most of the time goes into that
    const std::string text =
        summary_json(s, trace, "fuzz").dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    require(nlohmann::json::accept(text), "no JSON");
}

} // namespace
} // namespace cenote_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    cenote_fuzz::read_made_file(data, size, cenote_fuzz::view);
    return 0;
}
