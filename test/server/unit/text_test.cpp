#include "commands/text.hpp"

#include <gtest/gtest.h>

namespace packet_server {

TEST(Text, ReadsIntegers) {
    EXPECT_EQ(to_integer("0"), 0);
    EXPECT_EQ(to_integer("-12"), -12);
    EXPECT_EQ(to_integer("9223372036854775807"), 9223372036854775807);
    EXPECT_EQ(to_integer("9223372036854775808"), std::nullopt);
    for (const char* bad : {"", " 1", "1 ", "+1", "1.0", "0x1", "a", "-", "--1"})
        EXPECT_EQ(to_integer(bad), std::nullopt) << bad;
}

TEST(Text, ComparesWordsInAnyCase) {
    EXPECT_TRUE(is_word("set", "SET"));
    EXPECT_TRUE(is_word("SeT", "SET"));
    EXPECT_FALSE(is_word("sett", "SET"));
    EXPECT_FALSE(is_word("", "SET"));
}

TEST(Text, MakesBytesPrintable) {
    EXPECT_EQ(printable("a\r\nb\x7f"), "a  b ");
    EXPECT_EQ(printable(std::string(1000, 'x')).size(), 128U);
}

TEST(Text, MatchesPatterns) {
    EXPECT_TRUE(matches("maxmemory", "*"));
    EXPECT_TRUE(matches("maxmemory", "max*"));
    EXPECT_TRUE(matches("maxmemory", "MAX*ory"));
    EXPECT_TRUE(matches("save", "s?ve"));
    EXPECT_TRUE(matches("", "*"));
    EXPECT_FALSE(matches("save", "s?v"));
    EXPECT_FALSE(matches("save", ""));
    EXPECT_FALSE(matches("maxmemory", "max*x"));
    EXPECT_TRUE(matches(std::string(1000, 'a'), "*a*a*a*a*a*"));
}

} // namespace packet_server
