// Listens, hands connections to sessions, keeps the time, stops.
#pragma once

#include "../report/closing_report.hpp"
#include "service.hpp"
#include "session.hpp"

#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string_view>
#include <utility>

namespace packet_server {

template <class Policy>
class server {
public:
    // Listens from here on. Throws asio::system_error when the address can't be had.
    explicit server(const options& settings)
        : shared_(settings), acceptor_(io_, endpoint(settings)), signals_(io_, SIGINT, SIGTERM), ticks_(io_) {
        acceptor_.non_blocking(true);
        shared_.port = acceptor_.local_endpoint().port();
        shared_.stop = [this] { asio::post(io_, [this] { stop(); }); };
    }

    std::uint16_t port() const noexcept { return shared_.port; }
    meter& counts() noexcept { return shared_.counts; }

    // Serves until SIGINT, SIGTERM or SHUTDOWN.
    closing_report run() {
        signals_.async_wait([this](const asio::error_code& trouble, int) {
            if (!trouble) stop();
        });
        accept();
        tick();
        io_.run();
        report_.after_close = live_in(shared_.counts);
        shared_.data.clear();
        report_.after_clear = live_in(shared_.counts);
        report_.pools_agree = report_.pools_agree && pools_agree();
        return std::move(report_);
    }

private:
    using acceptor_type = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;
    using socket_type = typename session<Policy>::socket_type;
    using timer_type =
        asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                   asio::io_context::executor_type>;

    static constexpr auto tick_time = std::chrono::milliseconds(100);
    static constexpr int ticks_per_check = 10;
    static constexpr int accepts_at_once = 128;

    static asio::ip::tcp::endpoint endpoint(const options& settings) {
        return {asio::ip::make_address(settings.bind), settings.port};
    }

    void accept() {
        accepting_ = true;
        acceptor_.async_wait(acceptor_type::wait_read, [this](const asio::error_code& trouble) {
            accepting_ = false;
            if (stopped_) return;
            // Out of file handles, say: the next tick tries again.
            if (!trouble && accept_waiting()) accept();
        });
    }

    // False when the system can't give us a connection just now.
    bool accept_waiting() {
        shared_.refresh_clock();
        for (int i = 0; i < accepts_at_once; ++i) {
            socket_type socket(io_.get_executor());
            asio::error_code trouble;
            acceptor_.accept(socket, trouble);
            if (trouble == asio::error::would_block || trouble == asio::error::try_again) return true;
            if (trouble == asio::error::connection_aborted || trouble == asio::error::interrupted) continue;
            if (trouble) return false;
            admit(std::move(socket));
        }
        return true;
    }

    void admit(socket_type&& socket) {
        asio::error_code trouble;
        socket.non_blocking(true, trouble);
        socket.set_option(asio::ip::tcp::no_delay(true), trouble);
        if (trouble) return;
        if (shared_.sessions.live() >= shared_.settings.max_clients) {
            return refuse(socket, "-ERR max number of clients reached\r\n");
        }
        session<Policy>* const made =
            shared_.sessions.create(shared_, std::move(socket), ++shared_.seen.connections);
        if (made == nullptr) return refuse(socket, "-OOM out of memory for one more client\r\n");
        made->start();
    }

    void refuse(socket_type& socket, std::string_view why) {
        ++shared_.seen.refused;
        asio::error_code ignored;
        socket.write_some(asio::buffer(why), ignored);
        socket.shutdown(socket_type::shutdown_send, ignored);
    }

    void tick() {
        ticks_.expires_after(tick_time);
        ticks_.async_wait([this](const asio::error_code& trouble) {
            if (trouble || stopped_) return;
            shared_.refresh_clock();
            shared_.data.expire_some();
            if (++tick_count_ % ticks_per_check == 0) {
                for_each_session([](session<Policy>& each) { each.check_timeouts(); });
            }
            if (!accepting_) accept();
            tick();
        });
    }

    void stop() {
        if (std::exchange(stopped_, true)) return;
        report_.last = take_snapshot(shared_);
        report_.at_stop = live_in(shared_.counts);
        report_.pools_agree = pools_agree();
        asio::error_code ignored;
        acceptor_.close(ignored);
        signals_.cancel(ignored);
        ticks_.cancel();
        for_each_session([](session<Policy>& each) { each.close(); });
    }

    template <class Visit>
    void for_each_session(Visit&& visit) {
        for (client* each = shared_.clients.first(); each != nullptr;) {
            client* const next = each->next;
            visit(static_cast<session<Policy>&>(*each));
            each = next;
        }
    }

    // Whether the pools' own counts of live blocks are those of the meter.
    bool pools_agree() const {
        if constexpr (!Policy::has_pools) return true;
        std::size_t in_pools = 0;
        std::size_t counted = 0;
        for (const pool_report& each : shared_.pools())
            in_pools += each.live;
        for (const std::size_t each : live_in(shared_.counts))
            counted += each;
        return in_pools == counted;
    }

    // The sessions' memory goes last: handlers that the io_context still holds when it dies refer to them.
    service<Policy> shared_;
    asio::io_context io_{1};
    acceptor_type acceptor_;
    asio::signal_set signals_;
    timer_type ticks_;
    closing_report report_;
    int tick_count_ = 0;
    bool accepting_ = false;
    bool stopped_ = false;
};

} // namespace packet_server
