#include "file.hpp"

#include "heap/heap_list.hpp"
#include "heap/process_heap.hpp"

#include "cenote/base/error.hpp"
#include "cenote/os/errno_kept.hpp"
#include "cenote/os/lock.hpp"
#include "cenote/os/shared_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace cenote::detail::counting {

constinit thread_local thread_counts* this_thread_counts = nullptr;
// Found no page; it is not looked for again at each call.
[[gnu::tls_model("initial-exec")]] static constinit thread_local bool is_uncounted = false;

namespace {

enum class state : int { unknown, off, on };

// Pages are had one thread at a time: a lock of the kind that may be taken amid an allocation.
constinit short_lock lock;
// Acquire and release: who sees `on` sees the header.
constinit std::atomic<state> now{state::unknown};
constinit std::atomic<file_header*> current{nullptr};
char file_name[512]; // under the lock; empty where there is no file
std::uint32_t room;  // pages that the disk has room for; under the lock
std::uint16_t free_pages[most_threads];
std::uint32_t free_count; // under the lock
pthread_key_t end_of_thread;
// Calls before the C library knows its environment; there is one thread then.
thread_counts early;
constinit std::atomic<bool> is_snapshot_at_work{false};

thread_counts* pages(file_header* of) noexcept { return reinterpret_cast<thread_counts*>(of + 1); }

// So that no write to the mapping can fail for want of a disk: that would be a signal.
bool make_room(int file, std::uint32_t for_pages) noexcept {
    return shared_memory::fill_with_zeroes(file, sizeof(file_header) + for_pages * sizeof(thread_counts)) ==
           0;
}

bool may_be_so_large() noexcept {
    rlimit largest{};
    return ::getrlimit(RLIMIT_FSIZE, &largest) == 0 && largest.rlim_cur >= file_bytes;
}

int open_new_file(const char* folder) noexcept {
    for (unsigned n = 0; n != 100'000; ++n) {
        const int length = std::snprintf(file_name, sizeof file_name, "%s/%d.%u", folder, ::getpid(), n);
        if (length < 0 || static_cast<std::size_t>(length) >= sizeof file_name) return -1;
        const int file = ::open(file_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file >= 0 || errno != EEXIST) return file;
    }
    return -1;
}

file_header* make_file(const char* folder) noexcept {
    if (!may_be_so_large()) return nullptr;
    const int file = open_new_file(folder);
    if (file < 0) return nullptr;
    void* memory = MAP_FAILED;
    room = 1;
    if (make_room(file, room) && ::ftruncate(file, file_bytes) == 0)
        memory = ::mmap(nullptr, file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0);
    ::close(file);
    if (memory == MAP_FAILED) {
        ::unlink(file_name);
        return nullptr;
    }
    auto* const made = static_cast<file_header*>(memory);
    made->layout = right_layout;
    made->process = static_cast<std::uint32_t>(::getpid());
    made->parent = static_cast<std::uint32_t>(::getppid());
    if (::readlink("/proc/self/exe", made->program, sizeof made->program - 1) < 0) made->program[0] = '\0';
    heaps.settle();
    std::copy(layout.sizes.begin(), layout.sizes.end(), made->block_sizes);
    made->magic = file_header::right_magic;
    return made;
}

// Needs the lock.
thread_counts* take_page(file_header* of) noexcept {
    if (free_count != 0) return pages(of) + free_pages[--free_count];
    const std::uint32_t number = of->threads.load(std::memory_order_relaxed);
    if (number == most_threads) return nullptr;
    if (number == room) {
        const int file = ::open(file_name, O_RDWR | O_CLOEXEC);
        const std::uint32_t more = std::min<std::uint32_t>(2 * room, most_threads);
        const bool is_there = file >= 0 && make_room(file, more);
        if (file >= 0) ::close(file);
        if (!is_there) return nullptr;
        room = more;
    }
    of->threads.store(number + 1, std::memory_order_relaxed);
    thread_counts* const mine = pages(of) + number;
    mine->random = number + 1;
    mine->until_timed = timed_every;
    return mine;
}

void give_page_back(void* page) noexcept {
    this_thread_counts = nullptr;
    const locked_scope hold{lock};
    file_header* const of = current.load(std::memory_order_relaxed);
    if (of == nullptr) return;
    const auto number = static_cast<thread_counts*>(page) - pages(of);
    // Else it is of the file before a fork.
    if (number >= 0 && number < static_cast<std::ptrdiff_t>(most_threads))
        free_pages[free_count++] = static_cast<std::uint16_t>(number);
}

// The child of a fork counts in a file of its own, from what was live. Nobody else runs there.
void after_fork_in_child() noexcept {
    const errno_kept kept;
    new (&lock) short_lock;
    is_snapshot_at_work.store(false, std::memory_order_relaxed);
    is_uncounted = false;
    free_count = 0;
    file_header* const old = current.load(std::memory_order_relaxed);
    if (old == nullptr) return; // its parent could not count either
    const bool was_counted = this_thread_counts != nullptr;
    this_thread_counts = nullptr;
    const char* const folder = ::secure_getenv("CENOTE_COUNTS");
    file_header* const made = folder != nullptr ? make_file(folder) : nullptr;
    if (made != nullptr) {
        made->is_forked = 1;
        const std::uint32_t threads = old->threads.load(std::memory_order_relaxed);
        std::int64_t live_large = static_cast<std::int64_t>(old->inherited_large);
        for (std::size_t k = 0; k != kinds; ++k) {
            std::int64_t live = static_cast<std::int64_t>(old->inherited[k]);
            for (std::uint32_t t = 0; t != threads; ++t)
                live += static_cast<std::int64_t>(value(pages(old)[t].of[k].allocated)) -
                        static_cast<std::int64_t>(value(pages(old)[t].of[k].freed));
            made->inherited[k] = static_cast<std::uint64_t>(std::max<std::int64_t>(live, 0));
        }
        for (std::uint32_t t = 0; t != threads; ++t)
            live_large += static_cast<std::int64_t>(value(pages(old)[t].large_given)) -
                          static_cast<std::int64_t>(value(pages(old)[t].large_returned));
        made->inherited_large = static_cast<std::uint64_t>(std::max<std::int64_t>(live_large, 0));
        const std::int64_t live = old->live.load(std::memory_order_relaxed);
        made->live.store(live, std::memory_order_relaxed);
        made->most_live.store(live, std::memory_order_relaxed);
        made->clock_cost.store(old->clock_cost.load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    ::munmap(old, file_bytes);
    current.store(made, std::memory_order_relaxed);
    now.store(made != nullptr ? state::on : state::off, std::memory_order_relaxed);
    if (made == nullptr || !was_counted) return;
    this_thread_counts = take_page(made);
    if (this_thread_counts != nullptr) ::pthread_setspecific(end_of_thread, this_thread_counts);
}

// Needs the lock.
void start() noexcept {
    const char* const folder = ::secure_getenv("CENOTE_COUNTS");
    if (folder == nullptr) {
        now.store(state::off, std::memory_order_relaxed);
        return;
    }
    file_header* const made = make_file(folder);
    if (made == nullptr) {
        say("cannot count in %.150s: no file can be made there", folder);
        now.store(state::off, std::memory_order_relaxed);
        return;
    }
    current.store(made, std::memory_order_relaxed);
    // Release: pairs with the acquire in open_counts().
    now.store(state::on, std::memory_order_release);
}

} // namespace

file_header* header() noexcept {
    // Acquire: pairs with start().
    return now.load(std::memory_order_acquire) == state::on ? current.load(std::memory_order_relaxed)
                                                            : nullptr;
}

thread_counts* open_counts() noexcept {
    // Acquire: pairs with start().
    state seen = now.load(std::memory_order_acquire);
    if (seen == state::off || is_uncounted) return nullptr;
    const errno_kept kept;
    bool is_first = false;
    thread_counts* mine = nullptr;
    {
        const locked_scope hold{lock};
        seen = now.load(std::memory_order_relaxed);
        if (seen == state::unknown) {
            if (::environ == nullptr) return &early;
            start();
            is_first = true;
            seen = now.load(std::memory_order_relaxed);
        }
        if (seen == state::off) return nullptr;
        mine = take_page(current.load(std::memory_order_relaxed));
        if (mine == nullptr) {
            is_uncounted = true;
            header()->uncounted_threads.fetch_add(1, std::memory_order_relaxed);
            return nullptr;
        }
        if (is_first) {
            std::memcpy(static_cast<void*>(mine), &early, sizeof early);
            mine->random = 1;
            mine->until_timed = timed_every;
        }
    }
    this_thread_counts = mine;
    // These may allocate; by now the thread has its page.
    if (is_first) {
        ::pthread_key_create(&end_of_thread, give_page_back);
        ::pthread_atfork(nullptr, nullptr, after_fork_in_child);
    }
    ::pthread_setspecific(end_of_thread, mine);
    return mine;
}

void copy_maps() noexcept {
    const char* const asked = ::secure_getenv("CENOTE_COUNTS_MAPS");
    if (asked == nullptr || std::strcmp(asked, "1") != 0) return;
    char to_name[sizeof file_name + 8];
    std::snprintf(to_name, sizeof to_name, "%s.maps", file_name);
    const int from = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    const int to = ::open(to_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char part[4096];
    ssize_t got = 0;
    while (from >= 0 && to >= 0 && (got = ::read(from, part, sizeof part)) > 0)
        if (::write(to, part, static_cast<std::size_t>(got)) != got) break;
    if (from >= 0) ::close(from);
    if (to >= 0) ::close(to);
}

void take_snapshot(file_header& of) noexcept {
    // Acquire and release: one thread after the other writes the figures.
    if (is_snapshot_at_work.exchange(true, std::memory_order_acquire)) return;
    const heap_stats s = process_heap.stats();
    of.last = {s.live, s.in_magazines, s.free, s.held, s.most_held, s.mapping_cache, s.caches};
    if (s.live >= of.at_most_live.live) of.at_most_live = of.last;
    for (size_class c = 1; c <= last_class; ++c) {
        const size_class_stats in = process_heap.stats_of(c);
        of.classes[c] = {in.in_magazines, in.capacity, in.slabs, in.refills, in.flushes};
    }
    add(of.snapshots, 1);
    is_snapshot_at_work.store(false, std::memory_order_release);
}

} // namespace cenote::detail::counting
