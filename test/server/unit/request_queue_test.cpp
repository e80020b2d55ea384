#include "net/request_queue.hpp"

#include "policies.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace packet_server {
namespace {

using words = std::vector<std::string>;

template <class Policy>
class RequestQueue : public testing::Test {
protected:
    using queue_type = request_queue<Policy>;
    using outcome = typename queue_type::outcome;

    // Runs everything in `input` like a session does; what no packet was left for becomes {"refused"}.
    std::vector<words> run(queue_type& queue, std::string& input) {
        std::vector<words> all;
        for (;;) {
            const outcome read = queue.read(input.data(), input.size());
            for (; queue.first() != nullptr; queue.pop()) {
                const packet& each = *queue.first();
                if (each.incomplete()) {
                    all.push_back({"incomplete"});
                    continue;
                }
                words arguments;
                for (std::size_t i = 0; i < each.size(); ++i)
                    arguments.emplace_back(each[i]);
                all.push_back(arguments);
            }
            input.erase(0, queue.take_used());
            if (read == outcome::refused) all.push_back({"refused"});
            if (read == outcome::error) all.push_back({queue.error()});
            if (read == outcome::need_more || read == outcome::error) return all;
        }
    }

    test_buffers<Policy> memory;
    own_object_memory<packet, Policy> packets{memory.counts, object_kind::packet, memory.budget};
};
TYPED_TEST_SUITE(RequestQueue, policies);

TYPED_TEST(RequestQueue, QueuesWholeRequestsAndKeepsTheBeginningOfTheNext) {
    typename TestFixture::queue_type queue(this->packets, this->memory.buffers, frame_limits{});
    std::string input = "GET a\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n*2\r\n$3\r\nGET\r\n$1";
    EXPECT_EQ(this->run(queue, input), (std::vector<words>{{"GET", "a"}, {"GET", "b"}}));
    EXPECT_EQ(this->packets.live(), 1U) << "the packet that is being received";
    input += "\r\nc\r\n";
    EXPECT_EQ(this->run(queue, input), (std::vector<words>{{"GET", "c"}}));
    EXPECT_EQ(this->packets.live(), 0U);
}

TYPED_TEST(RequestQueue, LongArgumentListsMoveToABuffer) {
    typename TestFixture::queue_type queue(this->packets, this->memory.buffers, frame_limits{});
    std::string input = "*300\r\n";
    for (int i = 0; i < 300; ++i)
        input += "$3\r\n" + std::to_string(100 + i) + "\r\n";
    const std::vector<words> all = this->run(queue, input);
    ASSERT_EQ(all.size(), 1U);
    ASSERT_EQ(all[0].size(), 300U);
    for (int i = 0; i < 300; ++i)
        EXPECT_EQ(all[0][static_cast<std::size_t>(i)], std::to_string(100 + i));
    EXPECT_EQ(this->memory.buffers.live(), 0U);
}

TYPED_TEST(RequestQueue, MoreThanABatchIsServedInTurns) {
    typename TestFixture::queue_type queue(this->packets, this->memory.buffers, frame_limits{});
    std::string input;
    for (int i = 0; i < 1000; ++i)
        input += "PING\r\n";
    EXPECT_EQ(queue.read(input.data(), input.size()), TestFixture::outcome::more);
    EXPECT_EQ(this->packets.live(), TestFixture::queue_type::batch);
    while (queue.first() != nullptr)
        queue.pop();
    input.erase(0, queue.take_used());
    EXPECT_EQ(this->run(queue, input).size(), 1000 - TestFixture::queue_type::batch);
}

TYPED_TEST(RequestQueue, WithoutAPacketOneRequestIsRefused) {
    typename TestFixture::queue_type queue(this->packets, this->memory.buffers, frame_limits{});
    std::string input = "PING\r\nGET a\r\nGET b\r\n";
    this->memory.counts.fail_at(1);
    // After the first failure memory is there again: the first request is refused, the others are served.
    EXPECT_EQ(this->run(queue, input), (std::vector<words>{{"refused"}, {"GET", "a"}, {"GET", "b"}}));
    EXPECT_EQ(this->packets.live(), 0U);
}

TYPED_TEST(RequestQueue, APacketThatIsOnlyBusyIsWaitedFor) {
    own_object_memory<packet, TypeParam> one(this->memory.counts, object_kind::packet, this->memory.budget,
                                             1);
    typename TestFixture::queue_type queue(one, this->memory.buffers, frame_limits{});
    std::string input = "PING\r\nGET a\r\nGET b\r\n";
    EXPECT_EQ(this->run(queue, input), (std::vector<words>{{"PING"}, {"GET", "a"}, {"GET", "b"}}));
}

TYPED_TEST(RequestQueue, WithoutRoomForItsArgumentsARequestIsMarked) {
    typename TestFixture::queue_type queue(this->packets, this->memory.buffers, frame_limits{});
    std::string input = "a b c d e f g h i j k\r\nGET a\r\n";
    this->memory.counts.fail_at(2);
    EXPECT_EQ(this->run(queue, input), (std::vector<words>{{"incomplete"}, {"GET", "a"}}));
}

TYPED_TEST(RequestQueue, ErrorsComeAfterTheRequestsBeforeThem) {
    typename TestFixture::queue_type queue(this->packets, this->memory.buffers, frame_limits{});
    std::string input = "PING\r\n*1\r\n:1\r\n";
    const std::vector<words> all = this->run(queue, input);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0], words{"PING"});
    EXPECT_EQ(all[1][0].substr(0, 18), "ERR Protocol error");
}

} // namespace
} // namespace packet_server
