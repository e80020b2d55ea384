// Limits in bytes at every layer: one request fails and nothing else is harmed; callbacks come, may free, and are not called
// from within themselves.
#include "cenote/cenote.hpp"
#include "support/objects.hpp"
#include "support/shared_pools.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::literals;
using cenote::growth;
using cenote::limit_event;
using cenote::limit_kind;

using object = stamped<56, 8>;
using limited = cenote::limiting_source<cenote::vm_source>;

// A callback as a lambda: lives as long as it may be called.
template <class F>
struct callback {
    F f;
    static void call(const limit_event& event, void* self) { static_cast<callback*>(self)->f(event); }
    void listen_to(cenote::budget& b) { b.on_limit(&call, this); }
};
template <class F>
callback(F) -> callback<F>;

template <class Pools>
class byte_limits : public ::testing::Test {
protected:
    using pool_type = typename Pools::template pool<object, 0, cenote::source_ref<limited>>;
    limited source{1_MiB};

    std::vector<object*> exhaust(pool_type& pool) {
        std::vector<object*> objects;
        while (object* const p = pool.try_create(objects.size()))
            objects.push_back(p);
        return objects;
    }
};
using every_pool =
    ::testing::Types<object_pools, block_pools, intrusive_pools, locked_pools, lockfree_pools, cached_pools>;
TYPED_TEST_SUITE(byte_limits, every_pool);

TYPED_TEST(byte_limits, fail_one_request_and_harm_nothing_else) {
    typename TestFixture::pool_type pool{growth{}, this->source};
    std::vector<object*> objects = this->exhaust(pool);
    EXPECT_GT(objects.size(), 1_MiB / 2 / 72);
    EXPECT_LE(this->source.bytes(), 1_MiB);
    EXPECT_THROW((void)pool.create(std::uint64_t{1}), std::bad_alloc);
    pool.destroy(objects.back());
    objects.back() = pool.create(std::uint64_t{1});
    this->source.budget().set_limit(2_MiB);
    object* const more = pool.create(std::uint64_t{1});
    pool.destroy(more);
    for (object* const p : objects)
        pool.destroy(p);
    pool.trim();
    EXPECT_EQ(this->source.bytes(), 0U);
}

TYPED_TEST(byte_limits, call_back_when_they_are_reached_and_try_again) {
    typename TestFixture::pool_type cache{growth{}, this->source};
    typename TestFixture::pool_type pool{growth{}, this->source};
    std::vector<object*> cached(5000);
    for (object*& p : cached)
        p = cache.create(std::uint64_t{1});
    int calls = 0;
    callback drop_cache{[&](const limit_event& event) {
        ++calls;
        EXPECT_EQ(event.kind, limit_kind::hard);
        EXPECT_EQ(event.limit, 1_MiB);
        for (object* const p : cached)
            cache.destroy(p);
        cached.clear();
        cache.trim();
    }};
    drop_cache.listen_to(this->source.budget());
    std::vector<object*> objects;
    while (calls == 0)
        objects.push_back(pool.create(objects.size()));
    EXPECT_LT(calls, 2);
    EXPECT_GT(this->source.bytes(), 0U);
    const std::vector<object*> rest = this->exhaust(pool);
    EXPECT_GT(rest.size(), 1000U) << "what the cache gave back";
    EXPECT_EQ(calls, 2) << "once more, in vain";
    for (object* const p : objects)
        pool.destroy(p);
    for (object* const p : rest)
        pool.destroy(p);
}

TYPED_TEST(byte_limits, call_back_what_may_free_into_the_pool_that_was_asked) {
    typename TestFixture::pool_type pool{growth{}, this->source};
    std::vector<object*> objects = this->exhaust(pool);
    int calls = 0;
    callback free_some{[&](const limit_event&) {
        ++calls;
        for (int i = 0; i != 100; ++i) {
            pool.destroy(objects.back());
            objects.pop_back();
        }
    }};
    free_some.listen_to(this->source.budget());
    for (int i = 0; i != 100; ++i)
        objects.push_back(pool.create(std::uint64_t{1}));
    EXPECT_EQ(calls, 1);
    EXPECT_TRUE(pool.valid());
    EXPECT_EQ(pool.live(), objects.size());
    for (object* const p : objects)
        pool.destroy(p);
}

