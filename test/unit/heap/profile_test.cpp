#include "heap/profile.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cenote_test {
namespace {

using namespace cenote::detail;
using namespace cenote::literals;

class_layout usual() { return class_layout{compute_class_sizes()}; }

struct parsed {
    class_layout layout = usual();
    profile_fault fault;
};
parsed parse(const std::string& text) {
    parsed p;
    p.fault = parse_profile(text.data(), text.size(), p.layout);
    return p;
}

TEST(profile, has_classes_magazines_and_segments) {
    const parsed p = parse("# made by hand\ncenote-profile 1\n\nclass 16\n"
                           "class 48 magazine 8 # few\n\tclass 1024 segments 131072 4194304 magazine 4096\n"
                           "class 65536\nend\nwhatever stands behind the end\n");
    ASSERT_EQ(p.fault.what, nullptr) << p.fault.what;
    const class_layout& to = p.layout;
    EXPECT_EQ(to.size(1), 16U);
    EXPECT_EQ(to.size(2), 48U);
    EXPECT_EQ(to.size(3), 1024U);
    EXPECT_EQ(to.size(4), max_class_size);
    EXPECT_EQ(to.find(17), 2U);
    EXPECT_EQ(to.magazine_limit(2), 8U);
    EXPECT_EQ(to.magazine_limit(3), 4096U);
    EXPECT_EQ(to.first_bytes(3), 128_KiB);
    EXPECT_EQ(to.segment_bytes(3), 4_MiB);
}

TEST(profile, what_it_does_not_say_is_as_usual_for_the_size) {
    const class_layout to = parse("cenote-profile 1\nclass 48\nclass 65536\nend").layout;
    const size_class_tables& before = size_classes;
    EXPECT_EQ(to.magazine_limit(1), usual().magazine_limit(before.find(48)));
    EXPECT_EQ(to.first_bytes(1), usual().first_bytes(before.find(48)));
    EXPECT_EQ(to.segment_bytes(1), usual().segment_bytes(before.find(48)));
}

TEST(profile, a_first_segment_has_room_for_four_blocks_whatever_is_said) {
    EXPECT_GE(parse("cenote-profile 1\nclass 65536 segments 65536 131072\nend").layout.first_bytes(1),
              4 * 64_KiB);
}

TEST(profile, numbers_of_classes_that_it_has_not_are_found_by_no_size) {
    const class_layout to = parse("cenote-profile 1\nclass 48\nclass 65536\nend").layout;
    for (std::size_t size = 0; size <= max_class_size; ++size)
        ASSERT_LE(to.find(size), 2U);
    EXPECT_LT(to.magazine_slots, usual().magazine_slots) << "nor are there slots for their magazines";
}

TEST(profile, may_have_as_many_classes_as_there_are_numbers) {
    std::string text = "cenote-profile 1\n";
    for (unsigned c = 1; c != last_class; ++c)
        text += "class " + std::to_string(c <= 64 ? 16 * c : 1024 + 128 * (c - 64)) + "\n";
    EXPECT_EQ(parse(text + "class 65536\nend\n").fault.what, nullptr);
    const parsed p = parse(text + "class 32768\nclass 65536\nend\n");
    EXPECT_STREQ(p.fault.what, "more than 88 classes");
    EXPECT_EQ(p.fault.line, last_class + 2U);
}

struct bad_profile {
    const char* text;
    const char* what;
    unsigned line;
};
class bad_profiles : public testing::TestWithParam<bad_profile> {};

TEST_P(bad_profiles, are_refused_with_the_line_and_change_nothing) {
    const parsed p = parse(GetParam().text);
    ASSERT_STREQ(p.fault.what, GetParam().what);
    EXPECT_EQ(p.fault.line, GetParam().line);
    EXPECT_EQ(p.layout.sizes, usual().sizes);
    EXPECT_EQ(p.layout.magazine_limits, usual().magazine_limits);
}

constexpr const char* not_understood = "not understood";
INSTANTIATE_TEST_SUITE_P(
    each, bad_profiles,
    testing::Values(
        bad_profile{"", "it is empty", 0}, bad_profile{"\n# nothing\n", "it is empty", 0},
        bad_profile{"class 16\n", "it does not begin with cenote-profile", 1},
        bad_profile{"cenote-profile\n", "it does not begin with cenote-profile", 1},
        bad_profile{"\ncenote-profile 2\n", "it is of a version that is not known here", 2},
        bad_profile{"cenote-profile 1\n", "it has no end: a part is missing", 0},
        bad_profile{"cenote-profile 1\nclass 16\nclass 65536\nen", not_understood, 4},
        bad_profile{"cenote-profile 1\nclass 65536\n", "it has no end: a part is missing", 0},
        bad_profile{"cenote-profile 1\nend\n", "the last class is not 65536", 2},
        bad_profile{"cenote-profile 1\nclass 32768\nend\n", "the last class is not 65536", 3},
        bad_profile{"cenote-profile 1\nclass 32\nclass 16\n", "sizes do not ascend", 3},
        bad_profile{"cenote-profile 1\nclass 32\nclass 32\n", "sizes do not ascend", 3},
        bad_profile{"cenote-profile 1\nclass 0\n", "sizes do not ascend", 2},
        bad_profile{"cenote-profile 1\nclass 24\n", "no multiple of 16", 2},
        bad_profile{"cenote-profile 1\nclass 8208\n", "above 8192, but no multiple of 128", 2},
        bad_profile{"cenote-profile 1\nclass 65552\n", "no size class is above 65536", 2},
        bad_profile{"cenote-profile 1\nclass 9999999999\n", not_understood, 2},
        bad_profile{"cenote-profile 1\nclass -16\n", not_understood, 2},
        bad_profile{"cenote-profile 1\nclass 16K\n", not_understood, 2},
        bad_profile{"cenote-profile 1\nclass\n", not_understood, 2},
        bad_profile{"cenote-profile 1\nclasses 16\n", not_understood, 2},
        bad_profile{"cenote-profile 1\nclass 16 magazine\n", not_understood, 2},
        bad_profile{"cenote-profile 1\nclass 16 magazine 1\n", "a magazine has 2 to 4096 blocks", 2},
        bad_profile{"cenote-profile 1\nclass 16 magazine 4097\n", "a magazine has 2 to 4096 blocks", 2},
        bad_profile{"cenote-profile 1\nclass 16 magazine 8 magazine 8\n", not_understood, 2},
        bad_profile{"cenote-profile 1\nclass 16 segments 65536\n", not_understood, 2},
        bad_profile{"cenote-profile 1\nclass 16 segments 65537 131072\n",
                    "a first segment has a multiple of 65536 bytes, 4194304 at most", 2},
        bad_profile{"cenote-profile 1\nclass 16 segments 65536 65536\n",
                    "later segments have a power of two of bytes, from 131072 to 4194304", 2},
        bad_profile{"cenote-profile 1\r\n", "it does not begin with cenote-profile", 1}));

TEST(profile, of_too_many_bytes_is_refused) {
    const parsed p = parse(std::string(most_profile_bytes + 1, '\n'));
    EXPECT_STREQ(p.fault.what, "it has more than 16384 bytes");
}

} // namespace
} // namespace cenote_test
