// What is left of processes that die, and of those that are taken for dead; children of forks.
#include "cenote/adaptor/shared_segment_pool.hpp"

#include "support/child.hpp"
#include "support/shared_object.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <set>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

using cenote::handle;
using cenote::participant_id;
using cenote::segment_descriptor;
using cenote::segment_error;
using cenote::shared_segment_pool;

struct task {
    std::uint64_t number;
};
using tasks = shared_segment_pool<task>;

// A child that does something and waits to be killed.
class victim {
public:
    template <class Body>
    explicit victim(Body body) {
        int report[2];
        if (::pipe(report) != 0) return;
        process = ::fork();
        if (process == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            const char done = body() ? 1 : 0;
            if (::write(report[1], &done, 1) != 1) ::_exit(1);
            for (;;)
                ::pause();
        }
        ::close(report[1]);
        char done = 0;
        did_it = ::read(report[0], &done, 1) == 1 && done == 1;
        ::close(report[0]);
    }
    ~victim() { die(); }
    victim(const victim&) = delete;
    victim& operator=(const victim&) = delete;
    void die() {
        if (process <= 0) return;
        ::kill(process, SIGKILL);
        ::waitpid(std::exchange(process, 0), nullptr, 0);
    }
    pid_t process = 0;
    bool did_it = false;
};

struct handles {
    handle<task> of[8];
    participant_id id;
};

class dead_process : public ::testing::Test {
protected:
    static constexpr std::size_t capacity = 50;
    void SetUp() override {
        if (!cenote::shared_memory::supported) GTEST_SKIP() << "not on this system";
        ASSERT_EQ(pool.try_open(nullptr, {.capacity = capacity, .participants = 3}), segment_error::none);
    }
    void TearDown() override {
        if (!pool.is_open()) return;
        EXPECT_TRUE(pool.valid());
        // Nothing is lost.
        pool.reclaim();
        pool.for_each([&](task&, handle<task> h) { EXPECT_TRUE(pool.destroy(h)); });
        for (std::size_t i = 0; i != capacity; ++i)
            EXPECT_TRUE(pool.try_create(task{i}));
        EXPECT_FALSE(pool.try_create(task{}));
    }
    // The pool by an opening of its own, in a child.
    bool open_anew(tasks& own) const {
        const segment_descriptor d{pool.new_descriptor()};
        return own.try_open(d) == segment_error::none && ::close(d.value) == 0;
    }
    // With so many objects, in a child that opened the segment itself.
    bool create(tasks& own, int count) {
        if (!open_anew(own)) return false;
        for (int i = 0; i != count; ++i)
            heard->of[i] = own.create(task{static_cast<std::uint64_t>(i)});
        heard->id = own.id();
        return true;
    }
    tasks pool;
    tasks childs;
    shared_object<handles> heard;
};

TEST_F(dead_process, loses_what_it_owned_and_nothing_else) {
    const auto mine = pool.create(task{77});
    victim child([&] { return create(childs, 4) && childs.keep(heard->of[3]); });
    ASSERT_TRUE(child.did_it);
    EXPECT_FALSE(pool.has_dead());
    EXPECT_EQ(pool.stats().participants, 2U);
    ASSERT_NE(pool.adopt(heard->of[2]), nullptr);
    const pid_t number = child.process;
    child.die();
    EXPECT_TRUE(pool.has_dead());
    EXPECT_EQ(pool.stats().dead, 1U);
    EXPECT_EQ(pool.stats().participants, 1U);
    EXPECT_EQ(pool.stats().abandoned, 2U);
    EXPECT_EQ(pool.live_of(heard->id), 2U);
    EXPECT_TRUE(pool.contains(heard->of[0])) << "until somebody reclaims";
    pool.for_each_participant([&](const cenote::segment_participant& p) {
        EXPECT_EQ(p.alive, p.here);
        EXPECT_EQ(p.process, static_cast<std::uint32_t>(p.here ? ::getpid() : number));
    });
    EXPECT_EQ(pool.reclaim(), 2U);
    EXPECT_EQ(pool.reclaim(), 0U);
    EXPECT_FALSE(pool.has_dead());
    EXPECT_FALSE(pool.contains(heard->of[0]));
    EXPECT_FALSE(pool.contains(heard->of[1]));
    EXPECT_EQ(pool.get(heard->of[2])->number, 2U) << "adopted";
    EXPECT_EQ(pool.get(heard->of[3])->number, 3U) << "kept";
    EXPECT_EQ(pool.get(mine)->number, 77U);
    EXPECT_FALSE(pool.give_to(heard->id, mine)) << "to the dead";
}

