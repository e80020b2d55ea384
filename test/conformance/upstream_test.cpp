// Any std::pmr::memory_resource is a source for every pool: all is taken from it, with the values that it goes back with.
#include "conformance/suite.hpp"

#include "unit/support/ledger.hpp"

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

namespace cenote_test {
namespace {

// Keeps books that live elsewhere, and throws what they refuse.
class booked_resource : public std::pmr::memory_resource {
public:
    explicit booked_resource(ledger& books) : books_(books) {}

private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        void* const p = books_.allocate(bytes, alignment);
        if (p == nullptr) cenote::detail::throw_bad_alloc();
        return p;
    }
    void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
        books_.deallocate(p, bytes, alignment);
    }
    bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

    ledger& books_;
};

template <class Pools>
class upstream : public ::testing::Test {
protected:
    using object = stamped<64, 32>;
    using pool_type = typename Pools::template pool<object, 0, cenote::upstream_source>;

    static void create_and_destroy(pool_type& pool) {
        std::vector<object*> objects;
        for (std::uint64_t i = 0; i != 3000; ++i) {
            objects.push_back(pool.create(i));
            ASSERT_TRUE(cenote::detail::is_aligned(objects.back(), 32));
        }
        for (std::uint64_t i = 0; i != 3000; ++i) {
            ASSERT_TRUE(objects[i]->holds(i));
            if (i % 3 != 0) pool.destroy(objects[i]);
        }
        for (std::uint64_t i = 0; i < 3000; i += 3)
            pool.destroy(objects[i]);
    }
};
TYPED_TEST_SUITE(upstream, all_pools);

TYPED_TEST(upstream, is_where_all_memory_is_from_and_goes_back_to) {
    ledger books;
    booked_resource resource{books};
    {
        typename TestFixture::pool_type pool{cenote::growth::unlimited().steps(16 << 10, 64 << 10),
                                             cenote::upstream_source{&resource}};
        EXPECT_EQ(books.calls(), 0U);
        this->create_and_destroy(pool);
        EXPECT_GT(books.bytes(), 0U);
        EXPECT_GT(pool.trim(), 0U);
        EXPECT_TRUE(books.out().empty());
        this->create_and_destroy(pool);
    }
    EXPECT_TRUE(books.out().empty());
}

TYPED_TEST(upstream, may_be_any_resource_of_the_standard_library) {
    std::pmr::unsynchronized_pool_resource pools;
    std::pmr::monotonic_buffer_resource monotonic{&pools};
    for (std::pmr::memory_resource* const resource :
         {std::pmr::new_delete_resource(), static_cast<std::pmr::memory_resource*>(&pools),
          static_cast<std::pmr::memory_resource*>(&monotonic)}) {
        typename TestFixture::pool_type pool{cenote::growth::unlimited().steps(16 << 10, 64 << 10),
                                             cenote::upstream_source{resource}};
        this->create_and_destroy(pool);
    }
}

#if CENOTE_EXCEPTIONS
TYPED_TEST(upstream, that_throws_is_one_without_memory) {
    refuse_each_call(
        [](ledger& refusing) {
            booked_resource resource{refusing};
            typename TestFixture::pool_type pool{cenote::growth::unlimited().steps(16 << 10, 64 << 10),
                                                 cenote::upstream_source{&resource}};
            std::vector<typename TestFixture::object*> objects;
            for (std::uint64_t i = 0; i != 1000; ++i)
                objects.push_back(pool.try_create(i)); // nullptr is as good as any
            for (auto* const p : objects)
                pool.destroy(p);
            EXPECT_EQ(pool.live(), 0U);
        },
        false);
}
#endif

} // namespace
} // namespace cenote_test
