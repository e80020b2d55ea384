#include "cenote/source/upstream_source.hpp"

#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory_resource>

namespace cenote_test {
namespace {

using cenote::upstream_source;

class booked_resource : public std::pmr::memory_resource {
public:
    ledger books;

private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        return books.allocate(bytes, alignment);
    }
    void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
        books.deallocate(p, bytes, alignment);
    }
    bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

TEST(upstream_source, is_a_plain_source) {
    static_assert(cenote::memory_source<upstream_source>);
    static_assert(!cenote::bounded_source<upstream_source> && !cenote::decommitting_source<upstream_source>);
}

TEST(upstream_source, passes_size_and_alignment_on_to_the_resource_both_ways) {
    booked_resource resource;
    upstream_source source{&resource};
    void* const p = source.allocate(100, 128);
    ASSERT_EQ(resource.books.out().count(p), 1U);
    EXPECT_EQ(resource.books.out().at(p).bytes, 100U);
    EXPECT_EQ(resource.books.out().at(p).alignment, 128U);
    source.deallocate(p, 100, 128); // the books fail the test if the values differ
    EXPECT_TRUE(resource.books.out().empty());
}

TEST(upstream_source, uses_the_default_resource_of_the_moment_it_is_made) {
    booked_resource resource;
    std::pmr::memory_resource* const before = std::pmr::set_default_resource(&resource);
    const upstream_source source;
    std::pmr::set_default_resource(before);
    EXPECT_EQ(source.resource(), &resource);
    EXPECT_EQ(upstream_source{}.resource(), before);
}

TEST(upstream_source, works_on_the_standard_resources) {
    alignas(16) std::array<std::byte, 1024> buffer;
    std::pmr::monotonic_buffer_resource monotonic{buffer.data(), buffer.size(),
                                                  std::pmr::null_memory_resource()};
    upstream_source source{&monotonic};
    void* const p = source.allocate(512, 16);
    EXPECT_EQ(p, buffer.data());
    source.deallocate(p, 512, 16);
}

#if CENOTE_EXCEPTIONS

TEST(upstream_source, a_resource_that_throws_bad_alloc_counts_as_one_without_memory) {
    upstream_source source{std::pmr::null_memory_resource()};
    EXPECT_EQ(source.allocate(1, 1), nullptr);
}

class odd_resource : public std::pmr::memory_resource {
    void* do_allocate(std::size_t, std::size_t) override { throw 42; }
    void do_deallocate(void*, std::size_t, std::size_t) override {}
    bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

TEST(upstream_source, a_resource_that_throws_anything_else_does_too) {
    odd_resource resource;
    upstream_source source{&resource};
    EXPECT_EQ(source.allocate(1, 1), nullptr);
}

#endif

} // namespace
} // namespace cenote_test