TEST_F(dead_process, is_known_though_another_has_its_number) {
    victim child([&] { return create(childs, 1); });
    ASSERT_TRUE(child.did_it);
    child.die();
    // As after a number was used again: that of the dead one's seat is a living process's.
    const segment_descriptor d{pool.new_descriptor()};
    void* const all = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, d.value, 0);
    ASSERT_NE(all, MAP_FAILED);
    reinterpret_cast<cenote::detail::segment_seat*>(
        static_cast<char*>(all) + cenote::detail::segment_layout::seats_at)[heard->id.seat - 1]
        .process = static_cast<std::uint32_t>(::getpid());
    ::munmap(all, 4096);
    ::close(d.value);
    EXPECT_EQ(pool.reclaim(), 1U);
}

TEST_F(dead_process, is_none_that_is_stopped) {
    victim child([&] { return create(childs, 1); });
    ASSERT_TRUE(child.did_it);
    ASSERT_EQ(::kill(child.process, SIGSTOP), 0);
    EXPECT_FALSE(pool.has_dead());
    EXPECT_EQ(pool.reclaim(), 0U);
    EXPECT_TRUE(pool.contains(heard->of[0]));
}

TEST_F(dead_process, leaves_objects_to_a_visitor_who_may_keep_them) {
    victim child([&] { return create(childs, 5); });
    ASSERT_TRUE(child.did_it);
    child.die();
    std::set<std::uint64_t> seen;
    const std::size_t freed = pool.reclaim([&](task& t, handle<task> h) {
        EXPECT_FALSE(pool.contains(h)) << "meanwhile";
        seen.insert(t.number);
        return t.number % 2 == 0;
    });
    EXPECT_EQ(freed, 2U);
    EXPECT_EQ(seen.size(), 5U);
    for (int i = 0; i != 5; ++i)
        EXPECT_EQ(pool.contains(heard->of[i]), i % 2 == 0);
    EXPECT_EQ(pool.owner_of(heard->of[0]), pool.id());
    EXPECT_EQ(pool.live_of(pool.id()), 3U);
}

#if CENOTE_EXCEPTIONS
TEST_F(dead_process, keeps_an_object_at_which_the_visitor_throws) {
    victim child([&] { return create(childs, 2); });
    ASSERT_TRUE(child.did_it);
    child.die();
    EXPECT_THROW(pool.reclaim([](task& t) {
        if (t.number == 0) throw 5;
    }),
                 int);
    EXPECT_EQ(pool.owner_of(heard->of[0]), pool.id());
    EXPECT_EQ(pool.reclaim([](task&) {}), 1U) << "the rest";
}
#endif

