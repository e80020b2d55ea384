// What heap.hpp promises of blocks of any size; the parts of that have tests of their own.
#include "cenote/heap/heap.hpp"
#include "cenote/source/buffer_source.hpp"

#include "support/objects.hpp"
#include "unit/support/heap_parts.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <thread>
#include <vector>

namespace cenote_test {
namespace {

using cenote::heap;

// Around every border of classes, units and mappings.
std::vector<std::size_t> interesting_sizes() {
    std::vector<std::size_t> sizes{0, 1, 7, 8, 9, 15, 16, 17, 24, 1023, 1024, 1025};
    for (size_class c = 1; c <= cenote::detail::last_class; ++c)
        for (const std::size_t around : {cenote::detail::class_size(c), cenote::detail::class_size(c) + 1})
            sizes.push_back(around);
    for (std::size_t s = 128_KiB; s <= 16_MiB; s *= 2)
        for (const std::size_t around : {s - 1, s, s + 1, s + s / 3})
            sizes.push_back(around);
    return sizes;
}

void write_ends(void* p, std::size_t size, unsigned char value) {
    if (size == 0) return;
    static_cast<unsigned char*>(p)[0] = value;
    static_cast<unsigned char*>(p)[size - 1] = value;
}
bool ends_hold(const void* p, std::size_t size, unsigned char value) {
    const auto* const bytes = static_cast<const unsigned char*>(p);
    return size == 0 || (bytes[0] == value && bytes[size - 1] == value);
}

TEST(heap_of_the_process, is_one_and_serves) {
    EXPECT_EQ(&heap::process(), &heap::process());
    void* const p = heap::process().allocate(100);
    EXPECT_TRUE(heap::process().owns(p));
    EXPECT_TRUE(heap::process().is_live(p));
    heap::process().deallocate(p, 100);
    EXPECT_FALSE(heap::process().is_live(p));
    EXPECT_TRUE(heap::process().valid());
}

TEST(heap, blocks_of_every_size_are_apart_usable_and_at_multiples_of_16) {
    heap h;
    std::vector<void*> all;
    const std::vector<std::size_t> sizes = interesting_sizes();
    for (const std::size_t size : sizes) {
        void* const p = h.allocate(size);
        ASSERT_TRUE(cenote::detail::is_aligned(p, 16)) << size;
        ASSERT_GE(h.usable_size(p), size);
        ASSERT_TRUE(h.owns(p) && h.is_live(p));
        write_ends(p, h.usable_size(p), static_cast<unsigned char>(all.size()));
        all.push_back(p);
    }
    EXPECT_EQ(std::set<void*>(all.begin(), all.end()).size(), all.size());
    EXPECT_TRUE(h.valid());
    for (std::size_t i = 0; i != all.size(); ++i) {
        ASSERT_TRUE(ends_hold(all[i], h.usable_size(all[i]), static_cast<unsigned char>(i))) << sizes[i];
        if (i % 2 == 0)
            h.deallocate(all[i]);
        else
            h.deallocate(all[i], sizes[i]);
        ASSERT_FALSE(h.is_live(all[i]));
    }
    EXPECT_EQ(h.stats().live, 0U);
    EXPECT_TRUE(h.valid());
}

TEST(heap, blocks_lie_at_multiples_of_any_alignment) {
    heap h;
    struct block {
        void* p;
        std::size_t size;
        std::size_t alignment;
    };
    std::vector<block> all;
    for (std::size_t alignment = 1; alignment <= 16_MiB; alignment *= 2)
        for (const std::size_t size : {0_KiB, 1_KiB, 3_KiB, 40_KiB, 64_KiB, 65_KiB, 1_MiB + 1, 5_MiB}) {
            void* const p = h.allocate(size + 1, alignment);
            ASSERT_TRUE(cenote::detail::is_aligned(p, alignment)) << size << " at " << alignment;
            ASSERT_GE(h.usable_size(p), size + 1);
            write_ends(p, size + 1, 0x3C);
            all.push_back({p, size + 1, alignment});
        }
    for (const block& b : all) {
        ASSERT_TRUE(ends_hold(b.p, b.size, 0x3C));
        h.deallocate(b.p, b.size, b.alignment);
    }
    EXPECT_EQ(h.stats().live, 0U);
    EXPECT_TRUE(h.valid());
}

TEST(heap, blocks_of_size_0_are_blocks_of_their_own) {
    heap h;
    void* const a = h.allocate(0);
    void* const b = h.allocate(0, 64);
    void* const c = h.allocate_zeroed(0);
    EXPECT_TRUE(a != nullptr && b != nullptr && c != nullptr);
    EXPECT_TRUE(a != b && b != c && a != c);
    h.deallocate(a, 0);
    h.deallocate(b, 0, 64);
    h.deallocate(c);
    EXPECT_EQ(h.stats().live, 0U);
}

TEST(heap, nullptr_is_ignored) {
    heap h;
    h.deallocate(nullptr);
    h.deallocate(nullptr, 100);
    h.deallocate(nullptr, 100, 64);
    h.delete_object(static_cast<int*>(nullptr));
    EXPECT_EQ(h.usable_size(nullptr), 0U);
    EXPECT_FALSE(h.owns(nullptr));
    EXPECT_FALSE(h.is_live(nullptr));
}

TEST(heap, usable_bytes_waste_at_most_an_eighth_from_128_bytes_on) {
    heap h;
    for (std::size_t size = 1; size <= 64_KiB; size += 1 + size / 50) {
        void* const p = h.allocate(size);
        if (size <= 128)
            EXPECT_LE(h.usable_size(p), cenote::detail::round_up(size, 16));
        else
            EXPECT_LE(h.usable_size(p), size + size / 8 + 1) << size;
        h.deallocate(p);
    }
}

TEST(heap, freed_blocks_are_used_again_by_any_thread) {
    heap h;
    for (const std::size_t size : {64_KiB, 100_KiB, 9_MiB}) {
        void* const p = h.allocate(size);
        const std::size_t held = h.stats().held;
        std::thread{[&] { h.deallocate(p); }}.join();
        void* const again = h.allocate(size);
        EXPECT_EQ(h.stats().held, held) << size;
        h.deallocate(again);
    }
}

TEST(heap, refuses_sizes_and_alignments_that_no_memory_could_serve) {
    heap h;
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    for (const std::size_t size : {most, most - 1, most - 15, most - 4095, most / 2, most / 2 + 1,
                                   static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()),
                                   most / 9 * 8 + 64_MiB, std::size_t{1} << 48}) {
        errno = 0;
        EXPECT_EQ(h.try_allocate(size), nullptr) << size;
        EXPECT_EQ(errno, ENOMEM);
        EXPECT_EQ(h.try_allocate(size, 4096), nullptr);
        EXPECT_EQ(h.try_allocate(size, 1), nullptr);
        EXPECT_EQ(h.try_allocate_zeroed(size), nullptr);
        for (const std::size_t from : {std::size_t{100}, 100_KiB, 9_MiB}) {
            void* const p = h.allocate(from);
            EXPECT_EQ(h.try_reallocate(p, size), nullptr) << from << " to " << size;
            EXPECT_GE(h.usable_size(p), from) << "the block is as it was";
            h.deallocate(p);
        }
    }
    for (std::size_t alignment = std::size_t{1} << 48; alignment != 0; alignment *= 2)
        EXPECT_EQ(h.try_allocate(8, alignment), nullptr) << alignment;
    EXPECT_EQ(h.stats().live, 0U);
    EXPECT_TRUE(h.valid());
}

#if CENOTE_EXCEPTIONS
TEST(heap, refused_throws_bad_alloc_where_the_form_has_no_try) {
    heap h;
    constexpr std::size_t huge = std::numeric_limits<std::size_t>::max() / 2;
    EXPECT_THROW((void)h.allocate(huge), std::bad_alloc);
    EXPECT_THROW((void)h.allocate(huge, 64), std::bad_alloc);
    EXPECT_THROW((void)h.allocate_zeroed(huge), std::bad_alloc);
    void* const p = h.allocate(10);
    EXPECT_THROW((void)h.reallocate(p, huge), std::bad_alloc);
    EXPECT_TRUE(h.is_live(p));
    h.deallocate(p, 10);
    heap none{{.limit = 0}};
    EXPECT_THROW((void)none.new_object<int>(1), std::bad_alloc);
}

TEST(heap, object_whose_constructor_throws_leaves_nothing_behind) {
    heap h;
    for (int i = 0; i != 100; ++i)
        EXPECT_THROW((void)h.new_object<fussy>(1U, true), std::runtime_error);
    EXPECT_EQ(h.stats().live, 0U);
    fussy* const p = h.new_object<fussy>(2U);
    EXPECT_EQ(p->value, 2U);
    h.delete_object(p);
}
#endif

TEST(heap, objects_live_from_new_to_delete) {
    heap h;
    counted::alive = 0;
    counted* const p = h.new_object<counted>(42);
    EXPECT_EQ(p->value, 42);
    EXPECT_EQ(counted::alive, 1);
    h.delete_object(p);
    EXPECT_EQ(counted::alive, 0);
    EXPECT_EQ(h.stats().live, 0U);
    const int* const constant = h.new_object<const int>(3);
    h.delete_object(constant);
    auto* const aligned = h.new_object<stamped<100, 256>>(std::uint64_t{1});
    EXPECT_TRUE(cenote::detail::is_aligned(aligned, 256));
    h.delete_object(aligned);
    auto* const huge = h.new_object<stamped<3'000'000, 64>>(std::uint64_t{1});
    EXPECT_TRUE(huge->holds(1));
    h.delete_object(huge);
    EXPECT_EQ(h.stats().live, 0U);
}

TEST(heap, owns_its_blocks_and_no_other_pointer) {
    heap h;
    heap other;
    int on_stack = 0;
    static int in_data = 0;
    for (const std::size_t size : {std::size_t{10}, 40_KiB, 200_KiB, 20_MiB}) {
        void* const p = h.allocate(size);
        EXPECT_TRUE(h.owns(p));
        EXPECT_TRUE(h.owns(at_offset(p, size - 1)) || size > 10_MiB) << "of a mapping the first 64 KiB count";
        EXPECT_FALSE(other.owns(p));
        EXPECT_FALSE(other.is_live(p));
        EXPECT_FALSE(h.is_live(at_offset(p, 1)));
        h.deallocate(p);
    }
    for (const void* const p :
         {static_cast<const void*>(&on_stack), static_cast<const void*>(&in_data),
          static_cast<const void*>(&h), reinterpret_cast<const void*>(std::size_t{1} << 46)})
        EXPECT_FALSE(h.owns(p) || h.is_live(p)) << p;
}

TEST(heap, serves_many_sizes_within_a_limit) {
    heap h{{.limit = 64_MiB}};
    std::size_t sizes = 0;
    for (std::size_t size = 16; size <= 4096; size += size < 128 ? 16 : size / 8, ++sizes)
        for (std::size_t bytes = 0; bytes < 300'000; bytes += size)
            ASSERT_NE(h.try_allocate(size), nullptr) << size << " bytes, after " << sizes << " other sizes";
    EXPECT_GT(sizes, 30U) << "so 10 MB in all";
}

TEST(heap, holds_no_more_than_its_limit) {
    heap h{{.limit = 12_MiB}};
    EXPECT_EQ(h.stats().limit, 12_MiB);
    std::vector<void*> all;
    for (const std::size_t size : {1000_KiB, 50_KiB, 5_KiB, std::size_t{500}}) {
        while (void* const p = h.try_allocate(size))
            all.push_back(p);
        EXPECT_LE(h.stats().held, 12_MiB);
    }
    EXPECT_GT(h.stats().live, 11_MiB) << "nearly all that is allowed can be had";
    EXPECT_TRUE(h.valid());
    h.set_limit(16_MiB);
    all.push_back(h.try_allocate(1_MiB));
    EXPECT_NE(all.back(), nullptr);
    EXPECT_EQ(h.stats().held, 16_MiB);
    h.set_limit(0);
    for (void* const p : all)
        h.deallocate(p);
    EXPECT_EQ(h.stats().live, 0U);
}

// What other sizes have freed is enough for whoever is refused.
TEST(heap, at_its_limit_serves_other_sizes_from_what_was_freed) {
    heap h{{.limit = 16_MiB}};
    for (int round = 0; round != 3; ++round)
        for (const std::size_t size : {std::size_t{64}, 3_KiB, 60_KiB, 300_KiB, 8_MiB}) {
            std::vector<void*> all;
            while (all.size() * size < 10_MiB - size) {
                void* const p = h.try_allocate(size);
                ASSERT_NE(p, nullptr) << size << " after " << all.size();
                all.push_back(p);
            }
            for (void* const p : all)
                h.deallocate(p);
        }
    EXPECT_TRUE(h.valid());
}

TEST(heap, takes_its_memory_along_live_blocks_included) {
    ledger books;
    decommitting_ledger_source source{books};
    {
        heap h{{.source = source}};
        for (const std::size_t size : {std::size_t{10}, 5_KiB, 64_KiB, 300_KiB, 5_MiB})
            for (int i = 0; i != 20; ++i)
                fill_with(h.allocate(size), size, 1);
        h.deallocate(h.allocate(6_MiB));
        EXPECT_GT(books.bytes(), 100_MiB);
        EXPECT_EQ(books.bytes(), h.stats().held);
    }
    EXPECT_EQ(books.bytes(), 0U);
}

TEST(heap, in_a_callers_buffer_uses_nothing_else) {
    const std::size_t bytes = 24_MiB;
    void* const memory = cenote::vm::reserve(bytes, 4_MiB);
    {
        cenote::buffer_source buffer{memory, bytes};
        heap h{{.source = buffer}};
        std::vector<void*> all;
        for (const std::size_t size : {1_MiB, 100_KiB, 1_KiB})
            while (void* const p = h.try_allocate(size)) {
                ASSERT_GE(p, memory);
                ASSERT_LT(p, at_offset(memory, bytes));
                fill_with(p, size, 1);
                all.push_back(p);
            }
        EXPECT_GT(h.stats().live, 20_MiB);
        for (void* const p : all)
            h.deallocate(p);
        void* const again = h.try_allocate(3_MiB);
        EXPECT_NE(again, nullptr);
        EXPECT_TRUE(h.valid());
    }
    cenote::vm::release(memory, bytes);
}

TEST(heap, twenty_at_a_time_keep_apart) {
    std::vector<std::unique_ptr<heap>> heaps;
    std::vector<void*> blocks;
    for (int i = 0; i != 20; ++i)
        heaps.push_back(std::make_unique<heap>());
    for (int round = 0; round != 50; ++round)
        for (const auto& h : heaps)
            blocks.push_back(h->allocate(40));
    for (std::size_t i = 0; i != blocks.size(); ++i) {
        for (std::size_t k = 0; k != heaps.size(); ++k)
            ASSERT_EQ(heaps[k]->owns(blocks[i]), k == i % heaps.size());
        heaps[i % heaps.size()]->deallocate(blocks[i], 40);
    }
    for (const auto& h : heaps) {
        EXPECT_EQ(h->stats().live, 0U);
        EXPECT_TRUE(h->valid());
    }
}

} // namespace
} // namespace cenote_test
