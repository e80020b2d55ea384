// Objects in an arena: construction, destruction, and constructors that throw.
#include "cenote/pool/arena.hpp"

#include "unit/support/arenas.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

struct arena_creating : ::testing::Test {
    ledger books;
    std::vector<int> deaths;
    booked_arena arena{arena_growth{}, books};
};

TEST_F(arena_creating, passes_the_arguments_on_as_they_are) {
    using owner = std::pair<int, std::unique_ptr<int>>;
    const owner* const p = arena.create<owner>(7, std::make_unique<int>(8));
    EXPECT_EQ(p->first, 7);
    EXPECT_EQ(*p->second, 8);
}

TEST_F(arena_creating, aligns_objects_as_their_type_asks) {
    struct alignas(512) wide {
        char c = 'w';
    };
    for (int i = 0; i != 10; ++i) {
        EXPECT_TRUE(cenote::detail::is_aligned(arena.create<wide>(), 512));
        EXPECT_TRUE(cenote::detail::is_aligned(arena.create<double>(1.0), alignof(double)));
        static_cast<void>(arena.create<char>('c'));
    }
}

TEST_F(arena_creating, runs_destructors_newest_first_at_reset) {
    for (int i = 0; i != 5; ++i)
        static_cast<void>(arena.create<mourned>(deaths, i));
    EXPECT_TRUE(deaths.empty());
    EXPECT_TRUE(arena.reset(reset_mode::retain_capacity()));
    EXPECT_EQ(deaths, (std::vector<int>{4, 3, 2, 1, 0}));
    arena.reset(reset_mode::free_all());
    EXPECT_EQ(deaths.size(), 5U) << "and once";
}

TEST_F(arena_creating, runs_destructors_newest_first_when_it_dies) {
    {
        booked_arena dying{slabs_of_1000, books};
        for (int i = 0; i != 100; ++i)
            static_cast<void>(dying.create<mourned>(deaths, i));
        EXPECT_GT(dying.stats().slabs, 3U);
    }
    ASSERT_EQ(deaths.size(), 100U);
    for (int i = 0; i != 100; ++i)
        EXPECT_EQ(deaths[static_cast<std::size_t>(i)], 99 - i);
}

TEST_F(arena_creating, keeps_no_record_of_objects_without_a_destructor) {
    static_cast<void>(arena.create<long>(1));
    static_cast<void>(arena.create<long>(2));
    EXPECT_EQ(arena.stats().used, 2 * sizeof(long));
    static_cast<void>(arena.create<mourned>(deaths, 1));
    EXPECT_GT(arena.stats().used, 2 * sizeof(long) + sizeof(mourned));
}

TEST_F(arena_creating, makes_many_side_by_side_and_value_initialised) {
    const std::span<int> numbers = arena.create_n<int>(1000);
    ASSERT_EQ(numbers.size(), 1000U);
    for (const int n : numbers)
        EXPECT_EQ(n, 0);
    const std::span<std::string> strings = arena.create_n<std::string>(100);
    for (const std::string& s : strings)
        EXPECT_TRUE(s.empty());
    strings[50] = "a text that is too long to be kept inside of the string itself";
}

TEST_F(arena_creating, of_none_gives_none) {
    EXPECT_TRUE(arena.create_n<int>(0).empty());
    EXPECT_TRUE(arena.create_n<std::string>(0).empty());
    arena.reset(reset_mode::free_all());
}

struct numbered {
    static inline int made = 0;
    static inline std::vector<int> died;
    int number = made++;
    numbered() = default;
    numbered(const numbered&) = delete;
    numbered& operator=(const numbered&) = delete;
    ~numbered() { died.push_back(number); }
};

TEST_F(arena_creating, destroys_many_from_last_to_first) {
    numbered::made = 0;
    numbered::died.clear();
    ASSERT_EQ(arena.create_n<numbered>(4).size(), 4U);
    arena.reset(reset_mode::free_all());
    EXPECT_EQ(numbered::died, (std::vector<int>{3, 2, 1, 0}));
}

TEST_F(arena_creating, that_the_source_refuses_returns_nullptr_and_owes_no_destructor) {
    books.refuse(0);
    EXPECT_EQ(arena.try_create<int>(1), nullptr);
    EXPECT_EQ(arena.try_create<mourned>(deaths, 1), nullptr);
    arena.reset(reset_mode::free_all());
    EXPECT_TRUE(deaths.empty());
}

