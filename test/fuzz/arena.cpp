// An arena against a list of what was made in it: contents stay, alignments hold, destructors run newest first, and rewinds
// and resets drop what they should.
#include "fuzz/input.hpp"
#include "fuzz/source.hpp"

#include "cenote/arena.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cenote_fuzz {
namespace {

using arena = cenote::basic_arena<booked_source>;

// Counts itself, and is destroyed in the reverse order.
struct ordered {
    std::vector<std::size_t>* alive = nullptr;
    std::size_t number = 0;

    ordered() = default;
    ordered(std::vector<std::size_t>& in, std::size_t n) : alive(&in), number(n) { in.push_back(n); }
    ~ordered() {
        if (alive == nullptr) return;
        require(!alive->empty() && alive->back() == number, "destroyed out of order, or twice");
        alive->pop_back();
    }
    ordered(const ordered&) = delete;
    ordered& operator=(const ordered&) = delete;
};

class run {
public:
    explicit run(input from)
        : from_(from), memory_(from_.byte() % 2 == 0 ? 0 : from_.below(4096)),
          arena_(std::span<std::byte>{memory_}, cenote::arena_growth{}, booked_source{books_}) {}

    void all() {
        while (!from_.is_over())
            step();
        check();
    }

private:
    struct piece {
        void* p;
        std::size_t bytes;
        std::size_t seed;
    };
    struct place {
        arena::mark mark;
        std::size_t pieces;
        std::size_t alive;
    };

    void step() {
        switch (from_.below(9)) {
        case 0:
        case 1:
        case 2:
            return allocate(from_.size(200'000), std::size_t{1} << from_.below(14));
        case 3:
            if (arena_.try_create<ordered>(alive_, ++numbers_) == nullptr) --numbers_;
            return;
        case 4: {
            const std::size_t count = from_.below(100);
            for (const std::uint64_t each : arena_.try_create_n<std::uint64_t>(count))
                require(each == 0, "not value-initialised");
            return;
        }
        case 5:
            if (marks_.size() < 100) marks_.push_back({arena_.get_mark(), pieces_.size(), alive_.size()});
            return;
        case 6:
            return rewind(from_.byte());
        case 7:
            books_.refuses = from_.byte() % 4 == 0;
            return;
        default:
            return from_.byte() % 8 == 0 ? reset(from_.byte()) : check();
        }
    }
    void allocate(std::size_t bytes, std::size_t alignment) {
        void* const p = arena_.try_allocate(bytes, alignment);
        if (p == nullptr) return require(books_.refuses, "refused, though the source does not");
        require(reinterpret_cast<std::uintptr_t>(p) % alignment == 0, "not aligned as asked");
        pieces_.push_back({p, bytes, ++seeds_});
        pattern{p, bytes}.fill(seeds_);
    }
    void rewind(std::size_t how_far) {
        if (marks_.empty()) return;
        marks_.resize(marks_.size() - how_far % marks_.size());
        const place to = marks_.back();
        marks_.pop_back();
        arena_.rewind(to.mark);
        pieces_.resize(to.pieces);
        require(alive_.size() == to.alive, "a rewind destroys too few, or too many");
        check();
    }
    void reset(std::size_t how) {
        arena_.reset(how % 3 == 0   ? cenote::reset_mode::free_all()
                     : how % 3 == 1 ? cenote::reset_mode::retain_capacity()
                                    : cenote::reset_mode::retain_with_limit(how << 12U));
        require(alive_.empty(), "objects survive a reset");
        if (how % 3 == 0) require(books_.bytes == 0, "memory survives a reset");
        pieces_.clear();
        marks_.clear();
    }
    void check() const {
        for (const piece& each : pieces_)
            require(pattern{each.p, each.bytes}.holds(each.seed), "somebody else wrote to a piece");
        require(arena_.stats().bytes == books_.bytes, "the arena counts otherwise");
    }

    source_books books_;
    input from_;
    std::vector<std::byte> memory_;
    std::vector<std::size_t> alive_;
    std::size_t numbers_ = 0;
    std::vector<piece> pieces_;
    std::size_t seeds_ = 0;
    arena arena_;
    std::vector<place> marks_;
};

} // namespace
} // namespace cenote_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    cenote_fuzz::run{cenote_fuzz::input{bytes, size}}.all();
    return 0;
}