TYPED_TEST(byte_limits, call_back_nothing_for_requests_from_within) {
    typename TestFixture::pool_type pool{growth{}, this->source};
    int calls = 0;
    callback asks_again{[&](const limit_event&) {
        ++calls;
        EXPECT_EQ(pool.try_create(std::uint64_t{1}), nullptr);
    }};
    asks_again.listen_to(this->source.budget());
    const std::vector<object*> objects = this->exhaust(pool);
    EXPECT_EQ(calls, 1);
    EXPECT_FALSE(pool.try_preheat(100'000));
    EXPECT_EQ(calls, 2);
    for (object* const p : objects)
        pool.destroy(p);
}

TYPED_TEST(byte_limits, call_back_once_at_the_soft_one_and_serve_the_request) {
    typename TestFixture::pool_type pool{growth{}.steps(64_KiB, 128_KiB), this->source};
    int soft = 0;
    callback notes{[&](const limit_event& event) {
        if (event.kind != limit_kind::soft) return;
        ++soft;
        EXPECT_GT(event.held, 256_KiB);
        // What may free may also use the pool.
        pool.destroy(pool.create(std::uint64_t{1}));
        pool.trim();
    }};
    notes.listen_to(this->source.budget());
    this->source.budget().set_soft_limit(256_KiB);
    const std::vector<object*> objects = this->exhaust(pool);
    EXPECT_EQ(soft, 1);
    for (std::size_t i = 0; i != objects.size(); ++i)
        EXPECT_TRUE(objects[i]->holds(i));
    for (object* const p : objects)
        pool.destroy(p);
}

TYPED_TEST(byte_limits, of_the_process_are_those_of_all_pools_together) {
    typename TypeParam::template pool<object> first;
    typename TypeParam::template pool<object> second;
    object* const before = first.create(std::uint64_t{7});
    int calls = 0;
    callback notes{[&](const limit_event&) { ++calls; }};
    notes.listen_to(cenote::process_budget);
    cenote::process_budget.set_limit(cenote::process_budget.held() + 1_MiB);
    std::vector<object*> objects;
    while (object* const p = second.try_create(std::uint64_t{1}))
        objects.push_back(p);
    EXPECT_EQ(calls, 1);
    EXPECT_FALSE(first.try_preheat(100'000));
    EXPECT_EQ(cenote::heap::process().try_allocate(64_MiB), nullptr);
    EXPECT_GE(calls, 3);
    cenote::process_budget.set_limit(cenote::budget::no_limit);
    cenote::process_budget.on_limit(nullptr, nullptr);
    EXPECT_TRUE(before->holds(7));
    EXPECT_TRUE(first.try_preheat(100'000));
    first.destroy(before);
    for (object* const p : objects)
        second.destroy(p);
}

template <class Pools>
class shared_byte_limits : public ::testing::Test {};
TYPED_TEST_SUITE(shared_byte_limits, shared_pools);

// Each thread is refused, frees what it has, and goes on; a callback frees for all.
TYPED_TEST(shared_byte_limits, are_reached_by_threads_together_and_harm_none) {
    limited source{1_MiB};
    typename TypeParam::template pool<object, 0, cenote::source_ref<limited>> pool{growth{}, source};
    std::atomic<int> calls{0};
    std::atomic<std::size_t> refused{0};
    callback notes{[&](const limit_event& event) {
        if (event.kind == limit_kind::hard) calls.fetch_add(1);
        pool.trim();
    }};
    // Trimming needs a quiet lockfree_pool.
    if constexpr (!std::is_same_v<TypeParam, lockfree_pools>) notes.listen_to(source.budget());
    on_threads(4, [&](unsigned t) {
        std::vector<object*> mine;
        for (int round = 0; round != 5; ++round) {
            while (object* const p = pool.try_create(std::uint64_t{t}))
                mine.push_back(p);
            refused.fetch_add(1);
            for (object* const p : mine) {
                EXPECT_TRUE(p->holds(t));
                pool.destroy(p);
            }
            mine.clear();
        }
    });
    EXPECT_EQ(refused.load(), 20U);
    EXPECT_GE(calls.load(), (std::is_same_v<TypeParam, lockfree_pools> ? 0 : 20));
    EXPECT_EQ(pool.live(), 0U);
    EXPECT_TRUE(pool.valid());
    EXPECT_LE(source.budget().most_held(), 1_MiB);
}

TEST(byte_limits_of_families, hold_for_pools_and_large_blocks_and_call_back) {
    limited source{2_MiB};
    using family_type =
        cenote::shared_pool_family_on<cenote::source_ref<limited>, cenote::source_ref<limited>>;
    family_type family{growth{}, source, source};
    void* cached = family.allocate(1_MiB, 16);
    int calls = 0;
    callback drop_cache{[&](const limit_event&) {
        ++calls;
        if (cached != nullptr) family.deallocate(cached, 1_MiB, 16);
        cached = nullptr;
        family.trim();
    }};
    drop_cache.listen_to(source.budget());
    void* const second = family.allocate(1_MiB - 64_KiB, 16);
    EXPECT_EQ(calls, 0);
    void* const third = family.allocate(1_MiB - 64_KiB, 16);
    EXPECT_EQ(calls, 1) << "what was cached made room for it";
    EXPECT_EQ(cached, nullptr);
    std::list<std::uint64_t, cenote::pool_allocator<std::uint64_t, family_type>> numbers{family};
    EXPECT_THROW(for (;;) numbers.push_back(1), std::bad_alloc);
    EXPECT_GE(calls, 2);
    family.deallocate(second, 1_MiB - 64_KiB, 16);
    numbers.push_back(2);
    EXPECT_EQ(numbers.back(), 2U);
    family.deallocate(third, 1_MiB - 64_KiB, 16);
}

TEST(byte_limits_of_handle_pools, hold_for_objects_and_the_table) {
    limited source{256_KiB};
    cenote::handle_pool<object, cenote::pool_options{}, cenote::source_ref<limited>> pool{growth{}, source};
    int calls = 0;
    callback notes{[&](const limit_event&) { ++calls; }};
    notes.listen_to(source.budget());
    cenote::handle<object> last;
    std::size_t count = 0;
    while (const auto h = pool.try_create(std::uint64_t{1})) {
        last = h;
        ++count;
    }
    EXPECT_EQ(calls, 1);
    EXPECT_GT(count, 500U);
    EXPECT_NE(pool.get(last), nullptr);
    EXPECT_TRUE(pool.destroy(last));
    EXPECT_TRUE(pool.try_create(std::uint64_t{2}));
}

TEST(byte_limits_of_arenas, call_back_and_try_again) {
    limited source{256_KiB};
    cenote::basic_arena<cenote::source_ref<limited>> arena{cenote::arena_growth{}, source};
    int calls = 0;
    callback notes{[&](const limit_event& event) {
        ++calls;
        if (calls == 1) source.budget().set_limit(event.limit * 2);
    }};
    notes.listen_to(source.budget());
    std::size_t got = 0;
    while (arena.try_allocate(1000, 8) != nullptr)
        got += 1000;
    EXPECT_EQ(calls, 2);
    EXPECT_GT(got, 256_KiB);
    EXPECT_LE(source.bytes(), 512_KiB);
}

// Takes blocks of that size until there are no more.
std::vector<void*> exhaust(cenote::heap& h, std::size_t size) {
    std::vector<void*> blocks;
    while (void* const p = h.try_allocate(size))
        blocks.push_back(p);
    return blocks;
}

class heap_limits : public ::testing::TestWithParam<std::size_t> {};

TEST_P(heap_limits, fail_one_request_call_back_and_try_again) {
    cenote::heap h{{.limit = 32_MiB}};
    std::vector<void*> cached;
    for (int i = 0; i != 4000; ++i)
        cached.push_back(h.allocate(1000));
    int calls = 0;
    callback drop_cache{[&](const limit_event& event) {
        if (event.kind != limit_kind::hard) return;
        ++calls;
        for (void* const p : cached)
            h.deallocate(p, 1000);
        cached.clear();
        EXPECT_EQ(h.try_allocate(1_GiB), nullptr) << "from within, and no callback for it";
    }};
    h.on_limit(&decltype(drop_cache)::call, &drop_cache);
    const std::vector<void*> blocks = exhaust(h, GetParam());
    EXPECT_EQ(calls, 2);
    EXPECT_LE(h.stats().most_held, 32_MiB);
    EXPECT_GE(blocks.size() * GetParam(), 20_MiB);
    h.deallocate(blocks[0]);
    void* const again = h.try_allocate(GetParam());
    EXPECT_NE(again, nullptr);
    h.deallocate(again);
    for (std::size_t i = 1; i != blocks.size(); ++i)
        h.deallocate(blocks[i]);
    EXPECT_TRUE(h.valid());
}
INSTANTIATE_TEST_SUITE_P(sizes, heap_limits, ::testing::Values(64, 5000, 200'000, 5'000'000));

TEST(heap_soft_limit, calls_once_when_it_is_passed) {
    cenote::heap h;
    std::vector<limit_event> events;
    callback notes{[&](const limit_event& event) {
        events.push_back(event);
        h.trim();
    }};
    h.on_limit(&decltype(notes)::call, &notes);
    h.set_soft_limit(16_MiB);
    std::vector<void*> blocks;
    for (int i = 0; i != 400; ++i)
        blocks.push_back(h.allocate(100'000));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, limit_kind::soft);
    EXPECT_GT(events[0].held, 16_MiB);
    for (void* const p : blocks)
        h.deallocate(p);
}

TEST(heap_limit, is_reached_by_threads_together_and_harms_none) {
    cenote::heap h{{.limit = 64_MiB}};
    std::atomic<std::size_t> refused{0};
    std::atomic<int> calls{0};
    callback notes{[&](const limit_event&) {
        calls.fetch_add(1);
        h.trim();
    }};
    h.on_limit(&decltype(notes)::call, &notes);
    on_threads(4, [&](unsigned t) {
        for (int round = 0; round != 3; ++round) {
            std::vector<void*> blocks = exhaust(h, 100'000 + t);
            refused.fetch_add(1);
            for (void* const p : blocks) {
                static_cast<unsigned char*>(p)[99'999] = static_cast<unsigned char>(t);
                h.deallocate(p);
            }
        }
    });
    EXPECT_EQ(refused.load(), 12U);
    EXPECT_GE(calls.load(), 12);
    EXPECT_LE(h.stats().most_held, 64_MiB);
    EXPECT_EQ(h.stats().live, 0U);
    EXPECT_TRUE(h.valid());
}

TEST(process_limit, holds_for_heaps_too_and_not_for_one_on_a_source_of_the_users) {
    const std::size_t before = cenote::process_budget.held();
    cenote::upstream_source elsewhere;
    cenote::heap own;
    cenote::heap on_source{{.source = elsewhere}};
    void* const a = own.allocate(100);
    EXPECT_GE(cenote::process_budget.held(), before + own.stats().held);
    cenote::process_budget.set_limit(cenote::process_budget.held());
    EXPECT_EQ(own.try_allocate(8_MiB), nullptr);
    void* const c = on_source.try_allocate(8_MiB);
    EXPECT_NE(c, nullptr);
    cenote::process_budget.set_limit(cenote::budget::no_limit);
    void* const b = own.try_allocate(8_MiB);
    EXPECT_NE(b, nullptr);
    own.deallocate(a);
    own.deallocate(b);
    on_source.deallocate(c);
}

TEST(process_limit, gets_everything_back) {
    const std::size_t before = cenote::process_budget.held();
    {
        cenote::object_pool<object> pool;
        cenote::heap h;
        cenote::arena arena;
        (void)arena.allocate(100, 8);
        pool.preheat(100'000);
        (void)h.allocate(100);
        (void)h.allocate(1_MiB);
        (void)h.allocate(10_MiB);
        EXPECT_GE(cenote::process_budget.held(), before + 11_MiB + 100'000 * sizeof(object));
        pool.destroy(pool.create(std::uint64_t{1}));
    }
    EXPECT_EQ(cenote::process_budget.held(), before);
}

TEST(source_limit, is_in_the_message) {
    limited source{1000};
    cenote::object_pool<object, cenote::pool_options{}, cenote::source_ref<limited>> pool{growth{}, source};
    std::string text;
    try {
        for (;;)
            (void)pool.create(std::uint64_t{1});
    } catch (const std::bad_alloc& e) {
        text = e.what();
    }
    EXPECT_NE(text.find(std::to_string(source.bytes()) + " of 1000 bytes of its source's limit are held"),
              std::string::npos)
        << text;
}

TEST(process_limit, says_so_in_the_message) {
    cenote::cached_pool<object> pool{growth{}.named("too many")};
    cenote::process_budget.set_limit(cenote::process_budget.held());
    std::string text;
    try {
        (void)pool.create(std::uint64_t{1});
    } catch (const std::bad_alloc& e) {
        text = e.what();
    }
    const std::size_t limit = cenote::process_budget.limit();
    cenote::process_budget.set_limit(cenote::budget::no_limit);
    EXPECT_NE(text.find("of " + std::to_string(limit) + " bytes are held by the process"), std::string::npos)
        << text;
}

} // namespace
} // namespace cenote_test