TEST_F(dead_process, that_died_visiting_leaves_the_visit_to_the_next) {
    victim child([&] { return create(childs, 1); });
    ASSERT_TRUE(child.did_it);
    child.die();
    tasks second;
    int report[2];
    ASSERT_EQ(::pipe(report), 0);
    const pid_t visitor = ::fork();
    ASSERT_GE(visitor, 0);
    if (visitor == 0) {
        if (!open_anew(second)) ::_exit(1);
        second.reclaim([&](task&) {
            const char there = 1;
            if (::write(report[1], &there, 1) != 1) ::_exit(2);
            for (;;)
                ::pause();
        });
    }
    char there = 0;
    ASSERT_EQ(::read(report[0], &there, 1), 1);
    EXPECT_EQ(pool.reclaim([](task&) { ADD_FAILURE() << "it is being visited"; }), 0U);
    ::kill(visitor, SIGKILL);
    ::waitpid(visitor, nullptr, 0);
    EXPECT_EQ(pool.stats().abandoned, 1U);
    int visits = 0;
    EXPECT_EQ(pool.reclaim([&](task& t, handle<task> h) { visits += t.number == 0 && h == heard->of[0]; }),
              1U);
    EXPECT_EQ(visits, 1);
    ::close(report[0]);
    ::close(report[1]);
}

// T's constructor waits to be killed.
struct never_done {
    explicit never_done(int report) {
        const char there = 1;
        if (::write(report, &there, 1) != 1) ::_exit(2);
        for (;;)
            ::pause();
    }
    std::uint64_t number = 0;
};

TEST_F(dead_process, in_a_constructor_leaves_a_block_that_nobody_visits) {
    shared_segment_pool<never_done> half(nullptr, {.capacity = 2});
    int report[2];
    ASSERT_EQ(::pipe(report), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) static_cast<void>(half.create(report[1]));
    char there = 0;
    ASSERT_EQ(::read(report[0], &there, 1), 1);
    EXPECT_EQ(half.stats().making, 1U);
    EXPECT_EQ(half.stats().live, 0U);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(half.reclaim([](never_done&) { ADD_FAILURE() << "no object"; }), 1U);
    EXPECT_EQ(half.stats().free, 2U);
    ::close(report[0]);
    ::close(report[1]);
}

TEST_F(dead_process, makes_room_for_the_next_participant) {
    victim one([&] { return create(childs, 1); });
    victim two([&] { return create(childs, 1); });
    ASSERT_TRUE(one.did_it && two.did_it);
    tasks third;
    const segment_descriptor d{pool.new_descriptor()};
    EXPECT_EQ(third.try_open(d), segment_error::no_seat);
    one.die();
    EXPECT_EQ(third.try_open(d), segment_error::none) << "reclaimed on the way";
    ::close(d.value);
    EXPECT_EQ(pool.stats().dead, 0U);
    EXPECT_EQ(pool.stats().participants, 3U);
}

TEST_F(dead_process, is_reclaimed_once_by_several_at_once) {
    for (int round = 0; round != 20; ++round) {
        victim child([&] { return create(childs, 8); });
        ASSERT_TRUE(child.did_it);
        child.die();
        std::atomic<std::size_t> freed{0};
        std::atomic<int> visits{0};
        std::vector<std::thread> threads;
        for (int i = 0; i != 3; ++i)
            threads.emplace_back([&] { freed += pool.reclaim([&](task&) { ++visits; }); });
        for (std::thread& t : threads)
            t.join();
        EXPECT_EQ(freed, 8U);
        EXPECT_EQ(visits, 8);
        EXPECT_FALSE(pool.has_dead());
    }
}

using child_of_a_fork = dead_process;

TEST_F(child_of_a_fork, is_a_participant_of_its_own) {
    const auto parents = pool.create(task{1});
    const participant_id parent = pool.id();
    victim child([&] {
        if (pool.id() == parent || pool.get(parents)->number != 1) return false;
        heard->of[0] = pool.create(task{2});
        heard->of[1] = pool.create(task{3});
        heard->id = pool.id();
        return pool.owner_of(heard->of[0]) == pool.id() && pool.owner_of(parents) == parent;
    });
    ASSERT_TRUE(child.did_it);
    EXPECT_EQ(pool.owner_of(heard->of[0]), heard->id);
    EXPECT_TRUE(pool.destroy(heard->of[1]));
    child.die();
    EXPECT_EQ(pool.reclaim(), 1U);
    EXPECT_TRUE(pool.contains(parents)) << "the child's death is not the parent's";
}

