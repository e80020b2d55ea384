// A family: which block comes from where, what it costs, what goes back.
#include "cenote/adaptor/pool_family.hpp"

#include "cenote/adaptor/pool_allocator.hpp"
#include "cenote/source/buffer_source.hpp"
#include "cenote/source/decorators.hpp"
#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <list>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

template <class Threads>
using booked_family = cenote::basic_pool_family<Threads, decommitting_ledger_source, ledger_source>;

template <class Threads>
class pool_families : public ::testing::Test {
protected:
    using family_type = booked_family<Threads>;

    ledger books;
    family_type family{cenote::growth{}, books, books};
};
using threads = ::testing::Types<cenote::detail::one_thread, cenote::detail::many_threads>;
TYPED_TEST_SUITE(pool_families, threads);

TYPED_TEST(pool_families, take_no_memory_before_the_first_block) {
    EXPECT_EQ(this->books.calls(), 0U);
    EXPECT_EQ(this->family.stats().bytes, 0U);
    EXPECT_EQ(this->family.trim(), 0U);
    this->family.release();
    this->family.deallocate(nullptr, 10, 8);
    EXPECT_EQ(this->books.calls(), 0U);
}

TYPED_TEST(pool_families, have_a_pool_for_each_size_class_that_is_asked_for) {
    void* const a = this->family.allocate(24, 8);
    void* const b = this->family.allocate(20, 4);
    EXPECT_EQ(this->family.stats().pools, 1U);
    EXPECT_EQ(this->family.stats_of(24, 8).block_size, 24U + cenote::canary_bytes);
    EXPECT_EQ(this->family.stats_of(24, 8).live, 2U);
    void* const c = this->family.allocate(24, 16); // a multiple of 16
    EXPECT_EQ(this->family.stats_of(24, 16).block_size,
              cenote::detail::block_size_for(32 + cenote::canary_bytes, 32));
    EXPECT_EQ(this->family.stats().pools, 2U);
    EXPECT_EQ(this->family.stats().live, 24U + 24U + 32U);
    this->family.deallocate(a, 24, 8);
    this->family.deallocate(b, 20, 4);
    this->family.deallocate(c, 24, 16);
    EXPECT_EQ(this->family.stats().live, 0U);
    EXPECT_EQ(this->family.stats_of(1000, 8).block_size, 0U);
}

TYPED_TEST(pool_families, serve_what_lists_and_maps_are_made_of_with_blocks_of_just_their_size) {
    std::list<int, cenote::pool_allocator<int, typename TestFixture::family_type>> list{this->family};
    list.assign(100, 1);
    EXPECT_EQ(this->family.stats_of(24, 8).live, 100U); // two pointers and an int
    using pair = std::pair<const int, int>;
    std::map<int, int, std::less<>, cenote::pool_allocator<pair, typename TestFixture::family_type>> map{
        this->family};
    map.emplace(1, 2);
    EXPECT_EQ(this->family.stats_of(40, 8).live, 1U); // three pointers, a colour, two ints
    EXPECT_EQ(this->family.stats().live, 100U * 24U + 40U);
}

TYPED_TEST(pool_families, take_large_blocks_from_their_source_and_give_them_back_at_once) {
    constexpr std::size_t most = TestFixture::family_type::largest_block;
    void* const small = this->family.allocate(most, 8);
    const std::size_t before = this->books.bytes();
    const std::size_t pieces = this->books.out().size();
    EXPECT_EQ(this->family.stats().large, 0U);
    void* const large = this->family.allocate(most + 1, 8);
    EXPECT_EQ(this->family.stats().large, most + 1);
    EXPECT_EQ(this->books.out().size(), pieces + 1);
    EXPECT_LE(this->books.bytes() - before, most + 1 + 64);
    this->family.deallocate(large, most + 1, 8);
    EXPECT_EQ(this->books.bytes(), before);
    this->family.deallocate(small, most, 8);
}

