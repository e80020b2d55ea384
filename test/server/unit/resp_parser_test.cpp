#include "protocol/resp_parser.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace packet_server {
namespace {

using words = std::vector<std::string>;

struct parsed {
    std::vector<words> requests;
    std::string error;
    std::size_t used = 0; // bytes of whole frames
    bool operator==(const parsed&) const = default;
};

// Feeds `input` in pieces of `piece` bytes. Each call sees exactly the bytes that are there, in a block of
// their own, so that a sanitizer notices a read beyond them.
parsed parse(std::string_view input, std::size_t piece, const frame_limits& limits = {}) {
    parsed result;
    resp_parser parser(limits);
    words current;
    std::size_t there = 0;
    std::string bytes(input);
    std::unique_ptr<char[]> window;
    std::size_t window_size = 0;
    const auto refill = [&] {
        window_size = there - result.used;
        window = std::make_unique<char[]>(window_size);
        bytes.copy(window.get(), window_size, result.used);
    };
    refill();
    for (;;) {
        switch (parser.next(window.get(), window_size)) {
        case parse_event::need_more:
            if (there == input.size()) return result;
            there = std::min(input.size(), there + piece);
            refill();
            break;
        case parse_event::begin:
            current.clear();
            break;
        case parse_event::argument:
            current.emplace_back(window.get() + parser.position(), parser.size());
            break;
        case parse_event::end:
            result.requests.push_back(current);
            result.used += parser.frame_size();
            refill();
            break;
        case parse_event::blank:
            result.used += parser.frame_size();
            refill();
            break;
        case parse_event::error:
            result.error = parser.error();
            return result;
        }
    }
}

// The same in every way of cutting.
parsed parse_all_ways(std::string_view input, const frame_limits& limits = {}) {
    const parsed whole = parse(input, input.size() + 1, limits);
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{64}}) {
        EXPECT_EQ(parse(input, piece, limits), whole) << "in pieces of " << piece;
    }
    return whole;
}

TEST(RespParser, ReadsArrays) {
    const std::string_view input = "*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n";
    const parsed p = parse_all_ways(input);
    EXPECT_EQ(p.requests, (std::vector<words>{{"PING"}, {"SET", "k", "value"}}));
    EXPECT_EQ(p.error, "");
    EXPECT_EQ(p.used, input.size());
}

TEST(RespParser, ReadsLines) {
    const parsed p = parse_all_ways("PING\r\nSET a \"b c\"\nGET a\r\n");
    EXPECT_EQ(p.requests, (std::vector<words>{{"PING"}, {"SET", "a", "b c"}, {"GET", "a"}}));
}

TEST(RespParser, ArgumentsHoldAnyBytes) {
    std::string value;
    for (int c = 0; c < 256; ++c)
        value += static_cast<char>(c);
    value += "\r\n$3\r\n*1\r\n";
    const parsed p =
        parse_all_ways("*2\r\n$0\r\n\r\n$" + std::to_string(value.size()) + "\r\n" + value + "\r\n");
    EXPECT_EQ(p.requests, (std::vector<words>{{"", value}}));
}

TEST(RespParser, SkipsWhatAsksForNothing) {
    const parsed p = parse_all_ways("\r\n\n*0\r\n*-1\r\n  \r\nPING\r\n");
    EXPECT_EQ(p.requests, (std::vector<words>{{"PING"}}));
    EXPECT_EQ(p.error, "");
}

TEST(RespParser, WaitsForTheRest) {
    const std::string whole = "*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n";
    for (std::size_t n = 0; n < whole.size(); ++n) {
        const parsed p = parse(whole.substr(0, n), 1);
        EXPECT_TRUE(p.requests.empty()) << n;
        EXPECT_EQ(p.error, "") << n;
    }
}

struct bad_input {
    std::string input;
    std::string error;
};

