// Layer: pool. Shows the reports of this process to `cenote top`, once somebody asked: it, by writing to `wanted` from outside;
// the program, by publish(); the environment of the replacement of malloc.
//
//     wanted ──> at a slow path ──> state (a page that forks find empty) ──> published_page (what the other process maps)
//
// Until then a slow path of the heap costs a load more, one of a named pool too. Then a snapshot is taken by whoever comes
// along a slow path and is the first in 100 ms, or in a hundred times what the last one cost, and only as long as the other
// process wants more of them. It waits for no lock, since that thread may hold any: what is locked keeps the figures that it
// had. Nothing is allocated, and but for the first time no call of the OS is made that is not of its clock.
//
// A fork's child has nothing of it: neither the state nor the page. What is published for good is so in the child again, at its
// first slow path. A child of vfork, which has its parent's memory, does as the parent's threads do.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/os/clock.hpp"
#include "cenote/os/shared_memory.hpp"
#include "cenote/os/vm.hpp"
#include "cenote/pool/published_page.hpp"
#include "cenote/pool/record_table.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <unistd.h>

namespace cenote::detail {

// How another process finds, by its name among the symbols of a library or program, where to write that it asks.
struct publication_anchor {
    std::uint64_t magic;  // the page's
    std::uint64_t layout; // the same: who knows another does not ask
    std::uint32_t* wanted;
};
inline constexpr const char* publication_symbol = "cenote_publication";

class publication {
public:
    static constexpr std::uint64_t interval = 100;  // milliseconds between two snapshots, at least
    static constexpr std::uint64_t clock_step = 11; // the most that coarse_milliseconds() is behind
    static constexpr std::uint64_t first =
        10; // snapshots that nobody need want: so one that soon rests has figures

    // What `wanted` may be. Asked is what another process writes there.
    enum : std::uint32_t { nothing, asked, published };

    constexpr publication() noexcept = default;
    publication(const publication&) = delete;
    publication& operator=(const publication&) = delete;

