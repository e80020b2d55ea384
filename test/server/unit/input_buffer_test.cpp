#include "net/input_buffer.hpp"

#include "policies.hpp"

#include <gtest/gtest.h>
#include <random>
#include <string>

namespace packet_server {
namespace {

template <class Policy>
class InputBuffer : public testing::Test {
protected:
    using buffer_type = input_buffer<buffer_memory<Policy>>;

    // Puts `bytes` in, as a socket would, in as many steps as it takes.
    static void receive(buffer_type& buffer, std::string_view bytes, std::size_t frame = 0) {
        while (!bytes.empty()) {
            ASSERT_TRUE(buffer.prepare(frame));
            const std::size_t part = std::min(bytes.size(), buffer.room().size());
            ASSERT_GT(part, 0U);
            bytes.copy(buffer.room().data(), part);
            buffer.commit(part);
            bytes.remove_prefix(part);
        }
    }
    test_buffers<Policy> memory;
};
TYPED_TEST_SUITE(InputBuffer, policies);

TYPED_TEST(InputBuffer, KeepsWhatIsNotUsedUp) {
    typename TestFixture::buffer_type buffer(this->memory.buffers);
    std::mt19937 random(9);
    std::string expected;
    for (int i = 0; i < 3000; ++i) {
        const std::string more(random() % (i % 100 == 0 ? 50'000 : 3000), static_cast<char>('a' + i % 26));
        this->receive(buffer, more);
        expected += more;
        ASSERT_EQ(std::string_view(buffer.data(), buffer.size()), expected);
        const std::size_t gone = random() % 3 == 0 ? expected.size() : random() % (expected.size() + 1);
        buffer.consume(gone);
        expected.erase(0, gone);
    }
}

TYPED_TEST(InputBuffer, AnAnnouncedLengthIsNotTakenAtItsWord) {
    typename TestFixture::buffer_type buffer(this->memory.buffers);
    this->receive(buffer, "*2\r\n$1000000000\r\n", 1'000'000'000);
    EXPECT_LE(buffer.room().size(), 2048U);
    this->receive(buffer, std::string(2100, 'x'), 1'000'000'000);
    EXPECT_LE(buffer.size() + buffer.room().size(), 16384U);
}

TYPED_TEST(InputBuffer, GrowsToWhatAFrameNeedsAndShrinksAgain) {
    typename TestFixture::buffer_type buffer(this->memory.buffers);
    this->receive(buffer, std::string(100'000, 'x'), 100'000);
    EXPECT_EQ(buffer.size() + buffer.room().size(), 100'000U);
    buffer.consume(100'000);
    ASSERT_TRUE(buffer.prepare(0));
    EXPECT_EQ(buffer.room().size(), 16384U);
    for (int i = 0; i < 100; ++i) {
        this->receive(buffer, "little");
        buffer.consume(6);
    }
    ASSERT_TRUE(buffer.prepare(0));
    EXPECT_EQ(buffer.room().size(), 2048U);
}

TYPED_TEST(InputBuffer, WithoutMemoryItKeepsWhatItHas) {
    typename TestFixture::buffer_type buffer(this->memory.buffers);
    this->receive(buffer, std::string(2048, 'x'));
    this->memory.counts.fail_at(1);
    EXPECT_FALSE(buffer.prepare(0));
    this->memory.counts.fail_at(0);
    EXPECT_EQ(std::string_view(buffer.data(), buffer.size()), std::string(2048, 'x'));
    EXPECT_TRUE(buffer.prepare(0));
}

} // namespace
} // namespace packet_server