TEST(RespParser, ReportsWhatIsMalformed) {
    const std::vector<bad_input> table = {
        {"*x\r\n", "invalid multibulk length"},
        {"*\r\n", "invalid multibulk length"},
        {"*1x\r\n", "invalid multibulk length"},
        {"*+1\r\n", "invalid multibulk length"},
        {"* 1\r\n", "invalid multibulk length"},
        {"*1\rx", "invalid multibulk length"},
        {"*99999999999999999999\r\n", "invalid multibulk length"},
        {"*9223372036854775807\r\n", "invalid multibulk length"},
        {"*65537\r\n", "invalid multibulk length"},
        {"*" + std::string(40, '1') + "\r\n", "too big mbulk count string"},
        {"*" + std::string(40, '1'), "too big mbulk count string"},
        {"*1\r\n:4\r\n", "expected '$'"},
        {"*1\r\n4\r\n", "expected '$'"},
        {"*1\r\n\r\n", "expected '$'"},
        {"*1\r\n$\r\n", "invalid bulk length"},
        {"*1\r\n$-1\r\n", "invalid bulk length"},
        {"*1\r\n$-5\r\n", "invalid bulk length"},
        {"*1\r\n$4a\r\nPING\r\n", "invalid bulk length"},
        {"*1\r\n$99999999999\r\n", "invalid bulk length"},
        {"*1\r\n$9223372036854775807\r\n", "invalid bulk length"},
        {"*1\r\n$" + std::string(40, '1'), "too big bulk count string"},
        {"*1\r\n$4\r\nPINGxx", "expected CRLF"},
        {"*1\r\n$4\r\nPING\n\n", "expected CRLF"},
        {"*1\r\n$4\r\nPING\rx", "expected CRLF"},
        {"SET \"a\r\n", "unbalanced quotes"},
        {"SET 'a\r\n", "unbalanced quotes"},
    };
    for (const bad_input& each : table) {
        const parsed p = parse_all_ways(each.input);
        EXPECT_NE(p.error.find("ERR Protocol error: " + each.error), std::string::npos)
            << each.input << " -> " << p.error;
        EXPECT_TRUE(p.requests.empty());
    }
}

TEST(RespParser, AnErrorIsForEver) {
    resp_parser parser{frame_limits{}};
    std::string bad = "*x\r\n";
    EXPECT_EQ(parser.next(bad.data(), bad.size()), parse_event::error);
    std::string good = "PING\r\n";
    EXPECT_EQ(parser.next(good.data(), good.size()), parse_event::error);
}

TEST(RespParser, HoldsFramesToTheirLimit) {
    const frame_limits limits{.max_frame = 100, .max_arguments = 8, .max_inline = 50};
    EXPECT_EQ(parse_all_ways("*1\r\n$80\r\n" + std::string(80, 'x') + "\r\n", limits).requests.size(), 1U);
    EXPECT_NE(parse_all_ways("*1\r\n$101\r\n", limits).error, "");
    EXPECT_NE(parse_all_ways("*2\r\n$50\r\n" + std::string(50, 'x') + "\r\n$50\r\n", limits).error, "");
    EXPECT_NE(parse_all_ways("*9\r\n", limits).error, "");
    EXPECT_EQ(parse_all_ways("a b c d e f g h\r\n", limits).requests.size(), 1U);
    EXPECT_NE(parse_all_ways("a b c d e f g h i\r\n", limits).error, "");
    EXPECT_NE(parse_all_ways(std::string(50, 'x'), limits).error, "");
    EXPECT_EQ(parse_all_ways(std::string(48, 'x') + "\r\n", limits).error, "");
}

TEST(RespParser, TellsHowMuchAFrameNeeds) {
    resp_parser parser{frame_limits{}};
    std::string frame = "*1\r\n$1000\r\nabc";
    EXPECT_EQ(parser.next(frame.data(), frame.size()), parse_event::begin);
    EXPECT_EQ(parser.announced(), 1U);
    EXPECT_EQ(parser.next(frame.data(), frame.size()), parse_event::need_more);
    EXPECT_EQ(parser.least_frame(), 11U + 1000U + 2U);
}

} // namespace
} // namespace packet_server
