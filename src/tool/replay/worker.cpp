#include "worker.hpp"

#include "../record/ticks.hpp"
#include "plan.hpp"

#include "cenote/adaptor/pool_family.hpp"
#include "cenote/heap/heap.hpp"
#include "cenote/os/vm.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <new>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace cenote::tool {

namespace {

constexpr std::uint32_t most_ahead =
    10'000; // operations that a thread may be before the one that is furthest behind
constexpr std::uint32_t ahead_checked = 64; // how often that is looked at, in operations
constexpr std::size_t default_alignment = 16;

// A block, or none.
struct slot {
    void* block;
    std::size_t size;
    std::size_t alignment;
    // How many operations it has seen. Released after each, acquired by whoever waits for its turn.
    std::atomic<std::uint32_t> turn;
};

struct alignas(64) progress {
    // Order of the next operation; released by its thread, acquired by those who wait for it.
    std::atomic<std::uint32_t> order;
};

void* map_shared(std::size_t bytes) noexcept {
    // Shared, so that it does not count as memory of the process's own.
    void* const p =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return p == MAP_FAILED ? nullptr : p;
}

// Resident memory of the process's own: neither of files nor shared.
std::uint64_t own_resident() noexcept {
    const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    char text[200] = {};
    const ssize_t got = file < 0 ? -1 : ::read(file, text, sizeof text - 1);
    if (file >= 0) ::close(file);
    unsigned long long all = 0;
    unsigned long long shared = 0;
    if (got <= 0 || std::sscanf(text, "%*u %llu %llu", &all, &shared) != 2) return 0;
    return (all - shared) * vm::page_size();
}

// The memories. Each takes blocks back with what they were allocated with.
struct malloc_memory {
    static constexpr bool has_realloc = true;
    void* allocate(replay_kind kind, std::size_t size, std::size_t alignment) noexcept {
        switch (kind) {
        case replay_kind::calloc:
            return std::calloc(1, size);
        case replay_kind::aligned: {
            void* p = nullptr;
            return ::posix_memalign(&p, std::max(alignment, sizeof(void*)), size) == 0 ? p : nullptr;
        }
        case replay_kind::new_one:
            return alignment > default_alignment
                       ? ::operator new (size, std::align_val_t{alignment}, std::nothrow)
                       : ::operator new(size, std::nothrow);
        default:
            return std::malloc(size);
        }
    }
    void* reallocate(void* p, std::size_t size) noexcept { return std::realloc(p, size); }
    void deallocate(const slot& s, const replay_operation& o) noexcept {
        if (o.kind != replay_kind::delete_one) return std::free(s.block);
        const std::align_val_t alignment{s.alignment};
        if (s.alignment > default_alignment)
            o.sized ? ::operator delete(s.block, s.size, alignment) : ::operator delete(s.block, alignment);
        else
            o.sized ? ::operator delete(s.block, s.size) : ::operator delete(s.block);
    }
};

struct heap_memory {
    static constexpr bool has_realloc = true;
    void* allocate(replay_kind kind, std::size_t size, std::size_t alignment) noexcept {
        if (kind == replay_kind::calloc) return heap_.try_allocate_zeroed(size);
        return heap_.try_allocate(size, alignment);
    }
    void* reallocate(void* p, std::size_t size) noexcept { return heap_.try_reallocate(p, size); }
    void deallocate(const slot& s, const replay_operation&) noexcept {
        heap_.deallocate(s.block, s.size, s.alignment);
    }

    heap heap_;
};

template <class Family>
struct pools_memory {
    static constexpr bool has_realloc = false;
    void* allocate(replay_kind kind, std::size_t size, std::size_t alignment) noexcept {
        size = std::max<std::size_t>(size, 1);
        void* const p = pools_.try_allocate(size, alignment);
        if (kind == replay_kind::calloc && p != nullptr) std::memset(p, 0, size);
        return p;
    }
    void* reallocate(void*, std::size_t) noexcept { return nullptr; }
    void deallocate(const slot& s, const replay_operation&) noexcept {
        pools_.deallocate(s.block, std::max<std::size_t>(s.size, 1), s.alignment);
    }

    Family pools_;
};

template <class Memory>
class replayer {
public:
    explicit replayer(const plan_parts& plan) noexcept : plan_(plan), run_(*plan.run) {}

