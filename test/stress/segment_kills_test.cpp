// Processes that share a segment are killed at random instants, over and over; those that are not go on, and keep all that is theirs.
//
//     CENOTE_KILLS=10000 ./stress_segment     so many deaths; 300 otherwise
#include "cenote/shared_segment_pool.hpp"

#include "support/shared_object.hpp"
#include "support/stamped.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

using cenote::handle;
using cenote::participant_id;
using cenote::segment_descriptor;
using cenote::segment_error;

using pool_type = cenote::shared_segment_pool<stamped>;
using handle_type = handle<stamped>;

constexpr std::size_t capacity = 600; // several groups, at times full
constexpr std::size_t survivors = 2;
constexpr std::size_t victims = 3;
constexpr std::size_t postboxes = 16;
constexpr std::uint64_t for_the_post = std::uint64_t{1} << 63; // in stamps

// What the processes share beside the pool.
struct board {
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> stamps{1};
    std::atomic<std::uint64_t> post[postboxes]{}; // handles whose owner gives them up to whoever takes them
    // Of the survivors.
    std::atomic<std::uint64_t> wrong{0};
    std::atomic<std::uint64_t> operations{0};
    std::atomic<std::uint64_t> full{0};
    std::atomic<std::uint64_t> adopted{0};
    std::atomic<std::uint64_t> missed{0}; // was to be adopted, but its owner had died
    std::atomic<std::uint64_t> reclaimed{0};
    std::atomic<std::uint64_t> inherited{0};
};

class worker {
public:
    worker(pool_type& pool, board& shared, std::uint64_t seed, bool survives)
        : pool_(pool), board_(shared), random_(seed), survives_(survives) {}

    void step() {
        switch (random_() % 16) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
        case 5:
            create();
            break;
        case 6:
        case 7:
        case 8:
            destroy_one();
            break;
        case 9:
        case 10:
            check_one();
            break;
        case 11:
        case 12:
            post_one();
            break;
        case 13:
            give_one_away();
            break;
        case 14:
            if (random_() % 8 == 0) reclaim();
            break;
        default:
            if (random_() % 64 == 0) look_around();
        }
        while (own_.size() > capacity / 4)
            destroy_one();
        count(board_.operations);
    }

    void check_all_and_destroy() {
        while (!own_.empty())
            destroy_one();
    }

private:
    struct owned {
        handle_type object;
        std::uint64_t stamp;
    };

    // Relaxed, as all of the board but the post: counts.
    void count(std::atomic<std::uint64_t>& counter, std::uint64_t n = 1) {
        if (survives_) counter.fetch_add(n, std::memory_order_relaxed);
    }
    void expect(bool right) {
        if (!right) board_.wrong.fetch_add(1, std::memory_order_relaxed);
    }
    bool is_intact(const owned& o) {
        const stamped* const there = pool_.get(o.object);
        return there != nullptr && there->is(o.stamp) && pool_.owner_of(o.object) == pool_.id();
    }

    void create(std::uint64_t mark = 0) {
        const std::uint64_t stamp = board_.stamps.fetch_add(1, std::memory_order_relaxed) | mark;
        if (const handle_type h = pool_.try_create(stamp))
            own_.push_back({h, stamp});
        else
            count(board_.full);
    }
    std::size_t any() { return random_() % own_.size(); }
    owned take(std::size_t i) {
        std::swap(own_[i], own_.back());
        const owned o = own_.back();
        own_.pop_back();
        return o;
    }
    void destroy_one() {
        if (own_.empty()) return;
        const owned o = take(any());
        expect(is_intact(o));
        expect(pool_.destroy(o.object));
        expect(!pool_.contains(o.object));
    }
    void check_one() {
        if (!own_.empty()) expect(is_intact(own_[any()]));
    }
    // A new object for what lies there. Who takes an object from the post is the only one to do so.
    void post_one() {
        create(for_the_post);
        if (own_.empty() || (own_.back().stamp & for_the_post) == 0) return;
        const owned mine = take(own_.size() - 1);
        // Acquire and release: pairs with itself; who adopts sees the object.
        const auto there = handle_type::from_value(
            board_.post[random_() % postboxes].exchange(mine.object.value(), std::memory_order_acq_rel));
        if (!there) return;
        if (const stamped* const s = pool_.adopt(there)) {
            expect(s->is_whole());
            own_.push_back({there, s->of[0]});
            count(board_.adopted);
        } else
            count(board_.missed);
    }
    // To one that is killed some day, who knows nothing of it.
    void give_one_away() {
        if (!survives_ || own_.empty()) return;
        participant_id to;
        const std::uint64_t which = random_() % (victims + 1);
        pool_.for_each_participant([&](const cenote::segment_participant& p) {
            if (p.id.seat % (victims + 1) == which && p.id.seat > survivors + 1) to = p.id;
        });
        if (!to) return;
        const owned o = take(any());
        if (!pool_.give_to(to, o.object)) own_.push_back(o);
    }
    void reclaim() {
        if (random_() % 2 == 0) {
            count(board_.reclaimed, pool_.reclaim());
            return;
        }
        count(board_.reclaimed, pool_.reclaim([&](const stamped& s, handle_type h) {
            expect(s.is_whole());
            // What was posted may be adopted by whoever takes it from there.
            const bool wanted =
                own_.size() < capacity / 8 && random_() % 4 == 0 && (s.of[0] & for_the_post) == 0;
            if (wanted) {
                own_.push_back({h, s.of[0]});
                count(board_.inherited);
            }
            return wanted;
        }));
    }
    void look_around() {
        expect(pool_.valid());
        const cenote::segment_stats s = pool_.stats();
        expect(s.free + s.live + s.making == capacity);
    }

    pool_type& pool_;
    board& board_;
    std::mt19937_64 random_;
    bool survives_;
    std::vector<owned> own_;
};