struct piece {
    void* p;
    std::size_t bytes;
    std::size_t alignment;
    unsigned char stamp;
};

TYPED_TEST(pool_families, keep_every_size_and_alignment_apart) {
    std::mt19937 random{5};
    std::vector<piece> out;
    for (int i = 0; i != 6000; ++i) {
        if (random() % 3 != 0) {
            const std::size_t bytes = random() % (std::size_t{1} << random() % 16);
            const std::size_t alignment = std::size_t{1} << random() % (random() % 50 == 0 ? 15 : 8);
            void* const p = this->family.allocate(bytes, alignment);
            ASSERT_TRUE(cenote::detail::is_aligned(p, alignment)) << bytes << " bytes at " << alignment;
            out.push_back({p, bytes, alignment, static_cast<unsigned char>(i)});
            std::memset(p, out.back().stamp, bytes);
        } else if (!out.empty()) {
            std::swap(out[random() % out.size()], out.back());
            const piece last = out.back();
            out.pop_back();
            const auto* const first = static_cast<const unsigned char*>(last.p);
            for (std::size_t b = 0; b != last.bytes; ++b)
                ASSERT_EQ(first[b], last.stamp);
            this->family.deallocate(last.p, last.bytes, last.alignment);
        }
    }
    EXPECT_TRUE(this->family.valid());
    for (const piece& each : out)
        this->family.deallocate(each.p, each.bytes, each.alignment);
    EXPECT_EQ(this->family.stats().live, 0U);
    EXPECT_TRUE(this->family.valid());
}

TYPED_TEST(pool_families, give_all_back_by_release_and_can_go_on) {
    for (int round = 0; round != 3; ++round) {
        for (int i = 0; i != 1000; ++i) {
            (void)this->family.allocate(40, 8);
            (void)this->family.allocate(static_cast<std::size_t>(i) * 30 + 1, 8);
        }
        EXPECT_GT(this->family.stats().live, 1000U * 40U);
        this->family.release();
        EXPECT_EQ(this->family.stats().live, 0U);
        // What is left is where the pools' own records lie.
        EXPECT_LE(this->books.bytes(), 64U << 10);
        EXPECT_EQ(this->books.bytes(), this->family.stats().bytes);
    }
}

TYPED_TEST(pool_families, trim_what_is_empty) {
    std::vector<void*> blocks(5000);
    for (void*& p : blocks)
        p = this->family.allocate(64, 8);
    EXPECT_EQ(this->books.bytes(), this->family.stats().bytes);
    for (void* const p : blocks)
        this->family.deallocate(p, 64, 8);
    const std::size_t held = this->books.bytes();
    const std::size_t given = this->family.trim();
    EXPECT_GT(given, 5000U * 64U);
    EXPECT_EQ(this->books.bytes(), held - given);
}

TYPED_TEST(pool_families, are_as_they_were_when_the_source_refuses) {
    refuse_each_call(
        [](ledger& refusing) {
            booked_family<TypeParam> tested{cenote::growth{}, refusing, refusing};
            std::vector<piece> out;
            for (const std::size_t bytes : {24U, 24U, 100U, 9000U, 5000U, 200000U, 24U}) {
                const std::size_t live = tested.stats().live;
                void* const p = tested.try_allocate(bytes, 8);
                if (p == nullptr) {
                    EXPECT_EQ(tested.stats().live, live);
                } else {
                    out.push_back({p, bytes, 8, 0});
                }
                EXPECT_TRUE(tested.valid());
            }
            for (const piece& each : out)
                tested.deallocate(each.p, each.bytes, each.alignment);
            EXPECT_EQ(tested.stats().live, 0U);
        },
        false);
}