    bool all() noexcept {
        const std::size_t threads = plan_.header->threads;
        slots_ = static_cast<slot*>(map_shared(plan_.header->slots * sizeof(slot) + 64));
        progress_ = static_cast<progress*>(map_shared(threads * sizeof(progress)));
        threads_ = static_cast<started*>(map_shared(threads * sizeof(started)));
        if (slots_ == nullptr || progress_ == nullptr || threads_ == nullptr) return false;
        for (std::size_t i = 0; i != threads; ++i)
            progress_[i].order.store(done, std::memory_order_relaxed); // before there are threads
        set_begun(0);
        before_ = own_resident();
        begin_ = nanoseconds_now();
        work(0);
        for (std::size_t i = 1; i != threads; ++i)
            if (threads_[i].is_there) ::pthread_join(threads_[i].thread, nullptr);
        run_.nanoseconds = nanoseconds_now() - begin_;
        run_.inside = inside_.load(std::memory_order_relaxed);   // all threads have ended
        run_.refused = refused_.load(std::memory_order_relaxed); // the same
        if (ratios_ != 0) run_.mean_over_live = sum_of_ratios_ / static_cast<double>(ratios_);
        return true;
    }

private:
    static constexpr std::uint32_t done = ~0U;

    struct started {
        replayer* of;
        std::size_t row;
        pthread_t thread;
        bool is_there;
    };

    void set_begun(std::size_t row) noexcept {
        const replay_thread& t = plan_.threads[row];
        if (t.count != 0)
            progress_[row].order.store(plan_.operations[t.first].order,
                                       std::memory_order_release); // see `progress`
    }

    void start(std::size_t row) noexcept {
        set_begun(row);
        threads_[row] = {this, row, {}, true};
        const auto enter = [](void* p) -> void* {
            const started& s = *static_cast<started*>(p);
            s.of->work(s.row);
            return nullptr;
        };
        if (::pthread_create(&threads_[row].thread, nullptr, enter, &threads_[row]) != 0) {
            std::fprintf(stderr, "cenote: cannot start a thread\n");
            std::_Exit(1);
        }
    }

    void work(std::size_t row) noexcept {
        const replay_thread t = plan_.threads[row];
        const replay_operation* const first = plan_.operations + t.first;
        std::uint64_t inside = 0;
        std::uint64_t refused = 0;
        const bool is_alone = plan_.header->threads == 1;
        const bool paced = run_.recorded_pace;
        for (const replay_operation* o = first; o != first + t.count; ++o) {
            if (!is_alone) {
                // Release: pairs with wait_for_others.
                progress_[row].order.store(o->order, std::memory_order_release);
                if (o->order % ahead_checked == 0) wait_for_others(o->order);
            }
            if (paced) wait_until(begin_ + o->time);
            if (o->kind == replay_kind::start) {
                start(o->slot);
                continue;
            }
            slot& s = slots_[o->slot];
            if (!is_alone) wait_for_turn(s, o->turn);
            if (paced) {
                const std::uint64_t from = nanoseconds_now();
                refused += carry_out(*o, s) ? 0U : 1U;
                inside += nanoseconds_now() - from;
            } else {
                refused += carry_out(*o, s) ? 0U : 1U;
            }
            if (o->kind != replay_kind::free && o->kind != replay_kind::delete_one && s.block != nullptr)
                touch(s);
            s.turn.store(o->turn + 1, std::memory_order_release); // pairs with wait_for_turn
            if (o->looks && run_.looks) [[unlikely]]
                look(o->order);
        }
        progress_[row].order.store(done, std::memory_order_release); // pairs with wait_for_others
        inside_.fetch_add(inside, std::memory_order_relaxed);        // joining orders them
        refused_.fetch_add(refused, std::memory_order_relaxed);      // the same
    }

    // False where it gave no memory.
    bool carry_out(const replay_operation& o, slot& s) noexcept {
        const auto size = static_cast<std::size_t>(o.size);
        const std::size_t alignment =
            std::max(o.alignment_log2 == 0 ? default_alignment : std::size_t{1} << o.alignment_log2,
                     default_alignment);
        if (o.kind == replay_kind::free || o.kind == replay_kind::delete_one) {
            if (s.block != nullptr) memory_.deallocate(s, o);
            s.block = nullptr;
            return true;
        }
        if (o.kind == replay_kind::realloc && s.block != nullptr) return reallocate(o, s, size);
        s.block = memory_.allocate(o.kind, size, alignment);
        s.size = size;
        s.alignment = alignment;
        return s.block != nullptr;
    }

    bool reallocate(const replay_operation& o, slot& s, std::size_t size) noexcept {
        void* to = nullptr;
        if constexpr (Memory::has_realloc) {
            to = memory_.reallocate(s.block, std::max<std::size_t>(size, 1));
        } else {
            to = memory_.allocate(replay_kind::malloc, size, default_alignment);
            if (to != nullptr) {
                std::memcpy(to, s.block, std::min(size, s.size));
                memory_.deallocate(s, o);
            }
        }
        if (to == nullptr) return false;
        s.block = to;
        s.size = std::max<std::size_t>(size, 1);
        s.alignment = default_alignment;
        return true;
    }

