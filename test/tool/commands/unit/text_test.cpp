#include "tool/support/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cenote_test {
namespace {

using cenote::tool::command_text;
using cenote::tool::printable;

TEST(printable, one_thing_has_no_plural) {
    EXPECT_EQ(counted(1, "event"), "1 event");
    EXPECT_EQ(counted(0, "process"), "0 processes");
    EXPECT_EQ(counted(1234, "event"), "1,234 events");
}

TEST(printable, leaves_what_people_read) {
    for (const std::string text :
         {"", "sessions", "a b~", "K\xC3\xA4se", "\xC2\xA0", "\xE2\x82\xAC", "\xF0\x9F\x90\x9F"})
        EXPECT_EQ(printable(text), text);
}

TEST(printable, has_no_control_characters) {
    EXPECT_EQ(printable("bell \a and \x1B[31mred\x7F\n\t"), "bell ? and ?[31mred???");
    EXPECT_EQ(printable(std::string("a\0b", 3)), "a?b");
    for (int c = 0x80; c != 0xA0; ++c) {
        const auto byte = static_cast<char>(c);
        EXPECT_EQ(printable(std::string("a") + byte + "2J"), "a?2J") << c;
        EXPECT_EQ(printable(std::string("a\xC2") + byte + "2J"), "a?2J") << c;
    }
}

TEST(printable, has_no_bytes_that_are_no_utf_8) {
    EXPECT_EQ(printable("\xC3"), "?");
    EXPECT_EQ(printable("\xC3("), "?(");
    EXPECT_EQ(printable("\xE2\x82"), "??");
    EXPECT_EQ(printable("\xC0\x9B"), "??");           // ESC, too long
    EXPECT_EQ(printable("\xE0\x82\x9B"), "???");      // CSI, too long
    EXPECT_EQ(printable("\xED\xA0\x80"), "???");      // a surrogate
    EXPECT_EQ(printable("\xF4\x90\x80\x80"), "????"); // beyond the last
}

TEST(command_text, is_quoted_and_printable) {
    EXPECT_EQ(command_text({"a-b", "c d", "", "it's"}), "a-b 'c d' '' 'it'\\''s'");
    EXPECT_EQ(command_text({"x\x1B]0;title\a", "two\nlines"}), "'x?]0;title?' 'two lines'");
}

TEST(command_text, is_cut_between_characters) {
    EXPECT_EQ(command_text({"ab\xE2\x82\xAC"}, 4), "'ab...");
    EXPECT_EQ(command_text({"abcdef"}, 3), "abc...");
}

} // namespace
} // namespace cenote_test
