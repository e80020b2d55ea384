#include "recorder.hpp"

#include "../ticks.hpp"
#include "allocator.hpp"

#include "cenote/os/errno_kept.hpp"
#include "cenote/os/vm.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cenote::tool::record {

namespace {

constinit std::uint32_t generations = 0; // that were attached, here and in whoever forked this process
constinit std::atomic<std::uint32_t> attaching{0}; // the process that does
constinit ring* shared = nullptr;
constinit std::atomic<std::uint32_t> shared_lock{0};
constinit bool has_key = false;
pthread_key_t key;

// A thread's end, as far as other libraries let know.
void end_thread(void*) noexcept {
    thread_state& t = this_thread;
    if (t.ended || t.inside || !begin(t)) return;
    t.inside = true;
    put_thread_end(t);
    t.ended = true;
    if (t.to != nullptr) {
        // Release: the recorder, which acquires it, sees all that was written.
        t.to->is.store(ring::finished, std::memory_order_release);
        t.to = nullptr;
    }
    t.inside = false;
}

region* map_region() noexcept {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): at the process's first call of malloc, which setenv makes before it changes anything
    const char* const path = environ != nullptr ? ::getenv(region_variable) : nullptr;
    if (path == nullptr) return nullptr;
    const int file = ::open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return nullptr;
    struct stat status {};
    void* p = MAP_FAILED;
    if (::fstat(file, &status) == 0 && static_cast<std::size_t>(status.st_size) == sizeof(region))
        p = ::mmap(nullptr, sizeof(region), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (p == MAP_FAILED) return nullptr;
    // A child that is forked has no business in it before it attached itself, and maps it anew.
    ::madvise(p, sizeof(region), MADV_DONTFORK);
    return static_cast<region*>(p);
}

// Of what the process is now; the kernel says it, as the C library does not.
void note_program(process_place& at) noexcept {
    at.program_bytes = 0;
    const int file = ::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    const ssize_t got = ::read(file, at.program, sizeof at.program);
    ::close(file);
    if (got > 0) at.program_bytes = static_cast<std::uint32_t>(got);
}

process_place* claim_place(region_header& in, bool forked) noexcept {
    for (process_place& each : in.processes) {
        std::uint32_t expected = process_place::unused;
        // Acquire: pairs with the recorder's release of the place.
        if (!each.is.compare_exchange_strong(expected, process_place::claimed, std::memory_order_acquire,
                                             std::memory_order_relaxed))
            continue;
        each.process = static_cast<std::uint32_t>(::getpid());
        each.forked = forked ? 1 : 0;
        // Relaxed: attach() publishes them.
        each.next_number.store(0, std::memory_order_relaxed);
        each.next_thread.store(0, std::memory_order_relaxed);
        each.lost.store(0, std::memory_order_relaxed);
        Dl_info found{};
        const bool known = ::dladdr(reinterpret_cast<void*>(below.malloc), &found) != 0;
        const char* const name = known && found.dli_fname != nullptr ? found.dli_fname : "";
        const std::size_t length = std::min(std::strlen(name), sizeof each.allocator - 1);
        std::memcpy(each.allocator, name, length);
        each.allocator[length] = '\0';
        note_program(each);
        return &each;
    }
    return nullptr;
}

// What generation this process is of from now on, 0 as long as that cannot be known.
std::uint32_t attach(attachment& a) noexcept {
    if (environ == nullptr) return 0;
    region* const r = map_region();
    if (r == nullptr) return attachment::off;
    region_header& in = r->header;
    const bool wanted = in.magic == region_magic && in.stopped.load(std::memory_order_relaxed) == 0;
    // The recorder may not yet know the number of the process that it started: then this is it. Relaxed: only a number.
    const auto self = static_cast<std::uint32_t>(::getpid());
    std::uint32_t recorded = 0;
    const bool is_child =
        !in.recorded.compare_exchange_strong(recorded, self, std::memory_order_relaxed) && recorded != self;
    process_place* const place = wanted && (!is_child || (in.options & record_children) != 0)
                                     ? claim_place(in, generations != 0)
                                     : nullptr;
    if (place == nullptr) {
        if (wanted) in.refused.fetch_add(1, std::memory_order_relaxed); // only counted
        ::munmap(r, sizeof(region));
        return attachment::off;
    }
    a.to = r;
    a.place = place;
    a.options = in.options;
    a.stack_interval = in.stack_interval;
    thread_state nobody{};
    nobody.number = ~0U;
    take_ring(nobody);
    shared = nobody.to;
    if (shared == nullptr) {
        place->is.store(process_place::unused, std::memory_order_release); // pairs with who claims it
        in.refused.fetch_add(1, std::memory_order_relaxed);                // only counted
        return attachment::off;
    }
    place->is.store(process_place::attached, std::memory_order_release); // pairs with the recorder's acquire
    return generations + 1;
}

// The page that forked processes find empty. False where the kernel has no such pages.
bool make_page() noexcept {
    if (this_process != nullptr) return true;
    void* const page = vm::map_anywhere(vm::page_size());
    if (page == nullptr) return false;
    if (::madvise(page, vm::page_size(), MADV_WIPEONFORK) != 0) {
        vm::release(page, vm::page_size());
        return false;
    }
    this_process = static_cast<attachment*>(page);
    return true;
}

} // namespace

