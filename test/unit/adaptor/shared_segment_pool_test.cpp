// What a pool in a shared segment does for one process that has it mapped once, or several times.
#include "cenote/adaptor/shared_segment_pool.hpp"

#include "support/child.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <random>
#include <sched.h>
#include <set>
#include <string>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

using cenote::handle;
using cenote::opening;
using cenote::participant_id;
using cenote::segment_descriptor;
using cenote::segment_error;
using cenote::segment_options;
using cenote::shared_segment_pool;
using cenote::shared_segment_view;

struct order {
    std::uint64_t number;
    std::uint32_t lots;
};
using orders = shared_segment_pool<order>;

// A second opening of the same segment.
segment_descriptor again(const orders& pool) { return {pool.new_descriptor()}; }

// A path that goes with the test.
struct temporary_path {
    explicit temporary_path(const char* name)
        : text("/dev/shm/cenote-test-" + std::to_string(::getpid()) + "-" + name) {}
    ~temporary_path() { ::unlink(text.c_str()); }
    temporary_path(const temporary_path&) = delete;
    temporary_path& operator=(const temporary_path&) = delete;
    operator const char*() const { return text.c_str(); }
    std::string text;
};

class shared_segment : public ::testing::Test {
protected:
    void SetUp() override {
        if (!cenote::shared_memory::supported) GTEST_SKIP() << "not on this system";
        ASSERT_EQ(pool.try_open(nullptr, {.capacity = 100, .participants = 4}), segment_error::none);
        const segment_descriptor d = again(pool);
        ASSERT_EQ(other.try_open(d), segment_error::none);
        ::close(d.value);
    }
    orders pool;
    orders other; // another participant, at another address
};

TEST_F(shared_segment, is_one_for_all_who_map_it) {
    const auto h = pool.create(order{7, 3});
    ASSERT_NE(pool.get(h), nullptr);
    ASSERT_NE(other.get(h), nullptr);
    EXPECT_NE(other.get(h), pool.get(h)) << "not the same address";
    EXPECT_EQ(other.get(h)->number, 7U);
    EXPECT_EQ(other.handle_of(other.get(h)), h);
    other.get(h)->lots = 5;
    EXPECT_EQ(pool.get(h)->lots, 5U);
    EXPECT_TRUE(other.destroy(h));
    EXPECT_EQ(pool.get(h), nullptr);
    EXPECT_FALSE(pool.destroy(h));
    EXPECT_TRUE(pool.valid());
}

TEST_F(shared_segment, gives_each_block_once_and_says_so_when_it_is_full) {
    std::set<handle<order>> all;
    for (std::uint64_t i = 0; i != 100; ++i)
        all.insert((i % 2 == 0 ? pool : other).create(order{i, 0}));
    EXPECT_EQ(all.size(), 100U);
    EXPECT_FALSE(pool.try_create(order{}));
    EXPECT_FALSE(other.try_create(order{}));
#if CENOTE_EXCEPTIONS
    EXPECT_THROW(static_cast<void>(pool.create(order{})), std::bad_alloc);
#endif
    const auto gone = *all.begin();
    EXPECT_TRUE(pool.destroy(gone));
    const auto h = other.try_create(order{1, 1});
    EXPECT_TRUE(h);
    EXPECT_EQ(h.index(), gone.index());
    EXPECT_NE(h, gone);
    EXPECT_EQ(pool.get(gone), nullptr) << "stale";
    EXPECT_TRUE(pool.valid());
}

