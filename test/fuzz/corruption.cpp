// Programs that write to what they have freed, and free what is not theirs.
//
// Pools over slabs, lock-free ones and the heap keep nothing in the bytes that were a caller's: whatever is written there after
// the free, the next owner's block is as new and all bookkeeping is right. (intrusive_pool keeps its list there, and is not in
// this; nor are bytes beyond a block, where lockfree_pool has its link, and headers, which only the hardened library guards.)
//
// A wrong pointer is handed to them in a child: it must end by a report and an abort, at the latest when blocks are flushed, and never
// by a fault of the processor. (lockfree_pool is not in this: it links a block before it looks at it.)
#include "fuzz/input.hpp"
#include "fuzz/source.hpp"
#include "support/objects.hpp"
#include "support/pools.hpp"

#include "cenote/heap.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <set>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace cenote_fuzz {
namespace {

using namespace cenote_test;

// What is under test: blocks, by allocate and free.
template <class Pools, class Object>
class pool_blocks {
public:
    static constexpr std::size_t most = sizeof(Object);
    static constexpr bool looks_at_pointers = Pools::link_bytes == 0;
    static constexpr bool moves_headers = false;
    explicit pool_blocks(source_books& books) : pool_(cenote::growth{}, booked_source{books}) {}
    void* allocate(std::size_t) { return pool_.try_create(); }
    void free(void* p) { pool_.destroy(static_cast<Object*>(p)); }
    void flush() { (void)pool_.trim(); }
    std::size_t live() const { return pool_.live(); }
    bool valid() const { return pool_.valid(); }

private:
    typename Pools::template pool<Object, 0, booked_source> pool_;
};

class heap_blocks {
public:
    static constexpr std::size_t most = 60'000; // what is larger may be unmapped when it is freed
    static constexpr bool looks_at_pointers = true;
    static constexpr bool moves_headers =
        true; // slabs of one size may become those of another, with their headers
    explicit heap_blocks(source_books& books) : source_(books), heap_(options(source_)) {}
    void* allocate(std::size_t bytes) { return heap_.try_allocate(bytes); }
    void free(void* p) { heap_.deallocate(p); }
    void flush() { (void)heap_.trim(); }
    std::size_t live() const { return heap_.stats().live; }
    bool valid() const { return heap_.valid(); }

private:
    static cenote::heap_options options(booked_source& from) {
        cenote::heap_options o{.decay = 1};
        o.source = from;
        return o;
    }
    booked_source source_;
    cenote::heap heap_;
};

template <class Blocks>
class run {
public:
    explicit run(input from) : wrong_(from.split(6)), from_(from), blocks_(books_) {}

    void all() {
        while (!from_.is_over())
            step();
        if constexpr (Blocks::looks_at_pointers) free_what_is_wrong();
        while (!live_.empty())
            free(live_.size() - 1);
        scribble();
        blocks_.flush();
        require(blocks_.valid() && blocks_.live() == 0, "not empty at the end");
    }

private:
    struct entry {
        void* p;
        std::size_t bytes;
        std::size_t seed;
    };

    void step() {
        switch (from_.below(8)) {
        case 0:
        case 1:
            for (std::size_t n = from_.below(300) + 1; n != 0; --n)
                allocate();
            return;
        case 2:
        case 3:
            for (std::size_t n = from_.below(300) + 1; n != 0 && !live_.empty(); --n)
                free(from_.byte() % live_.size());
            return;
        case 4:
        case 5:
            return scribble();
        case 6:
            return blocks_.flush();
        default:
            return require(blocks_.valid(), "not valid");
        }
    }
    void allocate() {
        const std::size_t bytes = std::max<std::size_t>(from_.size(Blocks::most), 1);
        void* const p = blocks_.allocate(bytes);
        require(p != nullptr, "no memory");
        if (Blocks::moves_headers)
            freed_.clear();
        else
            freed_.erase(p);
        const auto next = addresses_.lower_bound(p);
        require(next == addresses_.end() || *next >= static_cast<std::byte*>(p) + bytes,
                "handed out over another");
        addresses_.insert(next, p);
        live_.push_back({p, bytes, next_seed_++});
        pattern{p, bytes}.fill(live_.back().seed);
    }
    void free(std::size_t i) {
        const entry e = take_out(live_, i);
        require(pattern{e.p, e.bytes}.holds(e.seed), "somebody else wrote to a live block");
        addresses_.erase(e.p);
        const std::size_t before = books_.given_back;
        blocks_.free(e.p);
        if (books_.given_back == before) freed_[e.p] = e.bytes;
        last_freed_ = e.p;
    }
    // Writes to all that was freed and is still there: whatever came back from the source in between is not touched.
    void scribble() {
        if (books_.given_back != given_back_) freed_.clear();
        given_back_ = books_.given_back;
        const std::size_t with = from_.byte();
        for (const auto& [p, bytes] : freed_)
            if (with < 128)
                std::memset(p, static_cast<int>(with), bytes);
            else
                for (std::size_t i = 0; i + sizeof(void*) <= bytes; i += sizeof(void*))
                    std::memcpy(static_cast<std::byte*>(p) + i, &p, sizeof p); // plausible pointers
    }

