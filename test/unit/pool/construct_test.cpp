#include "cenote/pool/construct.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace cenote_test {
namespace {

using cenote::detail::construct_in;
using cenote::detail::pool_deleter;

// Remembers what it got back.
template <class T>
struct pool_of_one {
    using value_type = T;
    void deallocate(void* p) noexcept { deallocated = p; }
    void destroy(T* p) noexcept {
        destroyed = p;
        p->~T();
    }
    alignas(T) std::byte block[sizeof(T)];
    void* deallocated = nullptr;
    T* destroyed = nullptr;
};

struct pair_of {
    int first;
    std::unique_ptr<int> second;
    pair_of(int f, std::unique_ptr<int> s) : first(f), second(std::move(s)) {}
};

TEST(construct_in, passes_the_arguments_on_as_they_are) {
    pool_of_one<pair_of> pool;
    pair_of* const p = construct_in<pair_of>(pool, pool.block, 7, std::make_unique<int>(8));
    EXPECT_EQ(static_cast<void*>(p), pool.block);
    EXPECT_EQ(p->first, 7);
    EXPECT_EQ(*p->second, 8);
    EXPECT_EQ(pool.deallocated, nullptr);
    p->~pair_of();
}

TEST(construct_in, throws_only_where_the_constructor_can) {
    pool_of_one<int> numbers;
    pool_of_one<std::string> strings;
    static_assert(noexcept(construct_in<int>(numbers, nullptr, 1)));
    static_assert(!noexcept(construct_in<std::string>(strings, nullptr, "text")));
    EXPECT_EQ(*construct_in<int>(numbers, numbers.block, 42), 42);
}

#if CENOTE_EXCEPTIONS

struct throws_always {
    explicit throws_always(int) { throw std::string{"no"}; }
};

TEST(construct_in, gives_the_block_back_before_it_lets_the_exception_out) {
    pool_of_one<throws_always> pool;
    EXPECT_THROW(construct_in<throws_always>(pool, pool.block, 1), std::string);
    EXPECT_EQ(pool.deallocated, pool.block);
}

#endif

TEST(pool_deleter, destroys_into_its_pool) {
    pool_of_one<std::string> pool;
    std::string* const s = construct_in<std::string>(pool, pool.block, "text");
    {
        const std::unique_ptr<std::string, pool_deleter<pool_of_one<std::string>>> owner{
            s, pool_deleter<pool_of_one<std::string>>{pool}};
        EXPECT_EQ(*owner, "text");
    }
    EXPECT_EQ(pool.destroyed, s);
}

TEST(pool_deleter, of_no_pool_is_enough_for_an_empty_owner) {
    using owner = std::unique_ptr<std::string, pool_deleter<pool_of_one<std::string>>>;
    static_assert(sizeof(owner) == 2 * sizeof(void*));
    const owner none;
    EXPECT_EQ(none, nullptr);
}

} // namespace
} // namespace cenote_test
