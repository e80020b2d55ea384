// The real-time pools: all memory resident and locked from the start, and then no system call, no page fault and no lock.
#include "cenote/pool/real_time_pool.hpp"

#include "cenote/cenote.hpp"
#include "control_loop/no_system_calls.hpp"
#include "support/child.hpp"
#include "support/objects.hpp"
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <new>
#include <sched.h>
#include <set>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

using object = stamped<56, 8>;
// Locked memory is scarce: an unprivileged process has 8 MiB as a rule, in containers sometimes 64 KiB.
constexpr std::size_t many = 20'000;

template <class Pool>
class real_time : public ::testing::Test {};
using real_time_pools =
    ::testing::Types<cenote::real_time_pool<object>, cenote::shared_real_time_pool<object>>;
TYPED_TEST_SUITE(real_time, real_time_pools);

// kB that this process has locked, as the kernel counts.
std::size_t locked_kib() {
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);)
        if (line.rfind("VmLck:", 0) == 0) return std::stoul(line.substr(6));
    return 0;
}
long page_faults() {
    rusage now{};
    ::getrusage(RUSAGE_SELF, &now);
    return now.ru_minflt + now.ru_majflt;
}

TYPED_TEST(real_time, has_room_for_exactly_what_it_was_made_for) {
    for (const std::size_t n : {std::size_t{1}, std::size_t{100}, many}) {
        TypeParam pool{n};
        EXPECT_TRUE(pool.is_ready());
        EXPECT_EQ(pool.capacity(), n);
        std::vector<object*> objects;
        while (object* const p = pool.try_create(std::uint64_t{1}))
            objects.push_back(p);
        EXPECT_EQ(objects.size(), n);
        EXPECT_EQ((std::set<object*>{objects.begin(), objects.end()}.size()), n);
        pool.destroy(objects[n / 2]);
        EXPECT_EQ(pool.try_create(std::uint64_t{1}), objects[n / 2]);
        EXPECT_THROW((void)pool.create(std::uint64_t{1}), cenote::out_of_memory);
        EXPECT_TRUE(pool.valid());
    }
}

TYPED_TEST(real_time, locks_what_it_takes_and_gives_it_back) {
    const std::size_t before = locked_kib();
    {
        const TypeParam pool{many};
        EXPECT_GE(locked_kib() - before, many * sizeof(object) / 1024);
        EXPECT_GE(locked_kib() - before, pool.stats().bytes / 1024);
        EXPECT_LE(locked_kib() - before, pool.stats().bytes / 1024 + 16) << "rounded to OS pages";
    }
    EXPECT_EQ(locked_kib(), before);
}

// Creates and destroys all of `objects`, in an order that passes every edge, and asks for more than there are.
template <class Pool>
bool use_all(Pool& pool, std::vector<object*>& objects) {
    for (int round = 0; round != 3; ++round) {
        for (object*& p : objects)
            if ((p = pool.try_create(std::uint64_t{7})) == nullptr) return false;
        for (int i = 0; i != 100; ++i)
            if (pool.try_create(std::uint64_t{7}) != nullptr) return false;
        for (std::size_t i = 0; i < objects.size(); i += 2)
            pool.destroy(objects[i]);
        for (std::size_t i = 0; i < objects.size(); i += 2)
            if ((objects[i] = pool.try_create(std::uint64_t{7})) == nullptr) return false;
        for (std::size_t i = objects.size(); i-- != 0;) {
            if (!objects[i]->holds(7)) return false;
            pool.destroy(objects[i]);
        }
    }
    return true;
}

TYPED_TEST(real_time, faults_in_no_page_when_it_is_used_and_an_ordinary_pool_does) {
    const auto faults_of = [](auto& pool) {
        std::vector<object*> objects(many);
        (void)page_faults();
        const long before = page_faults();
        EXPECT_TRUE(use_all(pool, objects));
        return page_faults() - before;
    };
    TypeParam first{many}; // faults in the code
    (void)faults_of(first);
    TypeParam pool{many};
    EXPECT_EQ(faults_of(pool), 0);
    cenote::object_pool<object> ordinary{cenote::growth::fixed(many)};
    EXPECT_GT(faults_of(ordinary), 100);
}

TYPED_TEST(real_time, makes_no_system_call_once_it_is_made_and_another_pool_does) {
    const auto under_a_filter = [](auto make) {
        return in_a_child([&] {
            auto pool = make();
            std::vector<object*> objects(many);
            if (!control_loop::forbid_system_calls()) return 77;
            ::_exit(use_all(pool, objects) ? 0 : 1); // before the pool gives its memory back
            return 0;
        });
    };
    const int ended = under_a_filter([] { return TypeParam{many, "under a filter"}; });
    if (ended == 77) GTEST_SKIP() << "no filter for system calls here";
    EXPECT_EQ(ended, 0);
    EXPECT_EQ(under_a_filter([] { return cenote::object_pool<object>{cenote::growth::fixed(many)}; }), -1)
        << "which takes its memory at the first create";
}