    // A pointer that is no live block: a freed one, one into a block, of the stack, of static memory, of nowhere.
    void* wrong_pointer() {
        static std::byte of_program[64];
        std::byte* const live = live_.empty() ? nullptr : static_cast<std::byte*>(live_[0].p);
        switch (wrong_.below(6)) {
        case 0:
            return last_freed_;
        case 1:
            return live == nullptr ? nullptr : live + 1 + wrong_.byte() % (live_[0].bytes);
        case 2:
            return &from_;
        case 3:
            return &of_program[wrong_.byte() % 64];
        case 4:
            return &live_;
        default:
            return reinterpret_cast<void*>((wrong_.byte() << 39U) + (wrong_.byte() << 28U) +
                                           (wrong_.byte() << 16U) + wrong_.byte() * 16);
        }
    }
    // A call that libFuzzer's timer may interrupt.
    template <class Call>
    static ssize_t in_full(Call call) {
        ssize_t result;
        do {
            result = call();
        } while (result < 0 && errno == EINTR);
        return result;
    }
    void free_what_is_wrong() {
        void* const p = wrong_pointer();
        if (p == nullptr || addresses_.contains(p)) return;
        int ends[2];
        require(::pipe(ends) == 0, "no pipe");
        const pid_t child = ::fork();
        require(child >= 0, "no child");
        if (child == 0) {
            for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGALRM})
                ::signal(signal, SIG_DFL); // libFuzzer's are not wanted
            ::alarm(10);
            ::dup2(ends[1], STDERR_FILENO);
            blocks_.free(p);
            blocks_.flush();
            ::_exit(0);
        }
        ::close(ends[1]);
        char said[9] = {};
        const auto length = in_full([&] { return ::read(ends[0], said, 8); });
        ::close(ends[0]);
        int status = 0;
        require(in_full([&] { return ::waitpid(child, &status, 0); }) == child, "no end");
        require(!WIFEXITED(status), "a wrong pointer was not reported");
        require(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "not an abort");
        require(length == 8 && std::strcmp(said, "cenote: ") == 0, "an abort without a report");
    }

    source_books books_; // after the end of what is under test
    input wrong_;        // says which pointer is freed in the end
    input from_;
    std::vector<entry> live_;
    std::set<void*> addresses_;
    std::map<void*, std::size_t> freed_; // bytes
    std::size_t given_back_ = 0;
    void* last_freed_ = nullptr;
    std::size_t next_seed_ = 1;
    Blocks blocks_;
};

template <class Pools>
void with(std::size_t which, input from) {
    if (which % 2 == 0)
        run<pool_blocks<Pools, stamped<24, 8>>>{from}.all();
    else
        run<pool_blocks<Pools, stamped<3000, 8>>>{from}.all();
}

} // namespace
} // namespace cenote_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace cenote_fuzz;
    input from{bytes, size};
    const std::size_t which = from.byte();
    switch (which / 2 % 6) {
    case 0:
        with<object_pools>(which, from);
        break;
    case 1:
        with<block_pools>(which, from);
        break;
    case 2:
        with<locked_pools>(which, from);
        break;
    case 3:
        with<lockfree_pools>(which, from);
        break;
    case 4:
        with<cached_pools>(which, from);
        break;
    default:
        run<heap_blocks>{from}.all();
        break;
    }
    return 0;
}
