// Listens, hands connections to the threads in turn, stops.
//
// The thread that calls `run` is the first of them, and accepts for all. A connection lives on its thread for life.
#pragma once

#include "../report/closing_report.hpp"
#include "worker.hpp"

#include <asio/basic_socket_acceptor.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <latch>
#include <thread>
#include <utility>
#include <vector>

namespace packet_server {

template <class Policy>
class server {
public:
    // Listens from here on. Throws asio::system_error when the address can't be had.
    explicit server(const options& settings)
        : shared_(settings), workers_(make_workers()), acceptor_(first().io(), endpoint(settings)),
          signals_(first().io(), SIGINT, SIGTERM), all_paused_(static_cast<std::ptrdiff_t>(workers_.size())) {
        acceptor_.non_blocking(true);
        shared_.port = acceptor_.local_endpoint().port();
        shared_.stop = [this] { asio::post(first().io(), [this] { stop(); }); };
        shared_.trim = [this] {
            for (worker<Policy>& each : workers_)
                each.ask_to_trim();
        };
    }

    std::uint16_t port() const noexcept { return shared_.port; }

    // For a server with one thread. nullptr for no longer.
    void record_to(recorder* to) noexcept { shared_.meters.front().record_to(to); }

    // Serves until SIGINT, SIGTERM or SHUTDOWN.
    closing_report run() {
        signals_.async_wait([this](const asio::error_code& trouble, int) {
            if (!trouble) stop();
        });
        accept();
        for (worker<Policy>& each : workers_)
            each.start();
        run_threads();
        report_.after_close = live_in(shared_);
        shared_.data.clear();
        report_.after_clear = live_in(shared_);
        report_.pools_agree = report_.pools_agree && pools_agree();
        return std::move(report_);
    }

private:
    using acceptor_type = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;
    using socket_type = typename session<Policy>::socket_type;

    static constexpr int accepts_at_once = 128;

    static asio::ip::tcp::endpoint endpoint(const options& settings) {
        return {asio::ip::make_address(settings.bind), settings.port};
    }

    std::deque<worker<Policy>> make_workers() {
        std::deque<worker<Policy>> made;
        for (std::size_t i = 0; i < shared_.settings.threads; ++i)
            made.emplace_back(shared_, i, i == 0 ? std::function<void()>([this] { tick(); }) : nullptr);
        return made;
    }
    worker<Policy>& first() noexcept { return workers_.front(); }

    void run_threads() {
        std::vector<std::jthread> others;
        try {
            for (std::size_t i = 1; i < workers_.size(); ++i)
                others.emplace_back([&of = workers_[i]] { of.run(); });
            first().run();
        } catch (const std::exception&) {
            for (worker<Policy>& each : workers_)
                each.io().stop();
            throw;
        }
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
        for (int i = 0; i < accepts_at_once; ++i) {
            worker<Policy>& turn = workers_[next_];
            socket_type socket(turn.io().get_executor());
            asio::error_code trouble;
            acceptor_.accept(socket, trouble);
            if (trouble == asio::error::would_block || trouble == asio::error::try_again) return true;
            if (trouble == asio::error::connection_aborted || trouble == asio::error::interrupted) continue;
            if (trouble) return false;
            admit(turn, std::move(socket));
        }
        return true;
    }

    void admit(worker<Policy>& turn, socket_type&& socket) {
        asio::error_code trouble;
        socket.non_blocking(true, trouble);
        socket.set_option(asio::ip::tcp::no_delay(true), trouble);
        if (trouble) return;
        if (shared_.connections >= shared_.settings.max_clients) {
            return first().refuse(socket, "-ERR max number of clients reached\r\n");
        }
        ++shared_.connections;
        next_ = (next_ + 1) % workers_.size();
        auto& accepted = first().services().seen.connections;
        turn.adopt(std::move(socket), ++accepted);
    }

    void tick() {
        {
            const typename service<Policy>::access store(first().services());
            shared_.data.expire_some();
        }
        if (!accepting_) accept();
    }

    // The other threads pause where no request is in work, so that the report's counts are of one moment.
    void stop() {
        if (std::exchange(stopped_, true)) return;
        for (std::size_t i = 1; i < workers_.size(); ++i) {
            asio::post(workers_[i].io(), [this, &of = workers_[i]] {
                all_paused_.arrive_and_wait();
                counted_.wait();
                of.stop();
            });
        }
        all_paused_.arrive_and_wait();
        report_.last = take_snapshot(shared_);
        report_.at_stop = live_in(shared_);
        report_.pools_agree = pools_agree();
        counted_.count_down();
        asio::error_code ignored;
        acceptor_.close(ignored);
        signals_.cancel(ignored);
        first().stop();
    }

    // Whether the pools' own counts of live blocks are those of the meters.
    bool pools_agree() const {
        if constexpr (!Policy::has_pools) return true;
        std::size_t in_pools = 0;
        std::size_t counted = 0;
        for (const pool_report& each : shared_.services.front()->pools())
            in_pools += each.live;
        for (const std::size_t each : live_in(shared_))
            counted += each;
        return in_pools == counted;
    }

    shared_state<Policy> shared_;
    std::deque<worker<Policy>> workers_; // one for each thread
    acceptor_type acceptor_;
    asio::signal_set signals_;
    closing_report report_;
    std::latch all_paused_;
    std::latch counted_{1};
    std::size_t next_ = 0; // whose turn it is to get a connection
    bool accepting_ = false;
    bool stopped_ = false;
};

} // namespace packet_server
