// What a pool costs: nothing but itself before its first object, little with one, hardly more than the objects with a
// million.
#include "conformance/suite.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace cenote_test {
namespace {

using object = stamped<64, 8>;

static_assert(cenote::checks_memory || sizeof(cenote::object_pool<object>) <= 128);
static_assert(sizeof(cenote::intrusive_pool<object>) <= 128);

// Memory from the OS whose resident pages can be counted.
class watched_source : public cenote::vm_source {
public:
    struct piece {
        void* at;
        std::size_t bytes;
    };

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        void* const p = vm_source::allocate(bytes, alignment);
        pieces.push_back({p, bytes});
        return p;
    }

    std::size_t resident_bytes() const {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        std::size_t resident = 0;
        for (const piece& p : pieces) {
            std::vector<unsigned char> pages((p.bytes + page - 1) / page);
            EXPECT_EQ(::mincore(p.at, p.bytes, pages.data()), 0);
            for (const unsigned char in : pages)
                resident += (in & 1) != 0 ? page : 0;
        }
        return resident;
    }

    std::vector<piece> pieces;
};

template <class Pools>
class footprint : public ::testing::Test {
protected:
    watched_source source;
    typename Pools::template pool<object, 0, cenote::source_ref<watched_source>> pool{
        cenote::growth{}, cenote::source_ref<watched_source>{source}};
};
TYPED_TEST_SUITE(footprint, all_pools);

TYPED_TEST(footprint, of_one_object_is_at_most_8_KiB_resident) {
    object* const p = this->pool.create(std::uint64_t{1});
    EXPECT_LE(this->source.resident_bytes(), 8192U);
    this->pool.destroy(p);
    EXPECT_LE(this->source.resident_bytes(), 8192U);
}

TYPED_TEST(footprint, of_a_million_objects_is_at_most_0_7_bytes_a_block_beyond_the_blocks) {
    constexpr std::size_t objects = 1'000'000;
    for (std::size_t i = 0; i != objects; ++i)
        (void)this->pool.create(i);
    const std::size_t blocks = objects * this->pool.stats().block_size;
    EXPECT_LE(static_cast<double>(this->source.resident_bytes() - blocks) / objects, 0.7);
}

TYPED_TEST(footprint, of_a_preheated_pool_is_no_object) {
    this->pool.preheat(1'000'000);
    EXPECT_LE(this->source.resident_bytes(), 1'000'000U);
}

} // namespace
} // namespace cenote_test