TEST_F(arena_creating, that_finds_room_for_the_record_only_owes_no_destructor) {
    struct large : mourned {
        using mourned::mourned;
        std::byte bytes[2000];
    };
    booked_arena small{slabs_of_1000, books};
    ASSERT_NE(small.allocate(1), nullptr);
    books.refuse_next_calls();
    EXPECT_EQ(small.try_create<large>(deaths, 1), nullptr);
    books.recover();
    EXPECT_NE(small.try_create<large>(deaths, 2), nullptr);
    small.reset(reset_mode::free_all());
    EXPECT_EQ(deaths, (std::vector<int>{2}));
}

TEST_F(arena_creating, of_many_has_a_form_that_does_not_throw) {
    EXPECT_EQ(arena.try_create_n<int>(5).size(), 5U);
    EXPECT_EQ(arena.try_create_n<int>(std::numeric_limits<std::size_t>::max()).data(), nullptr);
    books.refuse_next_calls();
    EXPECT_EQ(arena.try_create_n<long>(1'000'000).data(), nullptr);
    books.recover();
}

TEST_F(arena_creating, is_as_noexcept_as_the_constructor) {
    static_assert(noexcept(arena.try_create<int>(1)));
    static_assert(!noexcept(arena.try_create<std::string>("text")));
    static_assert(!noexcept(arena.create<int>(1)));
}

#if CENOTE_EXCEPTIONS

struct fails_at {
    static inline int left = 0;
    static inline int alive = 0;
    fails_at() {
        if (left-- == 0) throw std::string{"enough"};
        ++alive;
    }
    fails_at(const fails_at&) = delete;
    fails_at& operator=(const fails_at&) = delete;
    ~fails_at() { --alive; }
};

TEST_F(arena_creating, that_throws_lets_the_exception_out_and_owes_no_destructor) {
    fails_at::left = fails_at::alive = 0;
    EXPECT_THROW(static_cast<void>(arena.create<fails_at>()), std::string);
    fails_at::left = 0;
    EXPECT_THROW(static_cast<void>(arena.try_create<fails_at>()), std::string);
    EXPECT_EQ(*arena.create<int>(42), 42) << "and the arena goes on";
    arena.reset(reset_mode::free_all());
    EXPECT_EQ(fails_at::alive, 0);
}

TEST_F(arena_creating, of_many_that_throws_midway_destroys_those_already_made) {
    for (int made = 0; made != 5; ++made) {
        fails_at::left = made;
        fails_at::alive = 0;
        EXPECT_THROW(static_cast<void>(arena.create_n<fails_at>(5)), std::string);
        EXPECT_EQ(fails_at::alive, 0);
    }
    fails_at::left = 5;
    EXPECT_EQ(arena.create_n<fails_at>(5).size(), 5U);
    arena.reset(reset_mode::free_all());
    EXPECT_EQ(fails_at::alive, 0);
}

TEST_F(arena_creating, that_throws_uses_nothing_up) {
    (void)arena.create<int>(1);
    const std::size_t before = arena.stats().used;
    for (int i = 0; i != 3; ++i) {
        fails_at::left = 0;
        EXPECT_THROW(static_cast<void>(arena.create<fails_at>()), std::string);
        EXPECT_EQ(arena.stats().used, before);
        fails_at::left = 2;
        EXPECT_THROW(static_cast<void>(arena.create_n<fails_at>(5)), std::string);
        EXPECT_EQ(arena.stats().used, before);
    }
}

TEST_F(arena_creating, throws_bad_alloc_when_there_is_no_memory) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    EXPECT_THROW(static_cast<void>(arena.create_n<int>(most)), std::bad_alloc);
    EXPECT_THROW(static_cast<void>(arena.create_n<int>(most / sizeof(int) + 2)), std::bad_alloc)
        << "a product that wraps";
    EXPECT_THROW(static_cast<void>(arena.create_n<int>(most / 2 / sizeof(int))), std::bad_alloc);
    books.refuse_next_calls();
    EXPECT_THROW(static_cast<void>(arena.create<int>(1)), std::bad_alloc);
    EXPECT_THROW(static_cast<void>(arena.create<mourned>(deaths, 1)), std::bad_alloc);
    EXPECT_THROW(static_cast<void>(arena.create_n<int>(1)), std::bad_alloc);
}

#endif

} // namespace
} // namespace cenote_test
