// What `cenote advise` prints of what it found.
#include "tool/commands/advise_report.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cenote::tool {
namespace {

advice with_call_site(const std::string& place) {
    advice of;
    of.program = {"some", "program"};
    of.of.of[2].requests = 10;
    of.stack_interval = 1;
    of.classes.push_back({.size = 65'536, .magazine = {}});
    of.sites.push_back({.place = place, .objects = 20'000, .what = call_site_use::advice::pool});
    return of;
}

TEST(advice_report, names_out_of_a_trace_do_nothing_to_a_terminal) {
    const std::string text = advice_text(with_call_site("make\x1B]0;title\a (file\n.cpp)"), "profile", 12);
    EXPECT_NE(text.find("make?]0;title? (file?.cpp)"), std::string::npos) << text;
    EXPECT_EQ(text.find('\x1B'), std::string::npos);
}

TEST(advice_report, long_names_are_cut_between_characters) {
    const std::string text =
        advice_text(with_call_site(std::string(69, 'x') + "\xE2\x82\xAC"), "profile", 12);
    EXPECT_NE(text.find(std::string(69, 'x') + "..."), std::string::npos) << text;
    EXPECT_EQ(text.find('\xE2'), std::string::npos);
}

} // namespace
} // namespace cenote::tool
