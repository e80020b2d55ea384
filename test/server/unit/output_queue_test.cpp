#include "net/output_queue.hpp"

#include "policies.hpp"
#include "protocol/reply.hpp"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <string_view>

namespace packet_server {
namespace {

struct piece {
    const char* data;
    std::size_t size;
};

// What waits, without taking it.
template <class Queue>
std::string contents(const Queue& queue) {
    std::array<piece, 64> storage;
    std::string all;
    for (const piece& each : queue.pieces(storage, [](const char*p, std::size_t n) { return piece{p, n}; })) {
        all.append(each.data, each.size);
    }
    return all;
}

template <class Policy>
class OutputQueue : public testing::Test {
protected:
    using queue_type = output_queue<buffer_memory<Policy>>;
    test_buffers<Policy> memory;
};
TYPED_TEST_SUITE(OutputQueue, policies);

TYPED_TEST(OutputQueue, KeepsOrderInPiecesOfAnySize) {
    typename TestFixture::queue_type queue(this->memory.buffers, 1 << 30);
    std::mt19937 random(5);
    std::string all;
    std::size_t taken = 0; // of all
    for (int i = 0; i < 2000; ++i) {
        const std::string more(random() % (i % 50 == 0 ? 40'000 : 200), static_cast<char>('a' + i % 26));
        queue.append(more);
        all += more;
        ASSERT_EQ(queue.size(), all.size() - taken);
        // About as much goes as comes, so that what waits stays short, and what is compared with it.
        const std::string there = contents(queue);
        ASSERT_EQ(there, std::string_view(all).substr(taken, there.size()));
        const std::size_t gone = std::min<std::size_t>(there.size(), random() % (i % 10 == 0 ? 20'000 : 400));
        queue.consume(gone);
        taken += gone;
    }
    while (!queue.empty())
        queue.consume(contents(queue).size());
    EXPECT_EQ(this->memory.buffers.live(), 0U) << "an empty queue holds nothing";
}

TYPED_TEST(OutputQueue, RollbackUndoesAReply) {
    typename TestFixture::queue_type queue(this->memory.buffers, 1 << 30);
    const auto empty = queue.here();
    queue.append(std::string(100'000, 'x'));
    queue.rollback(empty);
    EXPECT_EQ(contents(queue), "");
    EXPECT_EQ(this->memory.buffers.live(), 0U);
    queue.append("kept");
    const auto mark = queue.here();
    queue.append(std::string(100'000, 'y'));
    queue.rollback(mark);
    queue.append("!");
    EXPECT_EQ(contents(queue), "kept!");
    EXPECT_EQ(queue.size(), 5U);
}

TYPED_TEST(OutputQueue, PreparedRoomNeedsNoMemory) {
    typename TestFixture::queue_type queue(this->memory.buffers, 1 << 30);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_TRUE(queue.prepare());
        this->memory.counts.fail_at(1);
        queue.append(std::string(queue.sure, 'x'));
        this->memory.counts.fail_at(0);
        ASSERT_FALSE(queue.failed());
    }
    EXPECT_EQ(contents(queue).size(), 64'000U);
}

TYPED_TEST(OutputQueue, FailureIsRememberedUntilRollback) {
    typename TestFixture::queue_type queue(this->memory.buffers, 1 << 30);
    queue.append("begin ");
    const auto mark = queue.here();
    this->memory.counts.fail_at(1);
    queue.append(std::string(50'000, 'x'));
    this->memory.counts.fail_at(0);
    EXPECT_TRUE(queue.failed());
    queue.append("ignored");
    queue.rollback(mark);
    EXPECT_FALSE(queue.failed());
    queue.append("end");
    EXPECT_EQ(contents(queue), "begin end");
}

TYPED_TEST(OutputQueue, HoldsToItsLimit) {
    typename TestFixture::queue_type queue(this->memory.buffers, 1000);
    queue.append(std::string(999, 'x'));
    EXPECT_FALSE(queue.overflowed());
    queue.append("yy");
    EXPECT_TRUE(queue.overflowed());
    EXPECT_EQ(queue.size(), 999U);
}

TYPED_TEST(OutputQueue, RepliesAreWrittenAsTheProtocolHasThem) {
    typename TestFixture::queue_type queue(this->memory.buffers, 1 << 30);
    reply answer(queue);
    answer.ok();
    answer.status("PONG");
    answer.error("ERR no");
    answer.integer(-9223372036854775807 - 1);
    answer.nil();
    answer.array(2);
    answer.bulk("");
    answer.bulk(std::string_view("a\r\n\0b", 5));
    using namespace std::string_literals;
    EXPECT_EQ(
        contents(queue),
        "+OK\r\n+PONG\r\n-ERR no\r\n:-9223372036854775808\r\n$-1\r\n*2\r\n$0\r\n\r\n$5\r\na\r\n\0b\r\n"s);
}

} // namespace
} // namespace packet_server
