// Reports as JSON, read by nlohmann/json, and as Prometheus's text, read by a strict parser of its grammar
// (https://prometheus.io/docs/instrumenting/exposition_formats/, https://prometheus.io/docs/practices/naming/).
#include "cenote/adaptor/pool_reports.hpp"

#include "cenote/cenote.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

using cenote::growth;

std::string as_json() {
    std::string text;
    cenote::write_reports_as_json([&](const char* t, std::size_t length) { text.append(t, length); });
    return text;
}
std::string as_prometheus() {
    std::string text;
    cenote::write_reports_as_prometheus([&](const char* t, std::size_t length) { text.append(t, length); });
    return text;
}

// Names that a writer may stumble over, and what they are to be once read: what is no UTF-8 becomes U+FFFD.
#define UNKNOWN "\xEF\xBF\xBD"
const std::vector<std::pair<std::string, std::string>> hard_names = {
    {"plain", "plain"},
    {"with \"quotes\" and \\ backslashes \\n", "with \"quotes\" and \\ backslashes \\n"},
    {"two\nlines\ttab \x01\x1f", "two\nlines\ttab \x01\x1f"},
    {"f\xC3\xBCr \xE2\x82\xAC \xF0\x9F\x98\x80", "f\xC3\xBCr \xE2\x82\xAC \xF0\x9F\x98\x80"},
    {"bad \xFF\xC0\x80 \xE2\x82 \xED\xA0\x80",
     "bad " UNKNOWN UNKNOWN UNKNOWN " " UNKNOWN UNKNOWN " " UNKNOWN UNKNOWN UNKNOWN},
    {"{curly} [square] ,=", "{curly} [square] ,="},
    {std::string(95, 'n'), std::string(95, 'n')},
};

class formats : public ::testing::Test {
protected:
    formats() {
        for (const auto& [name, read] : hard_names) {
            pools_.emplace_back(growth::up_to(100).named(name.c_str()));
            pools_.back().destroy(pools_.back().create(1));
        }
    }
    std::vector<cenote::object_pool<int>> pools_;
};

TEST_F(formats, of_json_are_what_a_parser_reads) {
    const auto whole = nlohmann::json::parse(as_json());
    std::set<std::string> names;
    for (const auto& pool : whole.at("pools")) {
        names.insert(pool.at("name").get<std::string>());
        EXPECT_LE(pool.at("live").get<std::uint64_t>(), pool.at("capacity").get<std::uint64_t>());
        EXPECT_GE(pool.at("fragmentation").get<double>(), 0.0);
        EXPECT_LE(pool.at("fragmentation").get<double>(), 1.0);
        for (const char* figure : {"id", "block_size", "peak", "opened", "bytes", "peak_bytes", "segments",
                                   "slabs", "refused", "refills", "flushes"})
            EXPECT_TRUE(pool.at(figure).is_number_unsigned()) << figure;
        EXPECT_TRUE(pool.at("limit").is_null() || pool.at("limit").is_number_unsigned());
    }
    for (const auto& [name, read] : hard_names)
        EXPECT_TRUE(names.contains(read)) << name;
    EXPECT_TRUE(whole.at("ended").at("pools").is_number_unsigned());
}

TEST_F(formats, of_json_have_the_figures_of_the_report) {
    cenote::cached_pool<int> pool{growth::up_to(1000).named("figures")};
    int* const p = pool.create(1);
    const auto whole = nlohmann::json::parse(as_json());
    int found = 0;
    cenote::for_each_pool_report([&](const cenote::pool_report& r) {
        if (r.name != std::string("figures")) return;
        for (const auto& of : whole.at("pools")) {
            if (of.at("id") != r.id) continue;
            ++found;
            EXPECT_EQ(of.at("kind"), "cached_pool");
            EXPECT_EQ(of.at("live"), r.live);
            EXPECT_EQ(of.at("bytes"), r.bytes);
            EXPECT_EQ(of.at("limit"), 1000);
            EXPECT_NEAR(of.at("fragmentation").get<double>(), r.fragmentation(), 1e-6);
        }
    });
    EXPECT_EQ(found, 1);
    pool.destroy(p);
}

// One metric: what its comments said, and its samples by their labels.
struct metric {
    std::string type;
    std::string help;
    std::map<std::map<std::string, std::string>, std::string> samples;
};

