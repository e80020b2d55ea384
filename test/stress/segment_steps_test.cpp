// A process that dies after exactly k instructions of an operation on a shared segment, for each k until the operation completes: a debugger lets it
// go one instruction at a time, and kills it. Whatever k was, what is left is as before the operation or as after it, and all of it comes back.
#include "cenote/shared_segment_pool.hpp"

#include "support/shared_object.hpp"
#include "support/stamped.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cenote_test {
namespace {

using cenote::handle;
using cenote::participant_id;
using cenote::segment_descriptor;
using cenote::segment_error;

using step_pool = cenote::shared_segment_pool<stamped>;

constexpr std::size_t blocks = 4;

// What the one who dies tells.
struct last_words {
    handle<stamped> object; // of stamp 2: what the operation is about
    participant_id id;
    std::atomic<bool> done{false};
    std::atomic<int> visits{0};
};

class killed_amid : public ::testing::Test {
protected:
    void SetUp() override {
        if (!cenote::shared_memory::supported) GTEST_SKIP() << "not on this system";
    }

    // In the child: prepare(pool), not traced; act(pool), one instruction at a time. Here: check(done) after the death.
    template <class Prepare, class Act, class Check>
    void after_each_instruction(Prepare prepare, Act act, Check check) {
        long k = 1;
        for (bool done = false; !done; ++k) {
            step_pool here;
            ASSERT_EQ(here.try_open(nullptr, {.capacity = blocks, .participants = 3}), segment_error::none);
            survivor = &here;
            bystander = here.create(1U);
            told.begin_anew();
            done = die_after(k, prepare, act);
            if (not_allowed) GTEST_SKIP() << "nobody may be traced here";
            ASSERT_TRUE(here.valid()) << k;
            check(done);
            here.reclaim();
            ASSERT_FALSE(::testing::Test::HasFailure()) << "killed after " << k << " instructions";
            expect_all_is_there(k);
        }
        std::printf("%ld instructions\n", k - 1);
    }

    // An object of stamp 2 that is owned by somebody dead.
    void leave_behind_by_the_dead() {
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            told->object = survivor->create(2U);
            ::_exit(told->object ? 0 : 1);
        }
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_EQ(status, 0);
    }

    bool is_there() const {
        const stamped* const s = survivor->get(told->object);
        return s != nullptr && s->is(2);
    }

    shared_object<last_words> told;
    step_pool* survivor = nullptr;
    handle<stamped> bystander;
    bool left_by_the_dead = false;

private:
    bool not_allowed = false;

    template <class Prepare, class Act>
    bool die_after(long k, Prepare& prepare, Act& act) {
        if (left_by_the_dead) leave_behind_by_the_dead();
        const pid_t child = ::fork();
        EXPECT_GE(child, 0);
        if (child < 0) return true;
        if (child == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            prepare(*survivor);
            if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(77);
            ::raise(SIGSTOP);
            act(*survivor);
            told->done.store(true);
            for (;;)
                continue;
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        not_allowed = !WIFSTOPPED(status);
        if (not_allowed) return true;
        for (long i = 0; i != k && !told->done; ++i) {
            EXPECT_EQ(::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr), 0);
            EXPECT_EQ(::waitpid(child, &status, 0), child);
            EXPECT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP) << status;
        }
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
        return told->done;
    }

    void expect_all_is_there(long k) {
        const cenote::segment_stats s = survivor->stats();
        ASSERT_EQ(s.dead + s.abandoned + s.making, 0U) << k;
        ASSERT_EQ(s.participants, 1U) << k;
        ASSERT_FALSE(survivor->has_dead()) << k;
        ASSERT_TRUE(survivor->get(bystander)->is(1)) << k;
        for (std::size_t i = s.live; i != blocks; ++i)
            ASSERT_TRUE(survivor->try_create(i)) << k;
        ASSERT_FALSE(survivor->try_create(0U)) << k;
        ASSERT_TRUE(survivor->valid()) << k;
    }
};

TEST_F(killed_amid, create) {
    after_each_instruction([](step_pool& p) { p.id(); }, [&](step_pool& p) { told->object = p.create(2U); },
                           [&](bool done) {
                               EXPECT_LE(survivor->stats().abandoned, 1U);
                               EXPECT_TRUE(!done || is_there());
                               survivor->reclaim();
                               EXPECT_EQ(survivor->stats().live, 1U);
                           });
}