class segment_kills : public ::testing::Test {
protected:
    void SetUp() override {
        if (!cenote::shared_memory::supported) GTEST_SKIP() << "not on this system";
        ASSERT_EQ(pool.try_open(nullptr, {.capacity = capacity, .participants = 16}), segment_error::none);
    }

    template <class Body>
    static pid_t start(Body body) {
        const pid_t child = ::fork();
        if (child < 0) std::abort(); // else all processes would be killed in its place
        if (child == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            body();
            ::_exit(0);
        }
        return child;
    }
    // Half of them come by an opening of their own, half as children of a fork.
    pid_t start_victim(std::uint64_t seed) {
        return start([&] {
            pool_type own;
            if (seed % 2 == 0) {
                const segment_descriptor d{pool.new_descriptor()};
                if (own.try_open(d) != segment_error::none) ::_exit(0); // all seats are taken
                ::close(d.value);
            }
            worker w(seed % 2 == 0 ? own : pool, *shared, seed, false);
            for (;;)
                w.step();
        });
    }
    pid_t start_survivor(std::uint64_t seed) {
        return start([&] {
            pool_type own;
            const segment_descriptor d{pool.new_descriptor()};
            if (own.try_open(d) != segment_error::none) ::_exit(1);
            ::close(d.value);
            worker w(own, *shared, seed, true);
            while (!shared->stop.load(std::memory_order_relaxed))
                w.step();
            w.check_all_and_destroy();
        });
    }

    shared_object<board> shared;
    pool_type pool;
};

TEST_F(segment_kills, cost_the_dead_their_objects_and_the_others_nothing) {
    const char* const asked = std::getenv("CENOTE_KILLS");
    const int kills = asked == nullptr ? 300 : std::atoi(asked);
    std::vector<pid_t> living;
    for (std::uint64_t i = 0; i != survivors; ++i)
        living.push_back(start_survivor(1'000'000 + i));
    // They have the first seats, so that give_one_away() finds others.
    while (pool.stats().participants != survivors + 1)
        ::usleep(100);

    pid_t doomed[victims];
    std::uint64_t seed = 0;
    for (pid_t& p : doomed)
        p = start_victim(seed++);
    std::mt19937_64 random(4711);
    std::uint64_t reclaimed_here = 0;
    for (int i = 0; i != kills; ++i) {
        pid_t& next = doomed[random() % victims];
        // From before it joins to some thousand operations later.
        ::usleep(static_cast<useconds_t>(random() % (random() % 4 == 0 ? 300 : 3'000)));
        ASSERT_EQ(::kill(next, SIGKILL), 0);
        ASSERT_EQ(::waitpid(next, nullptr, 0), next);
        if (i % 8 == 0) {
            // Nobody dies meanwhile. A survivor may just have been giving something to the dead: that is for the next time.
            int tries = 0;
            do
                reclaimed_here += pool.reclaim();
            while ((pool.has_dead() || pool.stats().abandoned != 0) && ++tries != 10'000);
            ASSERT_NE(tries, 10'000) << "what the dead owned is not reclaimed";
            ASSERT_TRUE(pool.valid());
        }
        next = start_victim(seed++);
    }
    for (const pid_t p : doomed) {
        ::kill(p, SIGKILL);
        ::waitpid(p, nullptr, 0);
    }
    shared->stop.store(true, std::memory_order_relaxed);
    for (const pid_t p : living) {
        int status = 0;
        ASSERT_EQ(::waitpid(p, &status, 0), p);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "a survivor did not survive";
    }
    EXPECT_EQ(shared->wrong, 0U);
    EXPECT_GT(shared->adopted, 0U);
    EXPECT_GT(shared->full, 0U);

    // What the last victims owned, and what was given to them.
    reclaimed_here += pool.reclaim();
    const cenote::segment_stats s = pool.stats();
    EXPECT_EQ(s.live + s.making + s.abandoned + s.dead, 0U);
    EXPECT_EQ(s.participants, 1U);
    EXPECT_TRUE(pool.valid());
    for (std::size_t i = 0; i != capacity; ++i)
        ASSERT_TRUE(pool.try_create(i)) << "all of it may be used";
    EXPECT_FALSE(pool.try_create(0U));

    std::printf("%d kills; survivors: %llu operations, %llu refused as full, %llu adopted, %llu missed, %llu "
                "reclaimed, "
                "%llu inherited; here %llu reclaimed\n",
                kills, static_cast<unsigned long long>(shared->operations.load()),
                static_cast<unsigned long long>(shared->full.load()),
                static_cast<unsigned long long>(shared->adopted.load()),
                static_cast<unsigned long long>(shared->missed.load()),
                static_cast<unsigned long long>(shared->reclaimed.load()),
                static_cast<unsigned long long>(shared->inherited.load()),
                static_cast<unsigned long long>(reclaimed_here));
}

} // namespace
} // namespace cenote_test
