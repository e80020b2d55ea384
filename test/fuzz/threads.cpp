// Programs for two to four threads, each a part of the input, run at once on one cached_pool and one heap: blocks are handed
// over in slots that all threads exchange. Whoever gets one checks that nobody wrote to it since.
#include "fuzz/input.hpp"

#include "cenote/cached_pool.hpp"
#include "cenote/heap/heap.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <latch>
#include <thread>
#include <utility>
#include <vector>

namespace cenote_fuzz {
namespace {

// A block knows what it is, so that a pointer is all that is handed over.
struct header {
    std::size_t bytes; // of the heap's block; 0: the pool's
    std::size_t seed;
};
struct object : header {
    std::array<std::uint8_t, 40> payload;
};

class shared {
public:
    explicit shared(std::size_t capacity)
        : pool_(capacity == 0 ? cenote::growth{} : cenote::growth::up_to(capacity)),
          heap_({.limit = std::size_t{256} << 20U, .decay = 1}) {}

    ~shared() {
        for (std::atomic<header*>& slot : slots_)
            drop(slot.load());
        require(pool_.live() == 0 && pool_.valid(), "the pool lost an object");
        require(heap_.stats().live == 0 && heap_.valid(), "the heap lost a block");
    }
    shared(const shared&) = delete;
    shared& operator=(const shared&) = delete;

    // One thread's program.
    void run(input from, std::size_t thread) {
        std::vector<header*> mine;
        std::size_t seed = thread << 32U;
        while (!from.is_over()) {
            switch (from.below(8)) {
            case 0:
            case 1:
                for (std::size_t n = from.byte(); n != 0; --n)
                    keep(mine, make_object(++seed));
                break;
            case 2:
                keep(mine, make_block(from.size(200'000) + sizeof(header), ++seed));
                break;
            case 3:
                for (std::size_t n = from.byte() / 4; n != 0; --n)
                    keep(mine, make_block(from.byte() * 2 + sizeof(header), ++seed));
                break;
            case 4:
                for (std::size_t n = from.byte(); n != 0 && !mine.empty(); --n) {
                    drop(mine.back());
                    mine.pop_back();
                }
                break;
            case 5:
                for (std::size_t n = from.byte() % 32; n != 0 && !mine.empty(); --n) {
                    // Release and acquire: what was written to the block goes over with it.
                    header* const got =
                        slots_[from.byte() % slots_.size()].exchange(mine.back(), std::memory_order_acq_rel);
                    mine.pop_back();
                    keep(mine, got);
                }
                break;
            case 6:
                from.byte() % 2 == 0 ? (void)pool_.trim() : (void)heap_.trim();
                break;
            default:
                (void)pool_.stats(), (void)heap_.stats();
            }
        }
        for (header* const each : mine)
            drop(each);
    }

private:
    static void keep(std::vector<header*>& in, header* each) {
        if (each != nullptr) in.push_back(each);
    }
    static pattern payload_of(header* of) {
        return of->bytes == 0 ? pattern{static_cast<object*>(of)->payload.data(), 40}
                              : pattern{of + 1, of->bytes - sizeof(header)};
    }
    static header* filled(header* of, std::size_t bytes, std::size_t seed) {
        if (of == nullptr) return nullptr;
        of->bytes = bytes;
        of->seed = seed;
        payload_of(of).fill(seed);
        return of;
    }
    header* make_object(std::size_t seed) { return filled(pool_.try_create(), 0, seed); }
    header* make_block(std::size_t bytes, std::size_t seed) {
        return filled(static_cast<header*>(heap_.try_allocate(bytes)), bytes, seed);
    }
    void drop(header* each) {
        if (each == nullptr) return;
        require(payload_of(each).holds(each->seed), "somebody else wrote to a live block");
        if (each->bytes == 0)
            pool_.destroy(static_cast<object*>(each));
        else
            heap_.deallocate(each);
    }

    cenote::cached_pool<object> pool_;
    cenote::heap heap_;
    std::array<std::atomic<header*>, 16> slots_{};
};

} // namespace
} // namespace cenote_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace cenote_fuzz;
    input from{bytes, size};
    const std::size_t count = 2 + from.below(3);
    shared all{from.byte() % 4 == 0 ? from.below(3000) + 1 : 0};
    std::latch together{static_cast<std::ptrdiff_t>(count)};
    std::vector<std::jthread> threads;
    const std::size_t share = from.left() / count + 1;
    for (std::size_t t = 0; t != count; ++t)
        threads.emplace_back([&all, &together, t, part = from.split(share)] {
            together.arrive_and_wait();
            all.run(part, t + 1);
        });
    return 0;
}