TEST_F(killed_amid, destroy) {
    after_each_instruction(
        [&](step_pool& p) {
            told->object = p.create(2U);
            p.keep(told->object); // so that only destroy() ends it
        },
        [&](step_pool& p) { p.destroy(told->object); },
        [&](bool done) {
            const bool there = survivor->contains(told->object);
            EXPECT_EQ(there, is_there());
            EXPECT_FALSE(done && there);
            survivor->reclaim();
            EXPECT_EQ(survivor->stats().live, there ? 2U : 1U);
        });
}

TEST_F(killed_amid, adopt) {
    after_each_instruction(
        [&](step_pool& p) {
            told->object = p.create(2U);
            p.keep(told->object);
            told->id = p.id();
        },
        [&](step_pool& p) { static_cast<void>(p.adopt(told->object)); },
        [&](bool done) {
            EXPECT_TRUE(is_there());
            const bool adopted = survivor->owner_of(told->object) == told->id;
            EXPECT_TRUE(!done || adopted);
            EXPECT_EQ(survivor->reclaim(), adopted ? 1U : 0U);
            EXPECT_EQ(is_there(), !adopted);
        });
}

TEST_F(killed_amid, give_to) {
    after_each_instruction([&](step_pool& p) { told->object = p.create(2U); },
                           [&](step_pool& p) { p.give_to(p.owner_of(bystander), told->object); },
                           [&](bool done) {
                               EXPECT_TRUE(is_there());
                               const bool given = survivor->owner_of(told->object) == survivor->id();
                               EXPECT_TRUE(!done || given);
                               EXPECT_EQ(survivor->reclaim(), given ? 0U : 1U);
                               EXPECT_EQ(is_there(), given);
                           });
}

TEST_F(killed_amid, reclaim) {
    left_by_the_dead = true;
    after_each_instruction([](step_pool& p) { p.id(); }, [](step_pool& p) { p.reclaim(); },
                           [&](bool done) {
                               const bool there = survivor->contains(told->object);
                               EXPECT_EQ(there, is_there());
                               EXPECT_FALSE(done && there);
                               EXPECT_EQ(survivor->reclaim(), there ? 1U : 0U);
                               EXPECT_EQ(survivor->stats().live, 1U);
                           });
}

TEST_F(killed_amid, reclaim_with_a_visitor_who_keeps_what_it_sees) {
    left_by_the_dead = true;
    after_each_instruction([&](step_pool& p) { told->id = p.id(); },
                           [&](step_pool& p) {
                               p.reclaim([&](const stamped& s) {
                                   if (s.is(2)) ++told->visits;
                                   return true;
                               });
                           },
                           [&](bool done) {
                               const bool kept = is_there() && survivor->owner_of(told->object) == told->id;
                               EXPECT_TRUE(!done || kept);
                               EXPECT_FALSE(kept && told->visits != 1);
                               // It is shown again, whole, by whoever comes next.
                               int visits = 0;
                               EXPECT_EQ(survivor->reclaim([&](const stamped& s, handle<stamped> h) {
                                   visits += static_cast<int>(s.is(2) && h == told->object);
                               }),
                                         1U);
                               EXPECT_EQ(visits, 1);
                               EXPECT_EQ(survivor->stats().live, 1U);
                           });
}

TEST_F(killed_amid, join) {
    after_each_instruction([](step_pool&) {}, [](step_pool& p) { p.id(); },
                           [&](bool done) {
                               EXPECT_LE(survivor->stats().dead, 1U);
                               EXPECT_TRUE(!done || survivor->stats().dead == 1);
                           });
}

TEST_F(killed_amid, close) {
    after_each_instruction([&](step_pool& p) { told->object = p.create(2U); },
                           [](step_pool& p) { p.close(); },
                           [&](bool done) {
                               EXPECT_FALSE(done && survivor->stats().dead != 0);
                               EXPECT_FALSE(done && survivor->contains(told->object));
                               survivor->reclaim();
                               EXPECT_EQ(survivor->stats().live, 1U);
                           });
}

} // namespace
} // namespace cenote_test
