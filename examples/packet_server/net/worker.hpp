// One I/O thread: its sessions, and the clock that closes those that have waited too long.
#pragma once

#include "service.hpp"
#include "session.hpp"

#include <asio/basic_waitable_timer.hpp>
#include <asio/dispatch.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace packet_server {

template <class Policy>
class worker {
public:
    using socket_type = typename session<Policy>::socket_type;

    // `at_tick` is called ten times a second.
    worker(shared_state<Policy>& all, std::size_t thread, std::function<void()> at_tick)
        : service_(all, thread), ticks_(io_), at_tick_(std::move(at_tick)) {}

    asio::io_context& io() noexcept { return io_; }
    service<Policy>& services() noexcept { return service_; }

    // Called before the thread runs; then by the thread, until `stop` has ended everything.
    void start() { tick(); }
    void run() { io_.run(); }

    // Called by any thread: a connection whose session shall live on this one.
    void adopt(socket_type&& socket, std::uint64_t number) {
        asio::dispatch(
            io_, [this, taken = std::move(socket), number]() mutable { admit(std::move(taken), number); });
    }
    // Called by any thread: this one's magazines give back what they hold of the store. What asks twice before it is
    // done has asked once.
    void ask_to_trim() {
        // Relaxed: a post carries everything else.
        if (trim_asked_.exchange(true, std::memory_order_relaxed)) return;
        asio::post(io_, [this] {
            trim_asked_.store(false, std::memory_order_relaxed);
            const typename service<Policy>::access store(service_);
            service_.data.trim();
        });
    }
    // Called by the thread.
    void stop() {
        stopped_ = true;
        ticks_.cancel();
        for_each_session([](session<Policy>& each) { each.close(); });
    }
    void refuse(socket_type& socket, std::string_view why) {
        ++service_.seen.refused;
        asio::error_code ignored;
        socket.write_some(asio::buffer(why), ignored);
        socket.shutdown(socket_type::shutdown_send, ignored);
    }

private:
    using timer_type =
        asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                   asio::io_context::executor_type>;

    static constexpr auto tick_time = std::chrono::milliseconds(100);
    static constexpr int ticks_per_check = 10;

    void admit(socket_type&& socket, std::uint64_t number) {
        service_.refresh_clock();
        session<Policy>* const made = service_.sessions.create(service_, std::move(socket), number);
        if (made == nullptr) {
            --service_.shared.connections;
            return refuse(socket, "-OOM out of memory for one more client\r\n");
        }
        made->start();
    }

    void tick() {
        ticks_.expires_after(tick_time);
        ticks_.async_wait([this](const asio::error_code& trouble) {
            if (trouble || stopped_) return;
            service_.refresh_clock();
            if (++tick_count_ % ticks_per_check == 0) {
                for_each_session([](session<Policy>& each) { each.check_timeouts(); });
            }
            if (at_tick_) at_tick_();
            tick();
        });
    }

    template <class Visit>
    void for_each_session(Visit&& visit) {
        for (client* each = service_.clients.first(); each != nullptr;) {
            client* const next = each->next;
            visit(static_cast<session<Policy>&>(*each));
            each = next;
        }
    }

    // The sessions' memory goes last: handlers that the io_context still holds when it dies refer to them.
    service<Policy> service_;
    asio::io_context io_{1};
    timer_type ticks_;
    std::function<void()> at_tick_;
    std::atomic<bool> trim_asked_{false};
    int tick_count_ = 0;
    bool stopped_ = false;
};

} // namespace packet_server
