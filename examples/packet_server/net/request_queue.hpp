// Turns a session's input into packets: as many whole requests as have arrived, in their order.
#pragma once

#include "../memory/memory.hpp"
#include "../protocol/packet.hpp"
#include "../protocol/resp_parser.hpp"

#include <cstddef>
#include <utility>

namespace packet_server {

template <class Policy>
class request_queue {
public:
    // More than that wait no longer, however many have arrived.
    static constexpr std::size_t batch = 256;

    enum class outcome {
        need_more, // all that arrived is queued, but for the beginning of a request, perhaps
        more,      // run what is queued, then call again
        refused,   // run what is queued, then answer -OOM: no packet was left for the request behind it
        error,     // run what is queued, then reply with error() and close
    };

    request_queue(object_memory<packet, Policy>& packets, buffer_memory<Policy>& io,
                  const frame_limits& limits) noexcept
        : packets_(packets), io_(io), parser_(limits) {}
    ~request_queue() { clear(); }
    request_queue(const request_queue&) = delete;
    request_queue& operator=(const request_queue&) = delete;

    // Queues what is whole in the `size` bytes at `data`. The first take_used() of them may go once the queue
    // is empty; the others come again, with more behind them.
    outcome read(char* data, std::size_t size) noexcept {
        used_ = 0;
        std::size_t queued = 0;
        if (state_ == frame_state::waits_for_packet && !make_packet()) state_ = frame_state::skipped;
        for (;;) {
            char* const frame = data + used_;
            switch (parser_.next(frame, size - used_)) {
            case parse_event::need_more:
                return outcome::need_more;
            case parse_event::error:
                return outcome::error;
            case parse_event::blank:
                used_ += parser_.frame_size();
                break;
            case parse_event::begin:
                if (make_packet()) break;
                state_ = first_ == nullptr ? frame_state::skipped : frame_state::waits_for_packet;
                if (first_ != nullptr) return outcome::more;
                break;
            case parse_event::argument:
                if (unfinished_ != nullptr)
                    unfinished_->add(io_, parser_.position(), parser_.size(), parser_.announced());
                break;
            case parse_event::end:
                used_ += parser_.frame_size();
                if (state_ == frame_state::skipped) {
                    state_ = frame_state::usual;
                    return outcome::refused;
                }
                push(frame);
                if (++queued == batch) return outcome::more;
                break;
            }
        }
    }

    packet* first() const noexcept { return first_; }
    // Ends the first packet's life.
    void pop() noexcept {
        packet* const gone = first_;
        first_ = gone->next;
        drop(gone);
    }

    // Ends every packet's life. Nothing can be read afterwards.
    void clear() noexcept {
        drop(std::exchange(unfinished_, nullptr));
        while (first_ != nullptr)
            pop();
    }

    // Bytes that the last read() dealt with; 0 from then on.
    std::size_t take_used() noexcept { return std::exchange(used_, 0); }
    std::size_t least_frame() const noexcept { return parser_.least_frame(); }
    const char* error() const noexcept { return parser_.error(); }

private:
    enum class frame_state : unsigned char { usual, waits_for_packet, skipped };

    bool make_packet() noexcept {
        unfinished_ = packets_.create();
        if (unfinished_ != nullptr) state_ = frame_state::usual;
        return unfinished_ != nullptr;
    }
    void push(const char* frame) noexcept {
        unfinished_->complete(frame);
        (first_ == nullptr ? first_ : last_->next) = unfinished_;
        last_ = unfinished_;
        unfinished_ = nullptr;
    }
    void drop(packet* gone) noexcept {
        if (gone == nullptr) return;
        gone->release(io_);
        packets_.destroy(gone);
    }

    object_memory<packet, Policy>& packets_;
    buffer_memory<Policy>& io_;
    resp_parser parser_;
    packet* first_ = nullptr;
    packet* last_ = nullptr;
    packet* unfinished_ = nullptr;
    std::size_t used_ = 0;
    frame_state state_ = frame_state::usual;
};

} // namespace packet_server
