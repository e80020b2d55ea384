#include "protocol/inline_arguments.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

namespace packet_server {
namespace {

// The arguments of a line, or nothing if its quotes do not match.
std::optional<std::vector<std::string>> split(std::string line) {
    inline_arguments arguments{line.data(), line.size()};
    std::vector<std::string> result;
    for (;;) {
        switch (arguments.next()) {
        case inline_status::end:
            return result;
        case inline_status::unbalanced:
            return std::nullopt;
        case inline_status::argument:
            result.emplace_back(line, arguments.begin, arguments.size);
            break;
        }
    }
}

using words = std::vector<std::string>;

TEST(InlineArguments, SplitsAtWhiteSpace) {
    EXPECT_EQ(split("SET key value"), (words{"SET", "key", "value"}));
    EXPECT_EQ(split("  a\t b \v c  "), (words{"a", "b", "c"}));
    EXPECT_EQ(split(""), words{});
    EXPECT_EQ(split(" \t "), words{});
}

TEST(InlineArguments, ResolvesDoubleQuotes) {
    EXPECT_EQ(split(R"("a b" c)"), (words{"a b", "c"}));
    EXPECT_EQ(split(R"("")"), (words{""}));
    EXPECT_EQ(split(R"("\n\r\t\b\a\"\\\q")"), (words{"\n\r\t\b\a\"\\q"}));
    EXPECT_EQ(split(R"("\x41\x7a\xZZ")"), (words{"AzxZZ"}));
    EXPECT_EQ(split(R"("\x4")"), (words{"x4"}));
    EXPECT_EQ(split(R"("\x00")"), (words{std::string(1, '\0')}));
}

TEST(InlineArguments, ResolvesSingleQuotes) {
    EXPECT_EQ(split(R"('a "b" \n' c)"), (words{R"(a "b" \n)", "c"}));
    EXPECT_EQ(split(R"('it\'s')"), (words{"it's"}));
}

TEST(InlineArguments, QuotesMayBeginInAWord) { EXPECT_EQ(split(R"(a"b c" d)"), (words{"ab c", "d"})); }

TEST(InlineArguments, FindsUnbalancedQuotes) {
    for (const char* line : {"\"a", "'a", "\"a\"b", "'a'b", "\"a\\", "\"a\\\"", "a 'b", "\"", "'", "'\\'"}) {
        EXPECT_EQ(split(line), std::nullopt) << line;
    }
}

} // namespace
} // namespace packet_server
