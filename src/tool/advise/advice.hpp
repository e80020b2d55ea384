// Layer: tool. All that `cenote advise` has to say of a trace, and the profile that goes with it.
#pragma once

#include "class_choice.hpp"
#include "magazine_choice.hpp"
#include "sites.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace cenote::tool {

struct advised_class {
    std::uint32_t size = 0;
    magazine_use magazine;
    std::uint64_t at_peak = 0; // blocks
    double waste_at_peak = 0;
    std::uint32_t first_segment = 0; // bytes
    std::uint32_t later_segments = 0;
};

struct advice {
    std::string trace;
    std::vector<std::string> program;
    std::vector<std::string> notes; // of a damaged trace
    demand of;
    waste_figures waste_now;
    waste_figures waste_then;
    std::uint64_t exchanges_now = 0;
    std::uint64_t exchanges_then = 0;
    std::vector<advised_class> classes;
    std::uint64_t stack_interval = 0;
    std::vector<call_site_use> sites;

    // Bytes that the profile's classes save, by what they were chosen by: waste half at the peak and half on average, and what
    // classes in use take. Below 0 where they cost more than the usual ones.
    double saved() const noexcept;
    // Whether that is worth a profile: 64 KiB, and a hundredth of what was live at the peak. Fewer exchanges of magazines
    // alone made no program faster (docs/tool.md).
    bool has_gain() const noexcept;
};

advice advise(const std::string& trace);

// As docs/profile-format.md has it, with what it is expected to do in comments.
std::string profile_text(const advice& of);

} // namespace cenote::tool
