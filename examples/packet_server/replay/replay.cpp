#include "replay.hpp"

#include "../memory/malloc_policy.hpp"
#include "../memory/pools_policy.hpp"
#include "../report/process_figures.hpp"

#include <array>
#include <cenote/cenote.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <malloc.h>
#include <new>
#include <optional>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace packet_server {

namespace {

// Each subject allocates and frees like the server does, kind by kind.

class pools_subject {
public:
    explicit pools_subject(const recording& pattern) {
        for (std::size_t kind = 0; kind < kind_count; ++kind) {
            if (pattern.sizes[kind] != 0) {
                objects_[kind].emplace(pattern.sizes[kind]);
            } else {
                buffers_[kind].emplace(common_);
            }
        }
    }
    void* allocate(const record_event& e) noexcept {
        const std::size_t kind = index_of(e.kind);
        return objects_[kind] ? objects_[kind]->try_allocate() : buffers_[kind]->allocate(e.size);
    }
    void free(const record_event& e, void* p) noexcept {
        const std::size_t kind = index_of(e.kind);
        objects_[kind] ? objects_[kind]->deallocate(p) : buffers_[kind]->free(p, e.size);
    }

private:
    byte_budget unlimited_;
    pools_policy::buffers::common common_{unlimited_};
    std::array<std::optional<cenote::block_pool<>>, kind_count> objects_;
    std::array<std::optional<pools_policy::buffers>, kind_count> buffers_;
};

class malloc_subject {
public:
    explicit malloc_subject(const recording&) {}
    void* allocate(const record_event& e) noexcept { return std::malloc(e.size); }
    void free(const record_event&, void* p) noexcept { std::free(p); }
};

// What the loop itself costs: fetching events, keeping pointers, touching a block that is always at hand.
class loop_subject {
public:
    explicit loop_subject(const recording&) {}
    void* allocate(const record_event&) noexcept { return &block_; }
    void free(const record_event&, void*) noexcept {}

private:
    char block_ = 0;
};

// Once through the pattern; nanoseconds for each allocation with its free. With `fill` every byte is written,
// else only the first.
template <class Subject>
double pass(const recording& pattern, Subject& subject, std::vector<void*>& slots, bool fill) {
    const auto from = std::chrono::steady_clock::now();
    for (const record_event& e : pattern.events) {
        if (e.frees) {
            subject.free(e, slots[e.slot]);
            continue;
        }
        void* const p = subject.allocate(e);
        if (p == nullptr) throw std::bad_alloc();
        slots[e.slot] = p;
        if (fill) {
            std::memset(p, 1, e.size);
        } else {
            *static_cast<volatile char*>(p) = 1;
        }
    }
    const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - from;
    return pattern.pairs == 0 ? 0 : passed.count() / static_cast<double>(pattern.pairs);
}

struct child_figures {
    double ns = 0;
    std::size_t peak_kib = 0;
};

// Runs `work` in a child process and hands back what it returns.
child_figures in_child(const std::function<child_figures()>& work) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::runtime_error("no pipe to a child process");
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("no child process");
    if (child == 0) {
        int exit_code = 1;
        try {
            const child_figures figures = work();
            exit_code =
                write(ends[1], &figures, sizeof figures) == static_cast<ssize_t>(sizeof figures) ? 0 : 1;
        } catch (...) {
            exit_code = 1;
        }
        _exit(exit_code);
    }
    close(ends[1]);
    child_figures figures;
    const bool whole = read(ends[0], &figures, sizeof figures) == static_cast<ssize_t>(sizeof figures);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!whole) throw std::bad_alloc();
    return figures;
}

template <class Subject>
void measure_alone(const recording& pattern, replay_figures& into) {
    into.first_pass_ns = in_child([&] {
                             Subject subject(pattern);
                             std::vector<void*> slots(pattern.slots);
                             return child_figures{pass(pattern, subject, slots, false), 0};
                         }).ns;
    into.peak_resident_kib =
        in_child([&] {
            std::vector<void*> slots(pattern.slots);
            std::memset(static_cast<void*>(slots.data()), 0, slots.size() * sizeof(void*));
            const std::size_t before = process_figures::now().resident_kib;
            Subject subject(pattern);
            pass(pattern, subject, slots, true);
            const std::size_t peak = process_figures::now().peak_resident_kib;
            return child_figures{0, peak > before ? peak - before : 0};
        }).peak_kib;
}

} // namespace

replay_results replay(const recording& pattern, std::size_t passes) {
    replay_results results;
    results.loop.subject = "loop";
    results.pools.subject = "pools";
    results.malloc.subject = "malloc";
    malloc_trim(0); // what reading the file left free must not serve the children
    measure_alone<pools_subject>(pattern, results.pools);
    measure_alone<malloc_subject>(pattern, results.malloc);

    std::vector<void*> slots(pattern.slots);
    loop_subject loop(pattern);
    pools_subject pools(pattern);
    malloc_subject malloc(pattern);
    for (std::size_t i = 0; i <= passes; ++i) {
        const double loop_ns = pass(pattern, loop, slots, false);
        const bool pools_first = i % 2 == 0;
        double pools_ns = pools_first ? pass(pattern, pools, slots, false) : 0;
        const double malloc_ns = pass(pattern, malloc, slots, false);
        if (!pools_first) pools_ns = pass(pattern, pools, slots, false);
        if (i == 0) continue; // to warm up
        results.loop.passes_ns.push_back(loop_ns);
        results.pools.passes_ns.push_back(pools_ns);
        results.malloc.passes_ns.push_back(malloc_ns);
    }
    return results;
}

} // namespace packet_server
