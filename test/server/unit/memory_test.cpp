#include "memory/memory.hpp"

#include "policies.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

namespace packet_server {
namespace {

template <class Policy>
class Memory : public testing::Test {
protected:
    meter counts{0, 0};
    byte_budget budget;
};
TYPED_TEST_SUITE(Memory, policies);

TYPED_TEST(Memory, BuffersOfEverySizeKeepTheirBytes) {
    own_buffer_memory<TypeParam> buffers(this->counts, object_kind::data, this->budget);
    struct held {
        char* p;
        std::size_t size;
        char fill;
    };
    std::vector<held> all;
    std::mt19937 random(11);
    for (int i = 0; i < 20'000; ++i) {
        if (all.size() < 500 || random() % 2 == 0) {
            const std::size_t size = 1 + random() % (i % 20 == 0 ? 40'000 : 600);
            char* const p = static_cast<char*>(buffers.allocate(size));
            ASSERT_NE(p, nullptr);
            all.push_back({p, size, static_cast<char>(random() % 128)});
            std::memset(p, all.back().fill, size);
        } else {
            std::swap(all[random() % all.size()], all.back());
            const held gone = all.back();
            all.pop_back();
            for (std::size_t k = 0; k < gone.size; ++k)
                ASSERT_EQ(gone.p[k], gone.fill);
            buffers.free(gone.p, gone.size);
        }
    }
    EXPECT_EQ(buffers.live(), all.size());
    for (const held& each : all)
        buffers.free(each.p, each.size);
    EXPECT_EQ(buffers.live(), 0U);
    buffers.trim();
    EXPECT_EQ(this->budget.used(), 0U);
}

TYPED_TEST(Memory, ObjectsAreHeldToTheirLimit) {
    own_object_memory<std::string, TypeParam> strings(this->counts, object_kind::packet, this->budget, 3);
    std::vector<std::string*> all;
    for (int i = 0; i < 3; ++i)
        all.push_back(strings.create("a string too long to lie in the object itself"));
    EXPECT_EQ(strings.create("one more"), nullptr);
    EXPECT_EQ(this->counts.tally(object_kind::packet).failures, 1U);
    strings.destroy(all.back());
    all.back() = strings.create("instead");
    EXPECT_NE(all.back(), nullptr);
    for (std::string* each : all)
        strings.destroy(each);
    EXPECT_EQ(strings.live(), 0U);
}

TYPED_TEST(Memory, HandlersTakeTheirMemoryHere) {
    own_buffer_memory<TypeParam> buffers(this->counts, object_kind::handler, this->budget);
    handler_allocator<int, TypeParam> ints(buffers);
    handler_allocator<double, TypeParam> doubles(ints);
    EXPECT_TRUE(ints == (handler_allocator<int, TypeParam>(doubles)));
    int* const p = ints.allocate(10);
    EXPECT_EQ(buffers.live(), 1U);
    ints.deallocate(p, 10);
    this->counts.fail_at(1);
    EXPECT_THROW(static_cast<void>(doubles.allocate(1)), std::bad_alloc);
}

TEST(PoolsPolicy, PoolsReportWhatTheMeterCounts) {
    meter counts(0, 0);
    byte_budget budget;
    own_buffer_memory<pools_policy> buffers(counts, object_kind::data, budget);
    void* const small = buffers.allocate(100);
    void* const large = buffers.allocate(100'000);
    std::vector<pool_report> rows;
    buffers.report(rows);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].name, "data 112");
    EXPECT_EQ(rows[0].live, 1U);
    EXPECT_EQ(rows[1].name, "data malloc");
    EXPECT_EQ(rows[1].bytes, 100'000U);
    buffers.free(small, 100);
    buffers.free(large, 100'000);
}

} // namespace
} // namespace packet_server
