#include "soak/soak.hpp"

#include "override/hidden.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

// Nothing here allocates but by the loads: under the replacement of malloc it could be refused.
namespace cenote_soak {
namespace {

using cenote_test::pattern;

// All relaxed: figures, no more, but for `stops`, which only ever ends loops.
std::atomic<unsigned long> operations, refused, crossed;
std::atomic<bool> stops;
std::atomic<unsigned> drift; // sizes are those of the load, divided by 2 so many times
unsigned long threads, forks, trims;

void say(const char* format, auto... values) noexcept {
    char line[400];
    const int length = std::snprintf(line, sizeof line, format, values...);
    (void)!::write(STDOUT_FILENO, line,
                   std::min<std::size_t>(static_cast<std::size_t>(length), sizeof line - 1));
}

std::uint64_t milliseconds() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

// KiB, from a line of /proc/self/FILE.
std::size_t kib(const char* file, const char* line) noexcept {
    static char text[8192];
    const int from = ::open(file, O_RDONLY | O_CLOEXEC);
    if (from < 0) return 0;
    const ssize_t length = ::read(from, text, sizeof text - 1);
    ::close(from);
    text[length < 0 ? 0 : length] = 0;
    const char* const at = std::strstr(text, line);
    return at == nullptr ? 0 : std::strtoul(at + std::strlen(line), nullptr, 10);
}
// What the process has that is no file's.
std::size_t resident() noexcept { return kib("/proc/self/smaps_rollup", "\nAnonymous:"); }
std::size_t peak() noexcept { return kib("/proc/self/status", "\nVmHWM:"); }

// At the beginning of each block; behind it a pattern that depends on it.
struct stamp {
    std::uint64_t number;
    std::uint32_t load;
    std::uint32_t bytes;
    std::uint64_t check; // of the above
};
std::uint64_t check_of(const stamp& s) noexcept {
    return dice{s.number ^ (std::uint64_t{s.load} << 32U) ^ s.bytes}.roll();
}
pattern behind(void* p, const stamp& s) noexcept {
    return {static_cast<std::byte*>(p) + sizeof(stamp), s.bytes - sizeof(stamp)};
}

void* allocate(dice& with, std::size_t from) noexcept {
    const load& of = all_loads[from];
    // Small ones are more frequent; the largest go with the drift.
    const std::size_t most =
        std::max(of.least, (of.most >> (with.below(10) + drift.load(std::memory_order_relaxed))));
    const std::size_t bytes = of.least + with.below(most - of.least + 1);
    void* const p = of.allocate(bytes);
    if (p == nullptr) {
        refused.fetch_add(1, std::memory_order_relaxed);
        return nullptr;
    }
    stamp s{with.roll(), static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(bytes), 0};
    s.check = check_of(s);
    std::memcpy(p, &s, sizeof s);
    behind(p, s).fill(s.number);
    return p;
}
void free(void* p) noexcept {
    stamp s;
    std::memcpy(&s, p, sizeof s);
    if (s.check != check_of(s) || s.load >= load_count) fault("a stamp was overwritten");
    if (!behind(p, s).holds(s.number)) fault("a block was overwritten");
    std::memset(p, 0, sizeof s); // whoever frees it again finds no stamp
    all_loads[s.load].free(p, s.bytes);
}

// Blocks on their way to whoever comes next: exchanged, so that each has one owner.
std::atomic<void*> under_way[512];

void drain() noexcept {
    for (auto& each : under_way)
        // Acquire: pairs with the release in pass_on().
        if (void* const p = each.exchange(nullptr, std::memory_order_acquire)) free(p);
}
void pass_on(dice& with, void* p) noexcept {
    // Acquire and release: the stamp goes with the pointer.
    void* const other = under_way[with.below(std::size(under_way))].exchange(p, std::memory_order_acq_rel);
    if (other == nullptr) return;
    crossed.fetch_add(1, std::memory_order_relaxed);
    free(other);
}

void live(dice& with, std::size_t steps) noexcept {
    void* held[100] = {};
    for (std::size_t i = 0; i != steps && !stops.load(std::memory_order_relaxed); ++i) {
        void*& place = held[with.below(std::size(held))];
        if (place == nullptr) {
            place = allocate(with, with.below(load_count));
        } else {
            with.below(4) == 0 ? pass_on(with, place) : free(place);
            place = nullptr;
        }
    }
    operations.fetch_add(steps, std::memory_order_relaxed);
    for (void* const p : held)
        if (p != nullptr) free(p);
}

struct worker {
    pthread_t thread;
    std::uint64_t seed;
    std::atomic<bool> is_done;
    bool is_there;
};
worker workers[12];
std::size_t worker_count;

void* work(void* of) {
    auto& self = *static_cast<worker*>(of);
    dice with{self.seed};
    live(with, 500 + with.below(20'000));
    operations.fetch_add(alone(with), std::memory_order_relaxed);
    self.is_done.store(true, std::memory_order_relaxed);
    return nullptr;
}

void see_to_workers(dice& with) noexcept {
    for (worker& each : workers) {
        if (&each == workers + worker_count) break;
        if (each.is_there && each.is_done.load(std::memory_order_relaxed)) {
            ::pthread_join(each.thread, nullptr);
            each.is_there = false;
        }
        if (each.is_there || stops.load(std::memory_order_relaxed)) continue;
        each.seed = with.roll();
        each.is_done.store(false, std::memory_order_relaxed);
        each.is_there = ::pthread_create(&each.thread, nullptr, work, &each) == 0;
        threads += each.is_there;
    }
}
void end_workers() noexcept {
    stops.store(true, std::memory_order_relaxed);
    for (worker& each : workers)
        if (each.is_there) {
            ::pthread_join(each.thread, nullptr);
            each.is_there = false;
        }
    stops.store(false, std::memory_order_relaxed);
}

// Every load without a limit serves, now that nothing fails.
void expect_service(dice& with, std::size_t blocks) noexcept {
    for (std::size_t from = 0; from != load_count; ++from) {
        void* held[200];
        blocks = std::min(blocks, std::size(held));
        for (std::size_t i = 0; i != blocks; ++i) {
            held[i] = allocate(with, from);
            if (held[i] == nullptr && !all_loads[from].is_limited)
                fault("refused, though nothing fails any more");
        }
        for (std::size_t i = 0; i != blocks; ++i)
            if (held[i] != nullptr) free(held[i]);
    }
}

// The child has the forking thread alone, and what was under way.
void fork_once(dice& with) noexcept {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(60);
        fail_one_in(0);
        drain();
        expect_service(with, 50);
        live(with, 2000);
        for (std::size_t i = 0; i != load_count; ++i)
            all_loads[i].trim();
        ::_exit(0);
    }
    if (child < 0) return; // no memory for it
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fault("a child failed");
    ++forks;
}

// Nothing is held any more; KiB that stay.
std::size_t rest(dice& with) noexcept {
    end_workers();
    fail_one_in(0);
    drain();
    drift.store(0, std::memory_order_relaxed);
    expect_service(with, 200);
    for (int twice = 0; twice != 2; ++twice)
        for (std::size_t i = 0; i != load_count; ++i)
            all_loads[i].trim();
    for (std::size_t i = 0; i != load_count; ++i)
        if (all_loads[i].live != nullptr && all_loads[i].live() != 0) fault("blocks live that nobody has");
    return resident();
}

void work_for(dice& with, std::uint64_t duration, std::uint64_t report_every) noexcept {
    const std::uint64_t begin = milliseconds();
    std::uint64_t reported = begin;
    for (std::uint64_t now = begin; now - begin < duration; now = milliseconds()) {
        see_to_workers(with);
        // There and back in 16 seconds.
        const auto phase = static_cast<unsigned>((now - begin) / 1000 % 16);
        drift.store(std::min(phase, 16 - phase), std::memory_order_relaxed);
        // A twentieth of a second that is as usual, or in which the OS refuses.
        fail_one_in(with.below(3) == 0 ? static_cast<unsigned>(2 + with.below(20)) : 0);
        if (with.below(4) == 0) {
            all_loads[with.below(load_count)].trim();
            ++trims;
        }
        if (with.below(4) == 0) fork_once(with);
        const timespec pause{0, 50'000'000};
        ::nanosleep(&pause, nullptr);
        if (report_every != 0 && now - reported >= report_every) {
            reported = now;
            say("%5lu s: %lu operations, %lu threads, %lu forks, %lu failures injected, %zu KiB\n",
                static_cast<unsigned long>((now - begin) / 1000), operations.load(), threads, forks,
                failures(), resident());
        }
    }
}

} // namespace

void fault(const char* what) noexcept {
    say("soak: %s, after %lu operations, %lu forks\n", what, operations.load(), forks);
    ::_exit(1);
}

int run(unsigned seconds, std::size_t kept) {
    dice with{static_cast<std::uint64_t>(::getpid())};
    worker_count = std::size(workers);
    ::alarm(2 * seconds + 120); // a deadlock ends here

    // The loads make their pools at their first call. A child that is forked amid that would wait for ever, in the C++ runtime.
    for (std::size_t i = 0; i != load_count; ++i)
        all_loads[i].trim();
    // All that is made once is made: memory begins where a tenth of the time ended.
    work_for(with, std::max(seconds * 100U, 1000U), 0);
    const std::size_t begin = rest(with);
    work_for(with, seconds * 1000UL, std::max(seconds * 50UL, 2000UL));
    // On a busy machine few calls of the OS are made in so short a time: until one failed, and a child was forked.
    for (int more = 0; (failures() == 0 || forks == 0) && more != 60; ++more)
        work_for(with, 1000, 1000);
    const std::size_t end = rest(with);

    // Threads that end at the same time leave what they had to whoever trims; a page here and there stays.
    const std::size_t allowed = begin + begin / 4 + 2048 + kept;
    say("operations %lu, threads %lu, blocks freed by other threads %lu, forks %lu, trims %lu\n",
        operations.load(), threads, crossed.load(), forks, trims);
    say("failures injected %lu, requests refused %lu, all survived\n", failures(), refused.load());
    say("resident at the beginning %zu KiB, at the end %zu KiB (allowed %zu), at most %zu KiB\n", begin, end,
        allowed, peak());
    if (failures() == 0) fault("no failure was injected");
    if (forks == 0) fault("no child was forked");
    if (end > allowed) fault("memory is lost");
    return 0;
}

} // namespace cenote_soak
