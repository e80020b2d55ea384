#include "trade.hpp"

#include <cenote/shared_segment_pool.hpp>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shared_orders {
namespace {

// No pointers: other processes see it at another address.
struct order {
    std::uint64_t number;
    std::uint32_t lots;
    bool written; // to the end
};
using pool = cenote::shared_segment_pool<order>;
using ticket = cenote::handle<order>;

constexpr std::size_t capacity = 64;
constexpr std::uint64_t drafts = 4; // that a clerk has before it when it dies

std::uint32_t lots_of(std::uint64_t number) { return static_cast<std::uint32_t>(number % 9 + 1); }

// A handle is eight bytes: any way to the other process will do.
void send(int pipe, ticket t) {
    const std::uint64_t value = t.value();
    if (::write(pipe, &value, sizeof value) != sizeof value) std::_Exit(1);
}
ticket receive(int pipe) {
    std::uint64_t value = 0;
    return ::read(pipe, &value, sizeof value) == sizeof value ? ticket::from_value(value) : ticket{};
}

// Opens the segment by its name, as any other program would, and writes orders until it is killed.
[[noreturn]] void clerk(const char* path, int out, std::uint64_t first, std::uint64_t orders) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    pool book(path, {.how = cenote::opening::open});
    for (std::uint64_t n = first; n != first + orders; ++n) {
        ticket t;
        while (!(t = book.try_create(order{n, lots_of(n), true})))
            ::usleep(50); // the book is full until the broker has filled some
        send(out, t);
    }
    for (std::uint64_t n = first + orders; n != first + orders + drafts; ++n)
        while (!book.try_create(order{n, lots_of(n), n % 2 == 0}))
            ::usleep(50);
    send(out, {}); // "now I am amid something"
    for (;;)
        ::pause();
}

} // namespace

answer trade(int clerks, std::uint64_t orders) {
    const std::string path = "/dev/shm/cenote-shared-orders-" + std::to_string(::getpid());
    pool book(path.c_str(), {.capacity = capacity, .how = cenote::opening::create});
    answer a;
    std::uint64_t number = 0;
    for (int i = 0; i != clerks; ++i, number += orders + drafts) {
        int way[2];
        if (::pipe(way) != 0) std::abort();
        const pid_t child = ::fork();
        if (child < 0) std::abort();
        if (child == 0) clerk(path.c_str(), way[1], number, orders);
        ::close(way[1]);
        while (const ticket t = receive(way[0]))
            // Ours from here on, whatever becomes of the clerk; and gone, had the clerk died first.
            if (const order* const o = book.adopt(t)) {
                a.lots += o->lots;
                ++a.filled;
                book.destroy(t);
            }
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        ::close(way[0]);

        // What it left behind: what is written to the end is ours, the rest is freed.
        a.dropped += book.reclaim([](const order& o) { return o.written; });
        book.for_each([&](const order& o, ticket t) {
            a.lots += o.lots;
            ++a.finished;
            book.destroy(t);
        });
    }
    const cenote::segment_stats s = book.stats();
    a.nothing_lost = s.free == capacity && s.participants == 1 && s.dead == 0 && book.valid();
    pool::unlink(path.c_str());
    return a;
}

} // namespace shared_orders