TYPED_TEST(pool_families, refuse_what_no_address_space_holds) {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    EXPECT_EQ(this->family.try_allocate(most, 1), nullptr);
    EXPECT_EQ(this->family.try_allocate(most - 40, 8), nullptr);
    EXPECT_EQ(this->family.try_allocate(most / 2, 8), nullptr);
    EXPECT_EQ(this->family.try_allocate(1, most / 2 + 1), nullptr);
    EXPECT_EQ(this->family.stats().live, 0U);
#if CENOTE_EXCEPTIONS
    EXPECT_THROW((void)this->family.allocate(most, 1), std::bad_alloc);
#endif
}

TYPED_TEST(pool_families, let_the_growth_policy_limit_each_pool) {
    booked_family<TypeParam> tested{cenote::growth::up_to(3), this->books, this->books};
    for (int i = 0; i != 3; ++i) {
        EXPECT_NE(tested.try_allocate(24, 8), nullptr);
        EXPECT_NE(tested.try_allocate(32, 8), nullptr);
    }
    EXPECT_EQ(tested.try_allocate(24, 8), nullptr);
    EXPECT_EQ(tested.try_allocate(32, 8), nullptr);
}

TYPED_TEST(pool_families, share_a_buffer_among_their_pools) {
    alignas(64) static std::array<std::byte, 256 << 10> buffer;
    cenote::basic_pool_family<TypeParam, cenote::buffer_source, cenote::buffer_source> tested{
        cenote::growth::unlimited().steps(4 << 10, 8 << 10),
        cenote::buffer_source{buffer.data(), buffer.size() / 2},
        cenote::buffer_source{buffer.data() + buffer.size() / 2, buffer.size() / 2}};
    for (const std::size_t bytes : {16U, 32U, 64U, 128U, 512U, 10000U, 20000U}) {
        void* const p = tested.try_allocate(bytes, 8);
        EXPECT_GE(p, buffer.data());
        EXPECT_LT(p, buffer.data() + buffer.size());
    }
    EXPECT_EQ(tested.try_allocate(200000, 8), nullptr);
}

TEST(pool_family, may_be_on_one_source_for_all) {
    cenote::counting_source<cenote::vm_source> source;
    using ref = cenote::source_ref<decltype(source)>;
    {
        cenote::pool_family_on<ref> family{cenote::growth{}, source, source};
        (void)family.allocate(24, 8);
        (void)family.allocate(100000, 8);
        EXPECT_EQ(source.pieces(), 3U); // the pool's record, its segment, the large block
    }
    EXPECT_EQ(source.pieces(), 0U);
}

TEST(pool_family, takes_everything_from_a_resource_where_one_is_named) {
    alignas(64) std::array<std::byte, 200 << 10> buffer;
    std::pmr::monotonic_buffer_resource upstream{buffer.data(), buffer.size(),
                                                 std::pmr::new_delete_resource()};
    cenote::pool_family family{&upstream, cenote::growth::unlimited().steps(8 << 10, 16 << 10)};
    for (const std::size_t bytes : {24U, 100U, 8192U, 20000U}) {
        void* const p = family.allocate(bytes, 8);
        if (CENOTE_STAND_INS && bytes != 20000)
            continue; // the block is there, but what is handed out is malloc's
        EXPECT_GE(p, buffer.data());
        EXPECT_LT(p, buffer.data() + buffer.size());
    }
}

TEST(pool_family, shows_the_sources_that_it_takes_from) {
    cenote::pool_family_on<cenote::counting_source<cenote::vm_source>> family;
    void* const small = family.allocate(100, 8);
    const std::size_t for_small = family.source().bytes();
    EXPECT_NE(for_small, 0U);
    EXPECT_EQ(family.large_source().bytes(), 0U);
    void* const large = family.allocate(100'000, 8);
    EXPECT_EQ(family.source().bytes(), for_small);
    EXPECT_GE(family.large_source().bytes(), 100'000U);
    family.deallocate(small, 100, 8);
    family.deallocate(large, 100'000, 8);
}

} // namespace
} // namespace cenote_test
