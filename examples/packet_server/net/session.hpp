// One client's connection, from accept to close.
//
//     open ----------> closing -----------------> lingering ----> closed
//          QUIT,          replies are written,        the client closes too,
//          bad frame      our side is shut            or a second passes
//
// A read waits, except while replies are held up; a wait for room to write only while the kernel takes no
// more. Each holds a reference; the session dies with the last one, so no handler ever finds it gone.
//
// A client that does not read its replies is not read from either: once `max_output` bytes wait, its further
// requests do, too, and if then nothing moves for the write timeout, it is closed.
#pragma once

#include "../commands/execute.hpp"
#include "input_buffer.hpp"
#include "request_queue.hpp"
#include "service.hpp"

#include <array>
#include <asio/basic_stream_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <utility>

namespace packet_server {

template <class Policy>
class session : public client {
public:
    using socket_type = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

    session(service<Policy>& server, socket_type&& socket, std::uint64_t number) noexcept
        : server_(server), socket_(std::move(socket)), input_(server.io),
          output_(server.io, largest_output(server.settings)),
          requests_(server.packets, server.io, server.settings.frames), progress_(server.now) {
        id = number;
        connected = server.now;
        last_request = server.now;
        const typename service<Policy>::access lists(server_);
        server_.clients.insert(this);
    }
    ~session() {
        {
            const typename service<Policy>::access lists(server_);
            server_.clients.remove(this);
        }
        --server_.shared.connections;
        if (name != nullptr) server_.io.free(name, name_size);
    }
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    // After this the session looks after its own life.
    void start() {
        const reference alive(this);
        start_read();
    }

    void close() noexcept {
        if (state_ == state::closed) return;
        state_ = state::closed;
        asio::error_code ignored;
        socket_.close(ignored);
    }

    // Once a second: closes what has waited too long.
    void check_timeouts() noexcept {
        const auto longer_than = [&](std::int64_t since, std::size_t seconds) {
            return seconds != 0 && server_.now - since > static_cast<std::int64_t>(seconds) * 1000;
        };
        if (state_ == state::lingering) {
            if (server_.now > linger_until_) close();
        } else if (waits_to_write_ && longer_than(progress_, server_.settings.write_timeout)) {
            ++server_.seen.slow_clients;
            close();
        } else if (state_ == state::open && longer_than(last_request, server_.settings.idle_timeout)) {
            ++server_.seen.idle_clients;
            close();
        }
    }

private:
    enum class state : unsigned char { open, closing, lingering, closed };
    static constexpr std::int64_t linger_time = 1000; // milliseconds
    static constexpr std::size_t linger_bytes = std::size_t{4}
                                                << 20; // that we read in vain before we close all the same
    static constexpr std::size_t requests_per_access = 16;

    // Keeps a session alive. Sessions stay on one thread, so the count is a plain number.
    class reference {
    public:
        explicit reference(session* to) noexcept : to_(to) { ++to_->references_; }
        reference(const reference& other) noexcept : reference(other.to_) {}
        reference(reference&& other) noexcept : to_(std::exchange(other.to_, nullptr)) {}
        reference& operator=(const reference&) = delete;
        ~reference() {
            if (to_ != nullptr && --to_->references_ == 0) to_->server_.sessions.destroy(to_);
        }
        session* operator->() const noexcept { return to_; }

    private:
        session* to_;
    };

    // Carries the allocator that Asio takes for the operation's state.
    struct handler {
        using allocator_type = handler_allocator<std::byte, Policy>;
        explicit handler(session* of) noexcept : self(of), allocator(of->server_.handlers) {}
        allocator_type get_allocator() const noexcept { return allocator; }
        reference self;
        allocator_type allocator; // also asked for once the reference has moved on
    };
    struct on_input : handler {
        using handler::handler;
        void operator()(const asio::error_code& trouble, std::size_t bytes) {
            this->self->received(trouble, bytes);
        }
    };
    struct on_room : handler {
        using handler::handler;
        void operator()(const asio::error_code&) { this->self->writable(); }
    };

    using outcome = typename request_queue<Policy>::outcome;

    // Room for one more reply, as long as a value can be, when just less than max_output wait.
    static std::size_t largest_output(const options& settings) noexcept {
        return settings.max_output + settings.frames.max_frame;
    }

    void start_read() noexcept {
        if (!input_.prepare(requests_.least_frame())) return give_up_input();
        try {
            const auto room = input_.room();
            socket_.async_read_some(asio::buffer(room.data(), room.size()), on_input(this));
        } catch (const std::bad_alloc&) {
            close();
        }
    }

    // No memory for the rest of a frame: the stream ends here.
    void give_up_input() noexcept {
        if (state_ != state::open) return close();
        ++server_.seen.out_of_memory;
        reply(output_).error("OOM out of memory, the request could not be received");
        if (output_.failed()) return close();
        finish();
        if (state_ == state::lingering) start_read();
    }