TEST(shared_real_time, makes_no_system_call_in_threads_that_contend_for_its_objects) {
    constexpr unsigned threads = 4;
    const int ended = in_a_child([] {
        static cenote::shared_real_time_pool<object> pool{1000};
        static std::atomic<unsigned> ready{0};
        static std::atomic<unsigned> done{0};
        static std::atomic<bool> failed{false};
        std::vector<std::thread> all;
        for (unsigned t = 0; t != threads; ++t)
            all.emplace_back([t] {
                std::array<object*, 400> mine{};
                if (!control_loop::forbid_system_calls()) ::_exit(77);
                ready.fetch_add(1);
                while (ready.load() != threads) {
                }
                // 1,600 are wanted at once, of 1,000: the list is empty again and again.
                for (int round = 0; round != 300; ++round) {
                    std::size_t got = 0;
                    while (got != mine.size() && (mine[got] = pool.try_create(std::uint64_t{t})) != nullptr)
                        ++got;
                    for (std::size_t i = 0; i != got; ++i) {
                        if (!mine[i]->holds(t)) failed.store(true);
                        pool.destroy(mine[i]);
                    }
                }
                done.fetch_add(1);
                while (true) { // a thread that ends makes system calls
                }
            });
        while (done.load() != threads)
            ::sched_yield();
        ::_exit(failed.load() || pool.live() != 0 ? 1 : 0);
        return 0;
    });
    if (ended == 77) GTEST_SKIP() << "no filter for system calls here";
    EXPECT_EQ(ended, 0);
}

TEST(shared_real_time, gives_every_object_to_one_thread) {
    cenote::shared_real_time_pool<object> pool{1000};
    on_threads(4, [&](unsigned t) {
        std::vector<object*> mine;
        for (int round = 0; round != 500; ++round) {
            while (mine.size() != 400) {
                object* const p = pool.try_create(std::uint64_t{t});
                if (p == nullptr) break;
                mine.push_back(p);
            }
            for (object* const p : mine) {
                EXPECT_TRUE(p->holds(t));
                pool.destroy(p);
            }
            mine.clear();
        }
    });
    EXPECT_EQ(pool.live(), 0U);
    EXPECT_TRUE(pool.valid());
}

TYPED_TEST(real_time, is_all_there_again_after_a_reset_and_a_visit) {
    TypeParam pool{1000};
    std::vector<object*> objects(1000);
    EXPECT_TRUE(use_all(pool, objects));
    for (int i = 0; i != 600; ++i)
        (void)pool.try_create(std::uint64_t{1});
    std::size_t visited = 0;
    pool.for_each([&visited](object&) { ++visited; });
    EXPECT_EQ(visited, 600U);
    EXPECT_NE(pool.try_create(std::uint64_t{1}), nullptr);
    pool.reset();
    EXPECT_EQ(pool.live(), 0U);
    EXPECT_TRUE(use_all(pool, objects));
}

// An unprivileged process with that limit.
void allow_to_lock(std::size_t bytes) {
    const rlimit most{bytes, bytes};
    ::setrlimit(RLIMIT_MEMLOCK, &most);
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(77);
}

TYPED_TEST(real_time, says_so_where_its_memory_cannot_be_locked_and_leaves_nothing) {
    EXPECT_EQ(in_a_child([] {
                  allow_to_lock(64 << 10);
                  const std::size_t held = cenote::process_budget.held();
                  std::string text;
                  try {
                      const TypeParam pool{many, "too much"};
                  } catch (const std::bad_alloc& e) {
                      text = e.what();
                  }
                  if (text.find("real_time_pool \"too much\" cannot have its 20000 blocks") ==
                      std::string::npos)
                      return 1;
                  if (text.find("RLIMIT_MEMLOCK is 65536 bytes") == std::string::npos) return 2;
                  if (cenote::process_budget.held() != held || locked_kib() != 0) return 3;
                  TypeParam quiet{many, std::nothrow};
                  if (quiet.is_ready() || quiet.try_create(std::uint64_t{1}) != nullptr) return 4;
                  TypeParam small{100};
                  std::vector<object*> objects(100);
                  return use_all(small, objects) ? 0 : 5;
              }),
              0);
}

TYPED_TEST(real_time, says_so_where_its_source_refuses) {
    cenote::process_budget.set_limit(cenote::process_budget.held());
    std::string text;
    try {
        const TypeParam pool{100};
    } catch (const std::bad_alloc& e) {
        text = e.what();
    }
    cenote::process_budget.set_limit(cenote::budget::no_limit);
    EXPECT_NE(text.find("cannot have its 100 blocks"), std::string::npos) << text;
    EXPECT_EQ(text.find("RLIMIT_MEMLOCK"), std::string::npos) << text;
}

TYPED_TEST(real_time, is_in_the_reports_by_its_name) {
    const TypeParam pool{100, "in time"};
    std::size_t found = 0;
    cenote::for_each_pool_report([&](const cenote::pool_report& r) {
        if (std::string{r.name} != "in time") return;
        ++found;
        EXPECT_EQ(r.limit, 100U);
        EXPECT_EQ(r.capacity, 100U);
    });
    EXPECT_EQ(found, 1U);
}

TEST(locked_source, has_no_decommit_and_counts_what_was_not_locked) {
    using source = cenote::locked_source<cenote::vm_source>;
    static_assert(cenote::memory_source<source> && !cenote::decommitting_source<source>);
    EXPECT_EQ(in_a_child([] {
                  allow_to_lock(64 << 10);
                  source from;
                  void* const small = from.allocate(4096, 8);
                  if (small == nullptr || from.not_locked() != 0 || locked_kib() != 4) return 1;
                  if (from.allocate(1 << 20, 8) != nullptr || from.not_locked() != 1) return 2;
                  from.deallocate(small, 4096, 8);
                  return locked_kib() == 0 ? 0 : 3;
              }),
              0);
}

} // namespace
} // namespace cenote_test