TEST_F(child_of_a_fork, does_not_keep_its_dead_parent_alive) {
    shared_object<pid_t> grandchild;
    victim child([&] {
        if (!create(childs, 3)) return false;
        const pid_t forked = ::fork();
        if (forked == 0)
            for (;;)
                ::pause();
        *grandchild = forked;
        return forked > 0;
    });
    ASSERT_TRUE(child.did_it);
    ASSERT_GT(*grandchild, 0);
    child.die();
    // The grandchild may not have run yet: it gives its parent's mark back before fork() returns there.
    while (!pool.has_dead())
        ::usleep(100);
    EXPECT_EQ(pool.reclaim(), 3U);
    ::kill(*grandchild, SIGKILL);
}

TEST_F(child_of_a_fork, without_a_seat_reads_and_is_nobody) {
    victim one([&] { return create(childs, 1); });
    victim two([&] { return create(childs, 1); });
    ASSERT_TRUE(one.did_it && two.did_it);
    const auto h = pool.create(task{5});
    EXPECT_EQ(in_a_child([&] {
                  if (pool.id() || pool.try_create(task{}) || pool.adopt(h) != nullptr) return 1;
                  if (pool.get(h)->number != 5 || !pool.valid()) return 2;
                  if (pool.reclaim([](task&) {}) != 0) return 3;
                  return pool.destroy(h) ? 0 : 4;
              }),
              0);
    EXPECT_FALSE(pool.contains(h));
}

// The descriptor that the next pool to open will keep: the lowest that is free.
int next_descriptor() {
    const int next = ::dup(STDERR_FILENO);
    ::close(next);
    return next;
}

// A number that is made while somebody reclaims.
struct made_amid_a_reclaim {
    tasks& pool;
    operator std::uint64_t() const { return pool.reclaim(); }
};

TEST_F(dead_process, is_what_one_seems_whose_mark_somebody_gave_back_and_who_stops_before_it_does_harm) {
    // In the death test's child, which is a participant of its own.
    const auto after_losing_the_mark = [&](auto use) {
        const segment_descriptor d{pool.new_descriptor()};
        const int kept = next_descriptor();
        tasks other;
        if (other.try_open(d) != segment_error::none || !other.create(task{1})) ::_exit(1);
        cenote::shared_memory::let_go(kept, other.id().seat);
        if (pool.reclaim() == 1) use(other);
    };
    EXPECT_DEATH(after_losing_the_mark([](tasks& other) { other.reclaim(); }),
                 "this process was taken for dead");
    // An object whose block is taken away amid its construction.
    EXPECT_DEATH(after_losing_the_mark(
                     [&](tasks& other) { static_cast<void>(other.create(made_amid_a_reclaim{pool})); }),
                 "this process was taken for dead");
}

TEST_F(dead_process, is_none_for_who_lost_its_descriptor) {
    const segment_descriptor d{pool.new_descriptor()};
    const int kept = next_descriptor();
    tasks other;
    ASSERT_EQ(other.try_open(d), segment_error::none);
    const auto h = pool.create(task{1});
    const auto others = other.create(task{2});
    ASSERT_EQ(::dup2(STDERR_FILENO, kept), kept); // closed, and the number of another file
    EXPECT_FALSE(other.has_dead());
    EXPECT_EQ(other.reclaim(), 0U);
    EXPECT_FALSE(pool.has_dead()) << "its mapping shows that it lives";
    EXPECT_TRUE(pool.contains(h) && pool.contains(others));
    ::close(kept);
    EXPECT_FALSE(other.has_dead());
    EXPECT_EQ(other.reclaim(), 0U);
    ASSERT_EQ(::dup2(d.value, kept), kept);
    ::close(d.value);
}

} // namespace
} // namespace cenote_test