void switch_off() noexcept { __atomic_store_n(&this_process->generation, attachment::off, __ATOMIC_RELAXED); }

bool begin_slowly(thread_state& t) noexcept {
    if (t.inside || !is_found()) return false;
    const detail::errno_kept kept;
    t.inside = true;
    // One thread attaches; what others do meanwhile is not recorded.
    if (this_process == nullptr || this_process->generation == 0) {
        const auto self = static_cast<std::uint32_t>(::getpid());
        std::uint32_t before = attaching.load(std::memory_order_relaxed);
        // A child that was forked amid this finds it taken, by another process. Acquire: pairs with the release below.
        if (before != self && attaching.compare_exchange_strong(before, self, std::memory_order_acquire,
                                                                std::memory_order_relaxed)) {
            if (make_page() && this_process->generation == 0) {
                shared_lock.store(0, std::memory_order_relaxed);
                const std::uint32_t generation = attach(*this_process);
                if (generation != 0 && generation != attachment::off) generations = generation;
                // Release: whoever sees the generation sees where to write.
                __atomic_store_n(&this_process->generation, generation, __ATOMIC_RELEASE);
            }
            attaching.store(0, std::memory_order_release);
        }
    }
    bool on = false;
    if (this_process != nullptr) {
        // Acquire: pairs with the release above.
        const std::uint32_t generation = __atomic_load_n(&this_process->generation, __ATOMIC_ACQUIRE);
        on = generation != 0 && generation != attachment::off;
        if (on && t.generation != generation) {
            t.generation = generation;
            t.to = nullptr;
            // Relaxed: only a number.
            t.number = this_process->place->next_thread.fetch_add(1, std::memory_order_relaxed);
            t.random = (nanoseconds_now() << 8U) ^ t.number ^ 0x9e37'79b9'7f4a'7c15U;
            t.until_stack = next_stack(t, this_process->stack_interval);
            if (!t.ended) take_ring(t);
            put_thread_begin(t);
            if (!has_key && ::pthread_key_create(&key, end_thread) == 0) has_key = true;
            if (has_key) ::pthread_setspecific(key, &t);
        }
    }
    t.inside = false;
    return on;
}

void take_ring(thread_state& t) noexcept {
    region& r = *this_process->to;
    for (ring& each : r.rings) {
        std::uint32_t expected = ring::unused;
        // Acquire: pairs with the recorder's release of the ring.
        if (each.is.load(std::memory_order_relaxed) != ring::unused ||
            !each.is.compare_exchange_strong(expected, ring::claimed, std::memory_order_acquire,
                                             std::memory_order_relaxed))
            continue;
        each.process = static_cast<std::uint32_t>(this_process->place - r.header.processes);
        each.thread = t.number;
        each.known_tail = each.tail.load(std::memory_order_relaxed);
        // Release: pairs with the recorder's acquire.
        each.is.store(ring::owned, std::memory_order_release);
        t.to = &each;
        return;
    }
}

ring* shared_ring() noexcept { return shared; }

// Acquire and release pair with each other.
void lock_shared() noexcept {
    while (shared_lock.exchange(1, std::memory_order_acquire) != 0)
        ::sched_yield();
}
void unlock_shared() noexcept { shared_lock.store(0, std::memory_order_release); }

namespace {

[[gnu::constructor(101)]] void start() noexcept {
    if (!find_below()) return;
    begin(this_thread);
}

} // namespace

} // namespace cenote::tool::record