// Throws where the text is not what the grammar has.
class prometheus_parser {
public:
    explicit prometheus_parser(const std::string& text) {
        std::size_t at = 0;
        while (at != text.size()) {
            const std::size_t end = text.find('\n', at);
            require(end != std::string::npos, "the last line ends with a line feed");
            line(text.substr(at, end - at));
            at = end + 1;
        }
    }
    std::map<std::string, metric> metrics;

private:
    static void require(bool holds, const std::string& what) {
        if (!holds) throw std::runtime_error(what);
    }
    static bool may_begin(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
    static std::string name_at(const std::string& l, std::size_t& at) {
        const std::size_t first = at;
        require(at < l.size() && may_begin(l[at]), "a name begins: " + l);
        while (at < l.size() && (may_begin(l[at]) || std::isdigit(static_cast<unsigned char>(l[at])) != 0))
            ++at;
        return l.substr(first, at - first);
    }
    static void expect(const std::string& l, std::size_t& at, char c) {
        require(at < l.size() && l[at] == c, std::string{"expected "} + c + " in " + l);
        ++at;
    }
    static std::string quoted_at(const std::string& l, std::size_t& at) {
        std::string value;
        expect(l, at, '"');
        while (at < l.size() && l[at] != '"') {
            if (l[at] == '\\') {
                ++at;
                require(at < l.size() && (l[at] == '\\' || l[at] == '"' || l[at] == 'n'), "an escape: " + l);
                value += l[at] == 'n' ? '\n' : l[at];
            } else {
                value += l[at];
            }
            ++at;
        }
        expect(l, at, '"');
        return value;
    }
    void line(const std::string& l) {
        require(!l.empty(), "no empty line");
        if (l[0] == '#')
            comment(l);
        else
            sample(l);
    }
    void comment(const std::string& l) {
        const bool is_help = l.rfind("# HELP ", 0) == 0;
        require(is_help || l.rfind("# TYPE ", 0) == 0, "a comment that means something: " + l);
        std::size_t at = 7;
        const std::string name = name_at(l, at);
        expect(l, at, ' ');
        metric& of = metrics[name];
        if (is_help) {
            require(of.help.empty(), "one group for each metric: " + name);
            of.help = l.substr(at);
            current_ = name;
        } else {
            require(name == current_ && of.type.empty() && of.samples.empty(),
                    "one type, behind the help and before the samples: " + l);
            of.type = l.substr(at);
            require(of.type == "gauge" || of.type == "counter", "a type: " + l);
        }
    }
    void sample(const std::string& l) {
        std::size_t at = 0;
        const std::string name = name_at(l, at);
        require(name == current_ && !metrics[name].type.empty(), "samples follow their type: " + l);
        std::map<std::string, std::string> labels;
        if (l[at] == '{') {
            do {
                ++at;
                const std::string label = name_at(l, at);
                require(label.rfind("__", 0) != 0 && !labels.contains(label), "a label of its own: " + l);
                expect(l, at, '=');
                labels[label] = quoted_at(l, at);
            } while (at < l.size() && l[at] == ',');
            expect(l, at, '}');
        }
        expect(l, at, ' ');
        const std::string value = l.substr(at);
        require(!value.empty() && value.find_first_not_of("0123456789.") == std::string::npos,
                "a number: " + l);
        std::size_t used = 0;
        (void)std::stod(value, &used);
        require(used == value.size(), "nothing behind the number: " + l);
        require(metrics[name].samples.emplace(labels, value).second, "labels that no other sample has: " + l);
    }
    std::string current_;
};

TEST(prometheus_parser, refuses_what_the_grammar_has_not) {
    const std::string head = "# HELP m Help.\n# TYPE m gauge\n";
    EXPECT_NO_THROW(prometheus_parser{head + "m{a=\"b\\n\\\"\\\\\"} 1\n"});
    for (const char* bad : {"m{a=\"b\"} 1", "m{a=\"b} 1\n", "m{a=\"\\x\"} 1\n", "m{a=b} 1\n", "m{} 1\n",
                            "n 1\n", "m x\n", "m 1 \n", "m{a=\"1\",a=\"2\"} 1\n", "m 1\nm 1\n", "\n",
                            "# TYPE m gauge\n", "# HELP m Help.\n", "m{1a=\"b\"} 1\n"})
        EXPECT_THROW(prometheus_parser{head + bad}, std::runtime_error) << bad;
}

TEST_F(formats, of_prometheus_are_what_the_grammar_has) {
    const prometheus_parser read{as_prometheus()};
    std::set<std::string> names;
    for (const auto& [labels, value] : read.metrics.at("cenote_pool_live_blocks").samples) {
        names.insert(labels.at("pool"));
        EXPECT_EQ(labels.size(), 4U);
        EXPECT_FALSE(labels.at("kind").empty());
        EXPECT_NE(labels.at("id"), "0");
        EXPECT_GT(std::stoull(labels.at("block_size")), 0U);
    }
    for (const auto& [name, as_read] : hard_names)
        EXPECT_TRUE(names.contains(as_read)) << name;
}

TEST_F(formats, of_prometheus_follow_its_conventions_for_names) {
    const prometheus_parser read{as_prometheus()};
    EXPECT_EQ(read.metrics.size(), 18U);
    for (const auto& [name, of] : read.metrics) {
        const auto ends_with = [&n = name](const std::string& end) {
            return n.size() > end.size() && n.compare(n.size() - end.size(), end.size(), end) == 0;
        };
        EXPECT_EQ(name.rfind("cenote_", 0), 0U) << name;
        EXPECT_EQ(of.type == "counter", ends_with("_total")) << name;
        if (of.type == "gauge") {
            EXPECT_TRUE(ends_with("_bytes") || ends_with("_blocks") || ends_with("_segments") ||
                        ends_with("_slabs") || ends_with("_ratio"))
                << name;
        }
        EXPECT_FALSE(of.help.empty()) << name;
        EXPECT_FALSE(of.samples.empty()) << name;
    }
}

TEST_F(formats, of_prometheus_have_a_limit_only_where_there_is_one) {
    cenote::object_pool<int> unlimited{growth{}.named("unlimited")};
    unlimited.destroy(unlimited.create(1));
    const prometheus_parser read{as_prometheus()};
    bool has_limited = false;
    for (const auto& [labels, value] : read.metrics.at("cenote_pool_limit_blocks").samples) {
        EXPECT_NE(labels.at("pool"), "unlimited");
        if (labels.at("pool") != "plain") continue;
        has_limited = true;
        EXPECT_EQ(value, "100");
    }
    EXPECT_TRUE(has_limited);
}

TEST_F(formats, come_in_small_pieces) {
    std::size_t pieces = 0;
    std::size_t bytes = 0;
    const auto count = [&](const char*, std::size_t length) {
        ++pieces;
        bytes += length;
        EXPECT_LE(length, 512U);
    };
    cenote::write_reports_as_json(count);
    cenote::write_reports_as_prometheus(count);
    EXPECT_GT(pieces, bytes / 512);
}

} // namespace
} // namespace cenote_test