    // Milliseconds from a snapshot that took so many nanoseconds to the next: 99 times as long at least, so that snapshots take 1 %
    // of the time at most, whatever they cost.
    static constexpr std::uint64_t pause_after(std::uint64_t cost) noexcept {
        return std::max(interval, (99 * cost + 999'999) / 1'000'000 + clock_step);
    }

    // At the end of a slow path, with whatever locks.
    CENOTE_ALWAYS_INLINE void note() noexcept {
        // Relaxed: only whether there is anything to do.
        if (__atomic_load_n(&wanted_, __ATOMIC_RELAXED) != nothing) [[unlikely]]
            look();
    }
    // For good, and at once. False where the OS has no such file or no memory for it.
    bool publish() noexcept {
        __atomic_store_n(&wanted_, std::uint32_t{asked}, __ATOMIC_RELAXED); // as in note()
        look();
        const state* const s = mine();
        if (s == nullptr) return false;
        // Another thread opens it at this moment, perhaps: until it has, or gave up.
        for (int i = 0; i != most_waits && page_of(*s) == nullptr &&
                        __atomic_load_n(&wanted_, __ATOMIC_RELAXED) == asked;
             ++i) {
            ::usleep(100);
            look();
        }
        if (page_of(*s) == nullptr) return false;
        // Relaxed: it matters where there is no page, in the child of a fork, which has all that its parent's thread did.
        __atomic_store_n(&is_for_good_, true, __ATOMIC_RELAXED);
        return true;
    }
    constexpr std::uint32_t* wanted() noexcept { return &wanted_; }

private:
    // Which report has which row.
    struct key {
        std::uint64_t id;
        std::uint64_t block_size;
        std::uint64_t bytes;
        std::uint64_t seen; // number of the last snapshot that had it
    };
    // In memory of its own, all zeroes at first and in the child of a fork.
    struct state {
        bool is_busy; // one thread is at work; acquire and release pair with each other
        published_page* page;
        std::uint64_t next; // milliseconds
        std::uint64_t page_rows;
        published_head head;
        key keys[published_page::most_rows];
    };
    struct pass;                              // one snapshot
    static constexpr int most_waits = 10'000; // some seconds

    CENOTE_COLD void look() noexcept {
        state* const s = mine();
        if (s == nullptr) return give_up(asked);
        // Acquire: pairs with the release in open(): who finds it published finds the page, but in a fork's child.
        const std::uint32_t wanted = __atomic_load_n(&wanted_, __ATOMIC_ACQUIRE);
        published_page* const page = page_of(*s);
        const bool is_inherited =
            page == nullptr && wanted == published && !__atomic_load_n(&is_for_good_, __ATOMIC_RELAXED);
        const bool opens = page == nullptr || wanted == asked;
        if (!opens && (page->wanted() == 0 || !is_due(*s))) return;
        // Acquire: pairs with the release below, for all that the thread at work writes.
        if (__atomic_exchange_n(&s->is_busy, true, __ATOMIC_ACQUIRE)) return;
        if (is_inherited)
            end_inherited(*s);
        else if (opens)
            open(*s);
        // Whoever is asked again and again takes no more of them.
        if (published_page* const to = page_of(*s); to != nullptr && (s->head.number == 0 || is_due(*s))) {
            if (const std::uint64_t snapshots = to->wanted(); snapshots != 0 && !opens)
                to->want(snapshots - 1);
            const bool is_first = s->head.number == 0;
            const std::uint64_t pause = pause_after(take(*s));
            // The first is of what there was before anything, perhaps: the next follows at once, where they cost that little.
            if (!is_first || pause != interval)
                __atomic_store_n(&s->next, coarse_milliseconds() + pause, __ATOMIC_RELAXED); // see is_due()
        }
        // Release: pairs with the acquire above.
        __atomic_store_n(&s->is_busy, false, __ATOMIC_RELEASE);
    }
    // Relaxed: about when.
    static bool is_due(const state& s) noexcept {
        return coarse_milliseconds() >= __atomic_load_n(&s.next, __ATOMIC_RELAXED);
    }
    state* mine() noexcept;
    void open(state& s) noexcept;
    published_page* open_page(published_page* old) noexcept;
    static std::uint64_t take(state& s) noexcept; // nanoseconds that it took

    // Whether the file is open still, as far as this process left it so. The thread at work asks.
    bool has_file() const noexcept { return file_ >= 0 && shared_memory::identity_of(file_) == identity_; }
    // In the child of a fork, which has its parent's file open. By the thread at work.
    void close_inherited() noexcept {
        if (has_file()) shared_memory::close_file(file_);
        file_ = -1;
    }
    // In a child that publishes nothing; unless another thread opened a page meanwhile, as somebody asked.
    void end_inherited(const state& s) noexcept {
        if (page_of(s) != nullptr) return;
        close_inherited();
        give_up(published);
    }

    // Acquire: pairs with the release in open(), so that who finds the page finds what is in it.
    static published_page* page_of(const state& s) noexcept {
        return __atomic_load_n(&s.page, __ATOMIC_ACQUIRE);
    }
    // Only where nobody asked meanwhile.
    void give_up(std::uint32_t was) noexcept {
        // Relaxed: as in note().
        if (__atomic_compare_exchange_n(&wanted_, &was, std::uint32_t{nothing}, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            pool_records.set_watcher(nullptr);
    }

    std::uint32_t wanted_ = nothing;
    bool is_for_good_ = false;
    state* state_ = nullptr; // set once
    // The page's, in children its parent's. The thread at work's alone.
    int file_ = -1;
    std::uint64_t identity_ = 0;
};

CENOTE_API inline constinit publication pool_publication;

struct publication::pass {
    state& s;
    std::size_t at = 0;      // where the next row probably is
    std::uint64_t least = 0; // of the pools with a row, once there are no more rows: bytes

    void put(const heap_report& r) noexcept {
        const bool is_full = s.page_rows == published_page::most_rows;
        const bool is_pool = std::strcmp(r.kind, "heap") != 0 && std::strcmp(r.kind, "size_class") != 0;
        const std::uint64_t bytes = is_pool ? r.bytes : ~std::uint64_t{0};
        if (bytes < least) {
            ++s.head.left_out;
            return;
        }
        std::size_t row = find(r);
        if (row == published_page::most_rows) {
            row = is_full ? smallest() : s.page_rows;
            if (is_full && (row == published_page::most_rows || s.keys[row].bytes >= bytes)) {
                ++s.head.left_out;
                least = row == published_page::most_rows ? ~std::uint64_t{0} : s.keys[row].bytes;
                return;
            }
            if (is_full && s.keys[row].seen == s.head.number) ++s.head.left_out;
            if (!is_full) ++s.page_rows;
        }
        s.keys[row] = {r.id, r.block_size, bytes, s.head.number};
        s.page->put(row, r);
        at = row + 1;
    }
    std::size_t find(const heap_report& r) const noexcept {
        for (std::size_t i = 0; i != s.page_rows; ++i) {
            const std::size_t row = (at + i) % s.page_rows;
            if (s.keys[row].id == r.id && s.keys[row].block_size == r.block_size) return row;
        }
        return published_page::most_rows;
    }
    // Of pools; none where all rows are heaps'.
    std::size_t smallest() const noexcept {
        std::size_t found = published_page::most_rows;
        for (std::size_t row = 0; row != s.page_rows; ++row)
            if (s.keys[row].bytes != ~std::uint64_t{0} &&
                (found == published_page::most_rows || s.keys[row].bytes < s.keys[found].bytes))
                found = row;
        return found;
    }
    // Rows of what is gone are the last rows'.
    void drop_unseen() noexcept {
        for (std::size_t row = 0; row < s.page_rows;) {
            if (s.keys[row].seen == s.head.number) {
                ++row;
                continue;
            }
            --s.page_rows;
            s.keys[row] = s.keys[s.page_rows];
            s.page->move(s.page_rows, row);
        }
    }
};

inline std::uint64_t publication::take(state& s) noexcept {
    // Of this thread: one that waits for a processor meanwhile costs nobody anything.
    const std::uint64_t begin = thread_nanoseconds();
    published_page& page = *s.page;
    ++s.head.number;
    s.head.left_out = 0;
    page.begin_snapshot();
    pass p{s};
    bool is_all = true;
    for (const report_teller* t = pool_records.tellers(); t != nullptr; t = t->next)
        if (!t->tell(
                telling::size_classes_too_without_waiting,
                [](void* to, const heap_report& r) { static_cast<pass*>(to)->put(r); }, &p))
            is_all = false;
    if (!pool_records.for_each_without_waiting([&p](const pool_report& r) { p.put(heap_report{r}); }))
        is_all = false;
    // What was locked is there still, perhaps.
    if (is_all) p.drop_unseen();
    s.head.taken = coarse_milliseconds();
    s.head.rows = s.page_rows;
    const std::uint64_t cost = thread_nanoseconds() - begin;
    s.head.cost += cost;
    page.end_snapshot(s.head);
    return cost;
}

inline publication::state* publication::mine() noexcept {
    // Acquire: pairs with the release below; what it points to is all zeroes.
    state* s = __atomic_load_n(&state_, __ATOMIC_ACQUIRE);
    if (s != nullptr) return s;
    const std::size_t bytes = round_up(sizeof(state), vm::page_size());
    auto* const made = static_cast<state*>(vm::map_for_this_process(bytes));
    if (made == nullptr) return nullptr;
    // Release: who finds it finds it mapped. Acquire: the same of another's.
    if (__atomic_compare_exchange_n(&state_, &s, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return made;
    vm::release(made, bytes);
    return s;
}

// At the old one's place, where there is one, as other threads may look at it; its file, which is closed, is then gone.
inline published_page* publication::open_page(published_page* old) noexcept {
    int fd = -1;
    if (shared_memory::create_unnamed(sizeof(published_page), fd, published_page::file_name) != 0)
        return nullptr;
    fd = shared_memory::out_of_the_way(fd);
    void* p = old;
    const bool is_mapped = old != nullptr ? shared_memory::map_again(p, fd, sizeof(published_page), true)
                                          : shared_memory::map(fd, sizeof(published_page), true, p) == 0;
    if (is_mapped && shared_memory::keep_from_children(p, sizeof(published_page)) == 0) {
        auto* const page = static_cast<published_page*>(p); // all zeroes, as a new one is
        page->begin(static_cast<std::uint32_t>(::getpid()), coarse_milliseconds());
        identity_ = shared_memory::identity_of(fd);
        file_ = fd;
        return page; // the file stays open, for others to find
    }
    if (is_mapped && old == nullptr) shared_memory::unmap(p, sizeof(published_page));
    shared_memory::close_file(fd);
    return nullptr;
}

// Again where it was asked again and somebody closed the file.
inline void publication::open(state& s) noexcept {
    published_page* const old = page_of(s);
    if (old == nullptr) close_inherited();
    if (old == nullptr || !has_file()) {
        published_page* const page = open_page(old);
        if (page != nullptr) {
            page->want(first);
            s.page_rows = 0;
            s.head = {};
            // Release: pairs with the acquire of page_of().
            __atomic_store_n(&s.page, page, __ATOMIC_RELEASE);
            pool_records.set_watcher([]() noexcept { pool_publication.note(); });
        } else if (old == nullptr) {
            give_up(published);
            return give_up(asked);
        }
    }
    // Release: pairs with the acquire of `wanted_` in look().
    std::uint32_t was = asked;
    __atomic_compare_exchange_n(&wanted_, &was, std::uint32_t{published}, false, __ATOMIC_RELEASE,
                                __ATOMIC_RELAXED);
}

} // namespace cenote::detail

namespace cenote {

// From now on `cenote top` finds this process, without the rights of a debugger, and shows its named pools and heaps; so it
// finds children that are forked. False where the OS refuses: then nothing is published. 48 KiB of memory and an open file. Any thread
// may call it, at any time.
inline bool publish() noexcept { return detail::pool_publication.publish(); }

} // namespace cenote
