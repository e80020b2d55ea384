// What the objects of a trace are told to whoever reads it, event by event.
#include "tool/trace/live_objects.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cenote::tool {
namespace {

using told = std::vector<std::string>;

// Keeps the sizes of objects but of those of size 0.
struct teller {
    std::optional<std::uint64_t> allocated(const event& e) {
        all.push_back("allocated " + std::to_string(e.size));
        return e.size == 0 ? std::nullopt : std::optional(e.size);
    }
    void freed(const event&, std::uint64_t size) { all.push_back("freed " + std::to_string(size)); }
    void forgotten(const event&, std::uint64_t size) { all.push_back("forgotten " + std::to_string(size)); }

    told all;
};

struct live_objects_of : testing::Test {
    bool allocate(std::uint64_t object, std::uint64_t size) {
        return objects.apply({.kind = event_kind::malloc, .object = object, .size = size}, to);
    }
    bool reallocate(std::uint64_t old, std::uint64_t object, std::uint64_t size, bool failed = false) {
        return objects.apply({.kind = event_kind::realloc,
                              .failed = failed,
                              .object = object,
                              .old_object = old,
                              .size = size},
                             to);
    }
    bool free(std::uint64_t object) {
        return objects.apply({.kind = event_kind::free, .object = object}, to);
    }
    std::vector<std::uint64_t> live() {
        std::vector<std::uint64_t> sizes;
        objects.for_each([&](std::uint64_t size) { sizes.push_back(size); });
        return sizes;
    }

    live_objects<std::uint64_t> objects;
    teller to;
};

TEST_F(live_objects_of, a_trace_are_told_when_they_come_and_go) {
    EXPECT_TRUE(allocate(1, 10));
    EXPECT_TRUE(allocate(2, 20));
    EXPECT_TRUE(free(1));
    EXPECT_EQ(to.all, (told{"allocated 10", "allocated 20", "freed 10"}));
    EXPECT_EQ(live(), std::vector<std::uint64_t>{20});
}

TEST_F(live_objects_of, a_realloc_end_before_its_new_one_begins) {
    allocate(1, 10);
    EXPECT_TRUE(reallocate(1, 2, 30));
    EXPECT_TRUE(reallocate(0, 3, 40)) << "without a block";
    EXPECT_EQ(to.all, (told{"allocated 10", "freed 10", "allocated 30", "allocated 40"}));
}

TEST_F(live_objects_of, before_are_not_told_and_not_known) {
    EXPECT_FALSE(free(7));
    EXPECT_FALSE(free(0));
    EXPECT_FALSE(reallocate(7, 8, 10));
    EXPECT_EQ(to.all, told{"allocated 10"});
}

TEST_F(live_objects_of, no_interest_are_not_kept) {
    allocate(1, 0);
    EXPECT_FALSE(free(1));
    EXPECT_EQ(to.all, told{"allocated 0"});
}

TEST_F(live_objects_of, calls_that_failed_change_nothing) {
    allocate(1, 10);
    EXPECT_TRUE(reallocate(1, 0, 1'000, true));
    EXPECT_EQ(to.all, told{"allocated 10"});
    EXPECT_TRUE(free(1));
}

TEST_F(live_objects_of, an_exec_are_forgotten) {
    allocate(1, 10);
    allocate(2, 20);
    EXPECT_TRUE(objects.apply({.kind = event_kind::exec}, to));
    EXPECT_FALSE(free(1));
    EXPECT_EQ(to.all, (told{"allocated 10", "allocated 20", "forgotten 10", "forgotten 20"}));
}

TEST_F(live_objects_of, a_damaged_trace_are_forgotten_where_their_number_comes_again) {
    allocate(1, 10);
    allocate(1, 20);
    free(1);
    EXPECT_EQ(to.all, (told{"allocated 10", "forgotten 10", "allocated 20", "freed 20"}));
    EXPECT_TRUE(live().empty());
}

} // namespace
} // namespace cenote::tool
