// What a process shows to `cenote top`, when, and to whom not. Each test has a process of its own: what is published stays so.
#include "cenote/publish.hpp"

#include "cenote/cenote.hpp"
#include "support/child.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

using cenote::growth;
using cenote::detail::heap_report;
using cenote::detail::pool_publication;
using cenote::detail::published_head;
using cenote::detail::published_page;
using namespace cenote::literals;

// A page of this process, as another process finds it.
struct found_page {
    int file = -1;
    published_page* at = nullptr;
};
std::vector<found_page> find_pages_of(int process) {
    std::vector<found_page> found;
    DIR* const folder = ::opendir("/proc/self/fd");
    while (const dirent* const each = ::readdir(folder)) {
        const std::string path = std::string("/proc/self/fd/") + each->d_name;
        char target[64] = {};
        if (::readlink(path.c_str(), target, sizeof target - 1) < 0 ||
            !std::string_view(target).starts_with("/memfd:cenote-top"))
            continue;
        const int file = std::atoi(each->d_name);
        void* const p = ::mmap(nullptr, sizeof(published_page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (p == MAP_FAILED) continue;
        auto* const page = static_cast<published_page*>(p);
        if (page->is_right() && page->process() == static_cast<std::uint32_t>(process))
            found.push_back({file, page});
    }
    ::closedir(folder);
    return found;
}
std::vector<found_page> find_pages() { return find_pages_of(::getpid()); }

struct shown {
    published_head head;
    std::vector<heap_report> rows{published_page::most_rows};
    explicit shown(const published_page* from) {
        EXPECT_TRUE(from->read(head, rows.data(), 100'000));
        rows.resize(head.rows);
    }
    const heap_report* find(std::string_view name, std::size_t block_size = 0) const {
        for (const heap_report& r : rows)
            if (r.name == name && (block_size == 0 || r.block_size == block_size)) return &r;
        return nullptr;
    }
};

ino_t inode_of(int file) {
    struct stat about {};
    EXPECT_EQ(::fstat(file, &about), 0);
    return about.st_ino;
}
std::size_t open_files() {
    std::size_t count = 0;
    DIR* const folder = ::opendir("/proc/self/fd");
    while (::readdir(folder) != nullptr)
        ++count;
    ::closedir(folder);
    return count;
}

void ask() { *pool_publication.wanted() = cenote::detail::publication::asked; }

// Slow paths of the heap: each block is a large one.
void work() {
    cenote::heap heap;
    heap.deallocate(heap.allocate(1_MiB));
}
void work_for(int milliseconds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    while (std::chrono::steady_clock::now() < until)
        work();
}

// In a process of its own, with what this one's expectations say.
template <class Body>
void alone(Body body) {
    EXPECT_EQ(in_a_child([&] {
                  body();
                  return ::testing::Test::HasFailure() ? 1 : 0;
              }),
              0);
}

TEST(publication, there_is_nothing_until_somebody_asks) {
    alone([] {
        work();
        EXPECT_TRUE(find_pages().empty());
        ask();
        EXPECT_TRUE(find_pages().empty()) << "nobody came along a slow path";
        work();
        EXPECT_EQ(find_pages().size(), 1U);
    });
}

TEST(publication, has_named_pools_and_named_heaps_with_their_size_classes) {
    alone([] {
        cenote::object_pool<int> pool{growth{}.named("numbers")};
        cenote::object_pool<int> nameless;
        int* const one = pool.create(1);
        int* const other = nameless.create(2);
        cenote::heap heap{cenote::heap_options{.name = "mine"}};
        void* const block = heap.allocate(100);
        ASSERT_TRUE(cenote::publish());
        const auto pages = find_pages();
        ASSERT_EQ(pages.size(), 1U);
        const shown now(pages[0].at);
        EXPECT_EQ(now.head.number, 1U);
        ASSERT_NE(now.find("numbers"), nullptr);
        EXPECT_EQ(now.find("numbers")->live, 1U);
        EXPECT_STREQ(now.find("numbers")->kind, "object_pool");
        ASSERT_NE(now.find("mine", 1), nullptr);
        EXPECT_STREQ(now.find("mine", 1)->kind, "heap");
        EXPECT_EQ(now.find("mine", 1)->threads, 1U);
        const auto& in_class = std::find_if(now.rows.begin(), now.rows.end(), [](const heap_report& r) {
            return std::string_view(r.name) == "mine" && std::string_view(r.kind) == "size_class";
        });
        ASSERT_NE(in_class, now.rows.end());
        EXPECT_EQ(in_class->live - in_class->in_magazines, 1U);
        heap.deallocate(block);
        pool.destroy(one);
        nameless.destroy(other);
    });
}

TEST(publication, snapshots_are_taken_only_while_they_are_wanted_and_not_too_often) {
    alone([] {
        ASSERT_TRUE(cenote::publish());
        published_page* const page = find_pages().at(0).at;
        page->want(0);
        EXPECT_EQ(shown(page).head.number, 1U);
        work_for(250);
        EXPECT_EQ(shown(page).head.number, 1U) << "nobody wants any";
        page->want(2);
        const auto begin = std::chrono::steady_clock::now();
        while (page->wanted() != 0)
            work();
        EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(80));
        work_for(250);
        EXPECT_EQ(shown(page).head.number, 3U);
        EXPECT_GT(shown(page).head.cost, 0U);
    });
}

constexpr std::uint64_t slow_nanoseconds = 12'000'000;
constinit cenote::detail::report_teller slow{
    [](cenote::detail::telling, cenote::detail::report_visitor, void*) noexcept {
        const std::uint64_t begin = cenote::detail::thread_nanoseconds();
        while (cenote::detail::thread_nanoseconds() - begin < slow_nanoseconds) {
        }
        return true;
    }};

TEST(publication, snapshots_take_one_percent_of_the_time_at_most_whatever_they_cost) {
    using cenote::detail::publication;
    for (std::uint64_t cost = 1; cost < 1'000'000'000'000; cost *= 3) {
        const std::uint64_t pause = publication::pause_after(cost);
        EXPECT_GE(pause, publication::interval);
        EXPECT_GE((pause - publication::clock_step) * 1'000'000, 99 * cost) << cost;
    }
    alone([] {
        cenote::detail::pool_records.add(slow);
        const auto begin = std::chrono::steady_clock::now();
        ASSERT_TRUE(cenote::publish());
        published_page* const page = find_pages().at(0).at;
        while (shown(page).head.number < 3) {
            ask();
            work();
        }
        EXPECT_GE(std::chrono::steady_clock::now() - begin,
                  std::chrono::nanoseconds(2 * 99 * slow_nanoseconds));
        EXPECT_GE(shown(page).head.cost, 3 * slow_nanoseconds);
    });
}

TEST(publication, named_pools_alone_publish_as_well) {
    alone([] {
        ASSERT_TRUE(cenote::publish());
        published_page* const page = find_pages().at(0).at;
        cenote::cached_pool<int> pool{growth{}.named("cached")};
        page->want(1);
        while (page->wanted() != 0) {
            int* const one = pool.create(1);
            pool.destroy(one);
            pool.trim();
        }
        EXPECT_NE(shown(page).find("cached"), nullptr);
    });
}

TEST(publication, pools_that_are_gone_are_gone) {
    alone([] {
        published_page* page = nullptr;
        {
            cenote::object_pool<int> one{growth{}.named("one")}, two{growth{}.named("two")};
            one.destroy(one.create());
            two.destroy(two.create());
            ASSERT_TRUE(cenote::publish());
            page = find_pages().at(0).at;
            EXPECT_NE(shown(page).find("one"), nullptr);
        }
        page->want(1);
        while (page->wanted() != 0)
            work();
        const shown now(page);
        EXPECT_EQ(now.find("one"), nullptr);
        EXPECT_EQ(now.find("two"), nullptr);
    });
}

TEST(publication, of_too_many_pools_those_that_hold_most_are_shown) {
    alone([] {
        struct block {
            char bytes[64];
        };
        constexpr std::size_t count = published_page::most_rows + 50;
        std::deque<cenote::object_pool<block>> pools;
        std::vector<std::string> names;
        for (std::size_t i = 0; i != count; ++i)
            names.push_back("pool " + std::to_string(i));
        // The first and the last few hold more than those between.
        const auto is_large = [](std::size_t i) { return i < 10 || i >= count - 10; };
        for (std::size_t i = 0; i != count; ++i) {
            pools.emplace_back(growth{}.named(names[i].c_str()));
            pools.back().preheat(is_large(i) ? 10'000 : 10);
        }
        ASSERT_TRUE(cenote::publish());
        published_page* const page = find_pages().at(0).at;
        for (int round = 0; round != 2; ++round) {
            const shown now(page);
            EXPECT_EQ(now.head.rows, published_page::most_rows);
            EXPECT_GE(now.head.left_out, 50U);
            for (std::size_t i = 0; i != count; ++i)
                if (is_large(i)) {
                    EXPECT_NE(now.find(names[i]), nullptr) << names[i] << " in round " << round;
                }
            page->want(1);
            while (page->wanted() != 0)
                work();
        }
    });
}

TEST(publication, the_file_has_a_high_number_and_does_not_outlive_an_exec) {
    alone([] {
        ASSERT_TRUE(cenote::publish());
        const int file = find_pages().at(0).file;
        EXPECT_GE(file, 100);
        EXPECT_NE(::fcntl(file, F_GETFD) & FD_CLOEXEC, 0);
        EXPECT_NE(::fcntl(file, F_GET_SEALS) & F_SEAL_SHRINK, 0);
    });
}

TEST(publication, asked_again_it_makes_another_file_where_somebody_closed_it) {
    alone([] {
        ask();
        work();
        const found_page first = find_pages().at(0);
        ::close(first.file);
        EXPECT_TRUE(find_pages().empty());
        work();
        EXPECT_TRUE(find_pages().empty());
        ask();
        work();
        ASSERT_EQ(find_pages().size(), 1U);
        EXPECT_GE(shown(find_pages()[0].at).head.number, 1U);
    });
}

TEST(publication, asked_again_it_makes_no_other_file_while_its_own_is_open) {
    alone([] {
        ask();
        work();
        const ino_t first = inode_of(find_pages().at(0).file);
        const std::size_t files = open_files();
        for (int i = 0; i != 50; ++i) {
            ask();
            work();
            EXPECT_EQ(*pool_publication.wanted(), cenote::detail::publication::published);
        }
        EXPECT_EQ(open_files(), files);
        ASSERT_EQ(find_pages().size(), 1U);
        EXPECT_EQ(inode_of(find_pages()[0].file), first);
    });
}

TEST(publication, goes_on_with_its_page_where_there_are_no_files_for_another) {
    alone([] {
        ask();
        work();
        const found_page first = find_pages().at(0);
        ::close(first.file);
        rlimit before{};
        ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
        const rlimit none{0, before.rlim_max};
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
        ask();
        work();
        EXPECT_EQ(*pool_publication.wanted(), cenote::detail::publication::published);
        first.at->want(1);
        const std::uint64_t number = shown(first.at).head.number;
        while (first.at->wanted() != 0)
            work();
        EXPECT_GT(shown(first.at).head.number, number);
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
        ask();
        work();
        EXPECT_EQ(find_pages().size(), 1U);
    });
}

TEST(publication, what_is_published_for_good_stays_so_whoever_asks) {
    alone([] {
        ASSERT_TRUE(cenote::publish());
        ask();
        work();
        EXPECT_EQ(in_a_child([] {
                      work();
                      return find_pages().size() == 1 ? 0 : 1;
                  }),
                  0);
    });
}

TEST(publication, children_of_children_do_not_gather_their_forebears_files) {
    alone([] {
        ASSERT_TRUE(cenote::publish());
        const std::size_t files = open_files();
        EXPECT_EQ(in_a_child([files] {
                      work();
                      return in_a_child([files] {
                          work();
                          return find_pages().size() == 1 && open_files() == files ? 0 : 1;
                      });
                  }),
                  0);
    });
}

TEST(publication, a_child_of_a_process_that_was_asked_publishes_nothing) {
    alone([] {
        ask();
        work();
        published_page* const page = find_pages().at(0).at;
        page->want(1'000'000);
        const std::uint64_t before = shown(page).head.number;
        const std::size_t files = open_files();
        EXPECT_EQ(in_a_child([&] {
                      work_for(300);
                      if (!find_pages().empty()) return 1;
                      if (open_files() != files - 1) return 2; // but its parent's page
                      return shown(page).head.number == before ? 0 : 3;
                  }),
                  0);
        // Not at once, where a snapshot takes long.
        for (int i = 0; i != 100 && shown(page).head.number == before; ++i)
            work_for(100);
        EXPECT_GT(shown(page).head.number, before) << "the parent goes on";
    });
}

TEST(publication, a_child_of_one_that_publishes_for_good_has_a_page_of_its_own) {
    alone([] {
        ASSERT_TRUE(cenote::publish());
        published_page* const page = find_pages().at(0).at;
        const int parent = ::getpid();
        EXPECT_EQ(in_a_child([&] {
                      work();
                      if (find_pages().size() != 1) return 1;
                      if (!find_pages_of(parent).empty()) return 2;
                      return shown(page).head.number == 1 ? 0 : 3;
                  }),
                  0);
    });
}

TEST(publication, without_files_it_gives_up) {
    alone([] {
        rlimit before{};
        ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
        const rlimit few{0, before.rlim_max};
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
        EXPECT_FALSE(cenote::publish());
        work();
        EXPECT_EQ(*pool_publication.wanted(), 0U);
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
        EXPECT_TRUE(cenote::publish());
    });
}

// A source that uses a named pool and the process heap while its heap's locks are held.
struct busy_source {
    cenote::object_pool<int>* pool;
    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        pool->destroy(pool->create(1));
        pool->trim();
        cenote::heap::process().deallocate(cenote::heap::process().allocate(1_MiB));
        return cenote::vm_source{}.allocate(bytes, alignment);
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        pool->trim();
        cenote::vm_source{}.deallocate(p, bytes, alignment);
    }
    std::size_t decommit(void*, std::size_t) noexcept { return 0; }
};

TEST(publication, waits_for_no_lock_that_its_own_thread_holds) {
    alone([] {
        cenote::object_pool<int> pool{growth{}.named("within")};
        busy_source source{&pool};
        cenote::heap heap{cenote::heap_options{.source = cenote::any_source{source}, .name = "around"}};
        ASSERT_TRUE(cenote::publish());
        published_page* const page = find_pages().at(0).at;
        while (shown(page).head.number < 5) {
            page->want(1'000);
            void* const block = heap.allocate(5_MiB);
            heap.deallocate(block);
            heap.trim();
        }
    });
}

TEST(publication, threads_that_publish_at_the_same_time_all_do) {
    alone([] {
        std::atomic<int> refused{0};
        std::vector<std::thread> all;
        for (int t = 0; t != 8; ++t)
            all.emplace_back([&refused] { refused += cenote::publish() ? 0 : 1; });
        for (std::thread& t : all)
            t.join();
        EXPECT_EQ(refused, 0);
        EXPECT_EQ(find_pages().size(), 1U);
    });
}

TEST(publication, threads_that_come_and_go_are_seen_from_beside) {
    alone([] {
        ASSERT_TRUE(cenote::publish());
        const auto pages = find_pages();
        ASSERT_EQ(pages.size(), 1U);
        cenote::cached_pool<std::uint64_t> pool{growth{}.named("threads")};
        cenote::heap heap{cenote::heap_options{.name = "of threads"}};
        std::atomic<bool> done{false};
        std::vector<std::thread> all;
        for (int t = 0; t != 3; ++t)
            all.emplace_back([&] {
                while (!done) {
                    std::vector<std::uint64_t*> objects;
                    std::vector<void*> blocks;
                    for (int i = 0; i != 500; ++i) {
                        objects.push_back(pool.create(1U));
                        blocks.push_back(heap.allocate(64));
                    }
                    for (std::uint64_t* const each : objects)
                        pool.destroy(each);
                    for (void* const each : blocks)
                        heap.deallocate(each);
                    heap.deallocate(heap.allocate(1_MiB));
                }
            });
        std::uint64_t last = 0;
        const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(700);
        while (std::chrono::steady_clock::now() < until) {
            pages[0].at->want(10);
            const shown now(pages[0].at);
            EXPECT_GE(now.head.number, last);
            last = now.head.number;
            for (const heap_report& r : now.rows)
                EXPECT_LE(r.live, r.capacity) << r.name << ' ' << r.kind << ' ' << r.block_size;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        done = true;
        for (std::thread& t : all)
            t.join();
        EXPECT_GE(last, 3U);
    });
}

} // namespace
} // namespace cenote_test