    void received(const asio::error_code& trouble, std::size_t bytes) noexcept {
        if (state_ == state::closed) return;
        server_.refresh_clock();
        if (trouble == asio::error::eof) {
            // The client may have shut only its side, and still wait for the replies.
            client_ended_ = true;
            if (state_ == state::lingering) return close();
            state_ = state::closing;
            return flush();
        }
        if (trouble) return close();
        server_.seen.bytes_in += bytes;
        if (state_ != state::open) return discard(bytes);
        last_request = server_.now;
        input_.commit(bytes);
        proceed();
    }

    void proceed() noexcept {
        answer();
        if (state_ == state::open) flush();
        if ((state_ == state::open && !held_up_) || state_ == state::lingering) start_read();
    }

    // Answers every whole request in the input, or as many as have room for their replies.
    void answer() noexcept {
        while (run_queued()) {
            input_.consume(requests_.take_used());
            switch (std::exchange(last_read_, outcome::more)) {
            case outcome::more:
                last_read_ = requests_.read(input_.data(), input_.size());
                break;
            case outcome::need_more:
                return;
            case outcome::refused:
                ++server_.seen.requests;
                ++server_.seen.out_of_memory;
                reply(output_).error("OOM no room for one more request, this one was not carried out");
                if (output_.failed()) return close();
                break;
            case outcome::error:
                ++server_.seen.protocol_errors;
                reply(output_).error(requests_.error());
                return finish();
            }
        }
    }

    // False when that has to stop before the queue is empty.
    bool run_queued() noexcept {
        while (requests_.first() != nullptr) {
            if (output_.size() >= server_.settings.max_output) [[unlikely]] {
                flush();
                held_up_ = state_ == state::open && output_.size() >= server_.settings.max_output;
                if (held_up_ || state_ != state::open) return false;
            }
            run_some();
            if (output_.overflowed()) ++server_.seen.overflows;
            if (output_.overflowed() || gives_up) {
                close();
                return false;
            }
            if (wants_close) {
                finish();
                return false;
            }
        }
        return true;
    }

    // Runs up to requests_per_access requests, at least one, while the replies have room.
    void run_some() noexcept {
        const typename service<Policy>::access store(server_);
        for (std::size_t run = 0; run < requests_per_access; ++run) {
            execute(server_, *this, *requests_.first(), output_);
            requests_.pop();
            if (requests_.first() == nullptr || output_.size() >= server_.settings.max_output ||
                output_.overflowed() || gives_up || wants_close)
                return;
        }
    }

    // Writes as much as the kernel takes.
    void flush() noexcept {
        while (!output_.empty()) {
            std::array<asio::const_buffer, 16> storage;
            const auto pieces = output_.pieces(
                storage, [](const char* p, std::size_t n) { return asio::const_buffer(p, n); });
            asio::error_code trouble;
            const std::size_t written = socket_.write_some(pieces, trouble);
            if (trouble == asio::error::would_block || trouble == asio::error::try_again)
                return wait_to_write();
            if (trouble) return close();
            server_.seen.bytes_out += written;
            progress_ = server_.now;
            output_.consume(written);
        }
        output_.clear();
        if (state_ == state::closing) linger();
    }

    void wait_to_write() noexcept {
        if (waits_to_write_) return;
        try {
            socket_.async_wait(socket_type::wait_write, on_room(this));
            waits_to_write_ = true;
        } catch (const std::bad_alloc&) {
            close();
        }
    }
    void writable() noexcept {
        waits_to_write_ = false;
        if (state_ == state::closed) return;
        server_.refresh_clock();
        const bool reads = state_ == state::lingering || (state_ == state::open && !held_up_);
        flush();
        if (reads || state_ == state::closed) return;
        if (state_ == state::lingering) return start_read();
        if (state_ == state::open && output_.size() < server_.settings.max_output) {
            held_up_ = false;
            proceed();
        }
    }

    // No more requests: writes what is left, then closes.
    void finish() noexcept {
        state_ = state::closing;
        requests_.clear();
        flush();
    }

    // Closing with input unread would make the kernel reset the connection, and the client might never see
    // the last reply. So our side is shut first, and what still arrives is thrown away until the client
    // closes, too.
    void linger() noexcept {
        if (client_ended_) return close();
        state_ = state::lingering;
        linger_until_ = server_.now + linger_time;
        asio::error_code ignored;
        socket_.shutdown(socket_type::shutdown_send, ignored);
        input_.consume(input_.size());
    }
    void discard(std::size_t bytes) noexcept {
        discarded_ += bytes;
        if (discarded_ > linger_bytes) return close();
        start_read();
    }

    service<Policy>& server_;
    socket_type socket_;
    input_buffer<buffer_memory<Policy>> input_;
    output_of<Policy> output_;
    request_queue<Policy> requests_;
    std::uint32_t references_ = 0;
    state state_ = state::open;
    outcome last_read_ = outcome::more; // what the queue said, and is still to be dealt with
    bool held_up_ = false;              // requests wait for the client to read
    bool waits_to_write_ = false;
    bool client_ended_ = false;
    std::int64_t progress_; // when something was last written
    std::int64_t linger_until_ = 0;
    std::size_t discarded_ = 0;
};

} // namespace packet_server