    void touch(const slot& s) const noexcept {
        if (run_.touch == replay_touch::none || s.size == 0) return;
        if (run_.touch == replay_touch::all) {
            std::memset(s.block, 1, s.size);
            return;
        }
        auto* const bytes = static_cast<volatile char*>(s.block);
        for (std::size_t i = 0; i < s.size; i += 4096)
            bytes[i] = 1;
        bytes[s.size - 1] = 1;
    }

    static void pause(unsigned& tries) noexcept {
        if (++tries < 100) {
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        } else {
            ::sched_yield();
        }
    }

    void wait_for_turn(const slot& s, std::uint32_t turn) const noexcept {
        for (unsigned tries = 0;
             s.turn.load(std::memory_order_acquire) != turn;) // pairs with the release in work
            pause(tries);
    }

    // As recorded, more or less: else one that produces may be far ahead of another that consumes. It never waits for
    // ever: the thread with the lowest order is never one that waits.
    void wait_for_others(std::uint32_t order) const noexcept {
        if (order < most_ahead) return;
        for (unsigned tries = 0;;) {
            std::uint32_t least = done;
            for (std::size_t i = 0; i != plan_.header->threads; ++i)
                least =
                    std::min(least, progress_[i].order.load(std::memory_order_acquire)); // pairs with work
            if (order - most_ahead <= least) return;
            pause(tries);
        }
    }

    static void wait_until(std::uint64_t time) noexcept {
        for (;;) {
            const std::uint64_t now = nanoseconds_now();
            if (now >= time) return;
            constexpr std::uint64_t too_short_to_sleep = 100'000;
            if (time - now > too_short_to_sleep)
                std::this_thread::sleep_for(std::chrono::nanoseconds(time - now - too_short_to_sleep / 2));
        }
    }

    void look(std::uint32_t order) noexcept {
        const std::uint64_t now = own_resident();
        const std::uint64_t resident = now > before_ ? now - before_ : 0;
        const std::scoped_lock lock(look_mutex_);
        replay_look* const end = plan_.looks + plan_.header->looks;
        replay_look* const at = std::lower_bound(
            plan_.looks, end, order, [](const replay_look& l, std::uint32_t n) { return l.order < n; });
        run_.most_resident = std::max(run_.most_resident, resident);
        if (order == plan_.header->most_live_at) run_.resident_at_peak = resident;
        if (at == end || at->live < plan_.header->most_live / 100 || at->live == 0) return;
        sum_of_ratios_ += static_cast<double>(resident) / static_cast<double>(at->live);
        ++ratios_;
    }

    plan_parts plan_;
    replay_run& run_;
    Memory memory_;
    slot* slots_ = nullptr;
    progress* progress_ = nullptr;
    started* threads_ = nullptr;
    std::uint64_t before_ = 0;
    std::uint64_t begin_ = 0;
    std::atomic<std::uint64_t> inside_{0};
    std::atomic<std::uint64_t> refused_{0};
    std::mutex look_mutex_;
    double sum_of_ratios_ = 0;
    std::uint64_t ratios_ = 0;
};

// Never destroyed: what is still live at a trace's end is, and the process ends.
template <class Memory>
bool replay_on(const plan_parts& plan) noexcept {
    void* const place = map_shared(sizeof(replayer<Memory>));
    return place != nullptr && (new (place) replayer<Memory>(plan))->all();
}

} // namespace

bool is_replay_worker(int argc, char** argv) noexcept {
    return argc == 3 && std::strcmp(argv[1], replay_worker_word) == 0;
}

int work_on_replay(char** argv) noexcept {
    const int file = std::atoi(argv[2]);
    struct stat status {};
    if (::fstat(file, &status) != 0 || static_cast<std::size_t>(status.st_size) < sizeof(plan_header))
        return 1;
    // In memory before the clock runs.
    void* const p = ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_POPULATE, file, 0);
    if (p == MAP_FAILED) return 1;
    const plan_parts plan(p);
    bool done = false;
    switch (plan.run->memory) {
    case replay_memory::malloc:
        done = replay_on<malloc_memory>(plan);
        break;
    case replay_memory::heap:
        done = replay_on<heap_memory>(plan);
        break;
    case replay_memory::pools:
        done = plan.header->threads == 1 ? replay_on<pools_memory<pool_family>>(plan)
                                         : replay_on<pools_memory<shared_pool_family>>(plan);
        break;
    }
    plan.run->finished = done;
    // Without destructors: what is live stays so.
    std::_Exit(done ? 0 : 1);
}

} // namespace cenote::tool
