// A heap of its own against a list of its blocks, over the OS or over a source that refuses now and then.
#include "fuzz/input.hpp"
#include "fuzz/source.hpp"

#include "cenote/heap/heap.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace cenote_fuzz {
namespace {

class run {
public:
    run(input from, bool on_source) : from_(from) {
        cenote::heap_options options{.limit = std::size_t{64} << 20U, .decay = 1};
        if (on_source) options.source = source_;
        heap_ = std::make_unique<cenote::heap>(options);
    }

    void all() {
        while (!from_.is_over())
            step();
        look();
        books_.refuses = false;
        while (!blocks_.empty())
            free(blocks_.size() - 1, 0);
        require(heap_->stats().live == 0, "blocks live that nobody has");
        heap_->trim();
        require(heap_->stats().held == 0, "memory is held for nothing");
        require(heap_->valid(), "the heap is not valid at the end");
    }

private:
    struct block {
        void* p;
        std::size_t bytes;
        std::size_t alignment;
        std::size_t seed;
    };

    void step() {
        switch (from_.below(10)) {
        case 0:
        case 1:
            return allocate(from_.size(most), 16, false);
        case 2:
            return allocate(from_.size(most), std::size_t{1} << from_.below(22), false);
        case 3:
            return allocate(from_.size(most), 16, true);
        case 4:
            for (std::size_t n = from_.byte(); n != 0; --n)
                allocate(from_.byte() * 4, 16, false);
            return;
        case 5:
        case 6:
            for (std::size_t n = from_.byte(); n != 0 && !blocks_.empty(); --n)
                free(from_.byte() % blocks_.size(), from_.byte());
            return;
        case 7:
            if (!blocks_.empty()) reallocate(from_.byte() % blocks_.size(), from_.size(most));
            return;
        case 8:
            books_.refuses = from_.byte() % 4 == 0;
            return;
        default:
            return from_.byte() % 16 == 0 ? (void)heap_->trim() : look();
        }
    }
    void allocate(std::size_t bytes, std::size_t alignment, bool zeroed) {
        void* const p = zeroed            ? heap_->try_allocate_zeroed(bytes)
                        : alignment == 16 ? heap_->try_allocate(bytes)
                                          : heap_->try_allocate(bytes, alignment);
        if (p == nullptr) return;
        require(reinterpret_cast<std::uintptr_t>(p) % alignment == 0, "not aligned as asked");
        require(heap_->usable_size(p) >= bytes, "smaller than asked");
        if (zeroed) require(pattern{p, bytes}.is_zero(), "not zeroed");
        blocks_.push_back({p, bytes, alignment, ++seeds_});
        pattern{p, bytes}.fill(seeds_);
    }
    void free(std::size_t i, std::size_t how) {
        const block b = take_out(blocks_, i);
        require(pattern{b.p, b.bytes}.holds(b.seed), "somebody else wrote to a live block");
        if (how % 2 == 0)
            heap_->deallocate(b.p);
        else if (b.alignment == 16)
            heap_->deallocate(b.p, b.bytes);
        else
            heap_->deallocate(b.p, b.bytes, b.alignment);
    }
    void reallocate(std::size_t i, std::size_t bytes) {
        block& b = blocks_[i];
        void* const p = heap_->try_reallocate(b.p, bytes);
        if (p == nullptr) return require(pattern{b.p, b.bytes}.holds(b.seed), "a refusal changed the block");
        require(pattern{p, b.bytes}.holds(b.seed, std::min(bytes, b.bytes)), "contents were lost");
        b = {p, bytes, 16, ++seeds_};
        pattern{p, bytes}.fill(b.seed);
    }
    void look() {
        require(heap_->valid(), "the heap is not valid");
        std::size_t usable = 0;
        for (const block& b : blocks_)
            usable += heap_->usable_size(b.p);
        require(heap_->stats().live == usable, "the heap counts otherwise");
        require(heap_->stats().held <= std::size_t{64} << 20U, "beyond its limit");
        if (!blocks_.empty())
            require(heap_->is_live(blocks_[from_.byte() % blocks_.size()].p), "a live block is not known");
    }

    static constexpr std::size_t most = std::size_t{12} << 20U;

    source_books books_;
    booked_source source_{books_};
    input from_;
    std::unique_ptr<cenote::heap> heap_;
    std::vector<block> blocks_;
    std::size_t seeds_ = 0;
};

} // namespace
} // namespace cenote_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    cenote_fuzz::input from{bytes, size};
    const bool on_source = from.byte() % 2 != 0;
    cenote_fuzz::run{from, on_source}.all();
    return 0;
}