TEST_F(shared_segment, answers_for_any_handle) {
    const auto h = pool.create(order{1, 1});
    for (const auto asked :
         {handle<order>{}, handle<order>{h.index(), 0}, handle<order>{h.index(), h.generation() + 1},
          handle<order>{99, 1}, handle<order>{100, 1}, handle<order>{0xFFFF'FFFFU, 1}}) {
        EXPECT_EQ(pool.get(asked), nullptr);
        EXPECT_FALSE(pool.contains(asked));
        EXPECT_FALSE(pool.destroy(asked));
        EXPECT_EQ(pool.adopt(asked), nullptr);
        EXPECT_FALSE(pool.keep(asked));
        EXPECT_FALSE(pool.give_to(pool.id(), asked));
        EXPECT_FALSE(pool.owner_of(asked));
    }
    EXPECT_TRUE(pool.contains(h));
    order elsewhere{};
    EXPECT_FALSE(pool.handle_of(&elsewhere));
    EXPECT_FALSE(pool.handle_of(nullptr));
    EXPECT_FALSE(pool.handle_of(reinterpret_cast<order*>(reinterpret_cast<char*>(pool.get(h)) + 1)));
    EXPECT_FALSE(pool.handle_of(other.get(h))) << "of another mapping";
}

TEST_F(shared_segment, knows_who_owns_what) {
    ASSERT_NE(pool.id(), other.id());
    const auto h = pool.create(order{1, 1});
    EXPECT_EQ(other.owner_of(h), pool.id());
    EXPECT_EQ(pool.live_of(pool.id()), 1U);
    ASSERT_NE(other.adopt(h), nullptr);
    EXPECT_EQ(pool.owner_of(h), other.id());
    EXPECT_TRUE(pool.give_to(pool.id(), h));
    EXPECT_EQ(other.owner_of(h), pool.id());
    EXPECT_TRUE(other.keep(h));
    EXPECT_FALSE(pool.owner_of(h));
    EXPECT_EQ(pool.stats().kept, 1U);
    EXPECT_FALSE(pool.give_to({}, h)) << "to nobody";
    EXPECT_FALSE(pool.give_to({3, 0}, h)) << "nobody sits there";
    EXPECT_FALSE(pool.give_to({other.id().seat, other.id().incarnation + 1}, h)) << "not yet born";
    EXPECT_FALSE(pool.give_to({5, 0}, h)) << "no such seat";
    EXPECT_EQ(pool.live_of({}), 0U);
    EXPECT_TRUE(pool.contains(h));
}

TEST_F(shared_segment, that_is_closed_leaves_what_it_owned_free_and_the_rest_alive) {
    const auto gone = other.create(order{1, 0});
    const auto adopted = other.create(order{2, 0});
    const auto given = other.create(order{3, 0});
    const auto kept = other.create(order{4, 0});
    ASSERT_NE(pool.adopt(adopted), nullptr);
    ASSERT_TRUE(other.give_to(pool.id(), given));
    ASSERT_TRUE(other.keep(kept));
    const participant_id was = other.id();
    other.close();
    EXPECT_FALSE(other.is_open());
    EXPECT_EQ(pool.get(gone), nullptr);
    for (const auto h : {adopted, given, kept})
        EXPECT_TRUE(pool.contains(h));
    EXPECT_FALSE(pool.give_to(was, kept));
    EXPECT_EQ(pool.stats().participants, 1U);
    EXPECT_EQ(pool.reclaim(), 0U) << "it did that itself";

    const segment_descriptor d = again(pool);
    ASSERT_EQ(other.try_open(d), segment_error::none);
    ::close(d.value);
    EXPECT_EQ(other.id().seat, was.seat);
    EXPECT_NE(other.id(), was) << "another one in the same seat";
    EXPECT_EQ(other.get(kept)->number, 4U);
}

TEST_F(shared_segment, outlives_all_participants_with_what_was_kept) {
    const temporary_path path("outlives");
    handle<order> kept;
    {
        orders first;
        ASSERT_EQ(first.try_open(path, {.capacity = 10}), segment_error::none);
        kept = first.create(order{5, 6});
        ASSERT_TRUE(first.keep(kept));
        ASSERT_TRUE(first.create(order{}));
    }
    orders second;
    ASSERT_EQ(second.try_open(path, {.how = opening::open}), segment_error::none);
    EXPECT_EQ(second.capacity(), 10U);
    EXPECT_EQ(second.stats().live, 1U);
    ASSERT_NE(second.adopt(kept), nullptr);
    EXPECT_EQ(second.get(kept)->lots, 6U);
}

TEST_F(shared_segment, visits_and_counts_what_lives) {
    std::set<std::uint64_t> numbers;
    for (std::uint64_t i = 0; i != 70; ++i)
        ASSERT_TRUE(pool.create(order{i, 0}));
    pool.for_each([&](const order& o, handle<order> h) {
        EXPECT_EQ(pool.get(h), &o);
        numbers.insert(o.number);
    });
    EXPECT_EQ(numbers.size(), 70U);
    int seen = 0;
    pool.for_each([&](order& o) { seen += static_cast<int>(pool.destroy(pool.handle_of(&o))); });
    EXPECT_EQ(seen, 70);
    const cenote::segment_stats s = pool.stats();
    EXPECT_EQ(s.live, 0U);
    EXPECT_EQ(s.free, 100U);
    EXPECT_EQ(s.participants, 2U);
    EXPECT_EQ(s.seats, 4U);
    EXPECT_EQ(s.dead + s.abandoned + s.making + s.kept, 0U);
    EXPECT_EQ(s.block_size, sizeof(order));
    int here = 0;
    pool.for_each_participant([&](const cenote::segment_participant& p) {
        EXPECT_TRUE(p.alive);
        EXPECT_EQ(p.process, static_cast<std::uint32_t>(::getpid()));
        here += static_cast<int>(p.here);
        EXPECT_EQ(p.here, p.id == pool.id());
    });
    EXPECT_EQ(here, 1);
}

TEST_F(shared_segment, has_no_more_participants_than_seats) {
    const segment_descriptor d = again(pool);
    orders third;
    orders fourth;
    orders fifth;
    EXPECT_EQ(third.try_open(d), segment_error::none);
    EXPECT_EQ(fourth.try_open(d), segment_error::none);
    EXPECT_EQ(fifth.try_open(d), segment_error::no_seat);
    EXPECT_FALSE(fifth.is_open());
    third.close();
    EXPECT_EQ(fifth.try_open(d), segment_error::none);
    EXPECT_EQ(fifth.try_open(d), segment_error::in_use) << "it is open already";
    ::close(d.value);
}

#if CENOTE_EXCEPTIONS
TEST_F(shared_segment, is_as_it_was_when_a_constructor_throws) {
    struct thrower {
        explicit thrower(bool fails) : value(1) {
            if (fails) throw 5;
        }
        int value;
    };
    shared_segment_pool<thrower> throwing(nullptr, {.capacity = 1});
    EXPECT_THROW(static_cast<void>(throwing.create(true)), int);
    EXPECT_EQ(throwing.stats().free, 1U);
    EXPECT_TRUE(throwing.create(false));
}
#endif

TEST(closed_segment, has_nothing_and_refuses) {
    orders none;
    EXPECT_FALSE(none.is_open());
    EXPECT_FALSE(none.try_create(order{}));
    EXPECT_EQ(none.get({0, 1}), nullptr);
    EXPECT_FALSE(none.destroy({0, 1}));
    EXPECT_FALSE(none.id());
    EXPECT_EQ(none.reclaim(), 0U);
    EXPECT_EQ(none.reclaim([](order&) {}), 0U);
    EXPECT_FALSE(none.has_dead());
    EXPECT_EQ(none.new_descriptor(), -1);
    EXPECT_EQ(none.stats().capacity, 0U);
    EXPECT_TRUE(none.valid());
    none.close();
}

class opening_a_segment : public ::testing::Test {
protected:
    void SetUp() override {
        if (!cenote::shared_memory::supported) GTEST_SKIP() << "not on this system";
    }
    temporary_path path{"opening"};
    orders pool;
};

TEST_F(opening_a_segment, creates_or_finds_as_it_is_told) {
    EXPECT_EQ(pool.try_open(path, {.capacity = 10, .how = opening::open}), segment_error::not_found);
    EXPECT_EQ(pool.try_open(path, {.capacity = 10, .how = opening::create}), segment_error::none);
    orders second;
    EXPECT_EQ(second.try_open(path, {.capacity = 10, .how = opening::create}), segment_error::exists);
    EXPECT_EQ(second.try_open(path, {.capacity = 10}), segment_error::none);
    EXPECT_EQ(orders::unlink(path), segment_error::none);
    EXPECT_EQ(orders::unlink(path), segment_error::not_found);
    const auto h = pool.create(order{1, 1});
    EXPECT_TRUE(second.contains(h)) << "without its name it goes on";
    orders third;
    EXPECT_EQ(third.try_open(path), segment_error::bad_argument)
        << "nothing there, and how large would it be";
    EXPECT_EQ(third.try_open(path, {.capacity = 10}), segment_error::none);
    EXPECT_FALSE(third.contains(h)) << "another segment";
}

TEST_F(opening_a_segment, refuses_what_is_no_such_segment) {
    int os_error = 0;
    EXPECT_EQ(pool.try_open("/nowhere/at/all", {.capacity = 10}, &os_error), segment_error::not_found);
    EXPECT_EQ(os_error, ENOENT);
    EXPECT_EQ(pool.try_open("", {.capacity = 10}), segment_error::bad_argument);
    EXPECT_EQ(pool.try_open(nullptr), segment_error::bad_argument);
    EXPECT_EQ(pool.try_open(path, {.capacity = 10, .participants = 0}), segment_error::bad_argument);
    EXPECT_EQ(pool.try_open(path, {.capacity = std::size_t{1} << 40}), segment_error::bad_argument);
    EXPECT_EQ(pool.try_open("/dev/null", {.capacity = 10}), segment_error::not_a_segment);
    EXPECT_EQ(pool.try_open("/dev/shm", {.capacity = 10}), segment_error::not_a_segment);
    EXPECT_EQ(pool.try_open(segment_descriptor{-1}), segment_error::bad_argument);

    const int fd = ::open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(pool.try_open(path), segment_error::not_a_segment) << "empty";
    ASSERT_EQ(::ftruncate(fd, 1 << 20), 0);
    EXPECT_EQ(pool.try_open(path), segment_error::not_a_segment) << "zeroes";
    ::close(fd);
    EXPECT_FALSE(pool.is_open());
}

TEST_F(opening_a_segment, refuses_another_layout_tag_or_length) {
    ASSERT_EQ(pool.try_open(path, {.capacity = 10, .tag = 1}), segment_error::none);
    orders second;
    EXPECT_EQ(second.try_open(path, {.capacity = 11, .tag = 1}), segment_error::other_layout);
    EXPECT_EQ(second.try_open(path, {.tag = 2}), segment_error::other_tag);
    shared_segment_pool<std::uint64_t> smaller;
    EXPECT_EQ(smaller.try_open(path, {.tag = 1}), segment_error::other_layout);
    pool.close();
    ASSERT_EQ(::truncate(path, 200), 0);
    EXPECT_EQ(second.try_open(path, {.tag = 1}), segment_error::truncated);
    ASSERT_EQ(::truncate(path, 100), 0);
    EXPECT_EQ(second.try_open(path, {.tag = 1}), segment_error::not_a_segment);
}

// A file system of 64 KiB, of a child's own.
TEST_F(opening_a_segment, that_the_file_system_has_no_room_for_leaves_no_file) {
    const std::string folder = path.text;
    ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
    const std::string inside = folder + "/segment";
    constexpr int not_allowed = 77;
    const int said = in_a_child([&] {
        if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return not_allowed;
        if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("none", folder.c_str(), "tmpfs", 0, "size=64k") != 0)
            return not_allowed;
        int os_error = 0;
        if (pool.try_open(inside.c_str(), {.capacity = 100'000}, &os_error) != segment_error::no_space)
            return 1;
        if (os_error != ENOSPC || ::access(inside.c_str(), F_OK) == 0) return 2;
        struct statvfs room {};
        if (::statvfs(folder.c_str(), &room) != 0 || room.f_bfree != room.f_blocks) return 3;
        if (pool.try_open(inside.c_str(), {.capacity = 100}) != segment_error::none) return 4;
        for (std::size_t i = 0; i != 100; ++i)
            if (!pool.try_create(order{i, 0})) return 5;
        return 0;
    });
    ::rmdir(folder.c_str());
    if (said == not_allowed) GTEST_SKIP() << "mounting is not allowed here";
    EXPECT_EQ(said, 0);
}

TEST_F(opening_a_segment, alone_keeps_others_out) {
    orders second;
    ASSERT_EQ(pool.try_open(path, {.capacity = 10}), segment_error::none);
    EXPECT_EQ(second.try_open(path, {.exclusive = true}), segment_error::in_use);
    pool.close();
    ASSERT_EQ(second.try_open(path, {.exclusive = true}), segment_error::none);
    EXPECT_EQ(pool.try_open(path), segment_error::in_use);
    shared_segment_view<order> view;
    EXPECT_EQ(view.try_open(path), segment_error::in_use);
    second.close();
    EXPECT_EQ(view.try_open(path), segment_error::none);
    EXPECT_EQ(pool.try_open(path, {.exclusive = true}), segment_error::in_use) << "somebody looks";
}

TEST_F(opening_a_segment, for_reading_takes_no_seat_and_needs_no_permission_to_write) {
    ASSERT_EQ(pool.try_open(path, {.capacity = 10, .participants = 1, .permissions = 0400}),
              segment_error::none);
    const auto h = pool.create(order{8, 9});
    shared_segment_view<order> view;
    EXPECT_EQ(view.try_open(nullptr, {.capacity = 10}), segment_error::bad_argument);
    EXPECT_EQ(view.try_open(path, {.exclusive = true}), segment_error::bad_argument);
    ASSERT_EQ(view.try_open(path), segment_error::none);
    static_assert(std::is_same_v<decltype(view.get(h)), const order*>);
    ASSERT_NE(view.get(h), nullptr);
    EXPECT_EQ(view.get(h)->lots, 9U);
    EXPECT_EQ(view.handle_of(view.get(h)), h);
    EXPECT_EQ(view.stats().participants, 1U);
    EXPECT_EQ(view.owner_of(h), pool.id());
    EXPECT_TRUE(view.valid());
    int seen = 0;
    view.for_each([&](const order&) { ++seen; });
    EXPECT_EQ(seen, 1);
    if (::geteuid() != 0) {
        orders second;
        EXPECT_EQ(second.try_open(path), segment_error::denied);
    }
}

#if CENOTE_EXCEPTIONS
TEST_F(opening_a_segment, says_what_is_wrong_in_words) {
    try {
        const orders missing(path, {.how = opening::open});
        FAIL();
    } catch (const cenote::segment_failure& failure) {
        EXPECT_EQ(failure.error(), segment_error::not_found);
        EXPECT_EQ(failure.os_error(), ENOENT);
        EXPECT_EQ(std::string(failure.what()),
                  "shared segment " + path.text + ": there is none: " + std::strerror(ENOENT));
    }
    EXPECT_THROW((orders{nullptr, {.capacity = 0}}), cenote::segment_failure);
    EXPECT_THROW((orders{segment_descriptor{-1}}), cenote::segment_failure);
    EXPECT_THROW((shared_segment_view<order>{path}), cenote::segment_failure);
}
#endif

TEST(segment_errors, have_words_each_of_their_own) {
    std::set<std::string> all;
    for (int i = 0; i <= static_cast<int>(segment_error::os); ++i)
        all.insert(cenote::to_text(static_cast<segment_error>(i)));
    EXPECT_EQ(all.size(), static_cast<std::size_t>(segment_error::os) + 1);
    EXPECT_STREQ(cenote::to_text(static_cast<segment_error>(200)), "unknown error");
}

// Whatever somebody wrote over the segment's own words: no access outside of it, no endless loop, and blocks of nobody are free
// after a reclaim.
TEST_F(opening_a_segment, that_somebody_wrote_over_touches_nothing_outside) {
    std::mt19937_64 random(7);
    for (int round = 0; round != 200; ++round) {
        orders victim;
        ASSERT_EQ(victim.try_open(nullptr, {.capacity = 70, .participants = 3}), segment_error::none);
        const segment_descriptor d = again(victim);
        orders helper;
        ASSERT_EQ(helper.try_open(d), segment_error::none);
        std::vector<handle<order>> handles;
        for (std::uint64_t i = 0; i != 40; ++i)
            handles.push_back((i % 2 == 0 ? victim : helper).create(order{i, 0}));
        // Everything behind the seats, and at times the seats of the others.
        struct stat s {};
        ASSERT_EQ(::fstat(d.value, &s), 0);
        const auto bytes = static_cast<std::size_t>(s.st_size);
        void* const all = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, d.value, 0);
        ASSERT_NE(all, MAP_FAILED);
        const std::size_t from = round % 4 == 0 ? 128 + 64 : 128 + 3 * 64;
        for (int i = 0; i != 300; ++i) {
            auto* const at = static_cast<unsigned char*>(all) + from + random() % (bytes - from);
            *at = static_cast<unsigned char>(random());
        }
        for (std::uint64_t i = 0; i != 70; ++i) {
            static_cast<void>(victim.get(
                {static_cast<std::uint32_t>(random() % 80), static_cast<std::uint32_t>(random() % 4)}));
            const handle<order> any{static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(random() % 4)};
            victim.owner_of(any);
            if (i % 3 == 0) victim.destroy(handles[i % handles.size()]);
            if (i % 5 == 0) static_cast<void>(victim.adopt(any));
        }
        static_cast<void>(victim.stats());
        static_cast<void>(victim.valid());
        victim.for_each([](order& o) { o.number = 0; });
        victim.for_each_participant([](const cenote::segment_participant&) {});
        if (from != 128 + 64) { // else it may find itself taken for dead
            victim.reclaim([](order& o) { return o.lots % 2 == 1; });
            victim.reclaim();
            EXPECT_EQ(victim.stats().abandoned, 0U);
            while (victim.try_create(order{}))
                continue;
        }
        ::munmap(all, bytes);
        ::close(d.value);
    }
}

TEST_F(shared_segment, audit_finds_what_was_written_over) {
    const segment_descriptor d = again(pool);
    void* const all = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, d.value, 0);
    ::close(d.value);
    ASSERT_NE(all, MAP_FAILED);
    ASSERT_TRUE(pool.valid());
    cenote::detail::segment_layout layout;
    ASSERT_TRUE(layout.compute(100, 4, {sizeof(order), alignof(order)}));
    const std::pair<std::size_t, unsigned char> wrong[] = {
        {40, 1},                               // the header
        {128, 4},                              // a seat
        {layout.full_at, 2},                   // a mark of a full group
        {layout.words_at + 8 * 99, 2},         // live, of the segment: that may be
        {layout.words_at + 8 * 99, 1},         // being made, by nobody
        {layout.words_at + 8 * 99, 4},         // free, and owned
        {layout.words_at + 8 * 99, 5 * 4 + 2}, // owned by a seat that there is not
    };
    for (const auto& [where, what] : wrong) {
        unsigned char& byte = static_cast<unsigned char*>(all)[where];
        const unsigned char was = std::exchange(byte, static_cast<unsigned char>(byte ^ what));
        EXPECT_EQ(pool.valid(), what == 2 && where != layout.full_at) << where;
        byte = was;
    }
    EXPECT_TRUE(pool.valid());
    ::munmap(all, 4096);
}

} // namespace
} // namespace cenote_test
