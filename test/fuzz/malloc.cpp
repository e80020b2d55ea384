// malloc's functions and operator new, mixed, against a list of blocks. Linked with the replacement, which libFuzzer itself
// runs on as well.
#include "fuzz/input.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <new>
#include <vector>

namespace cenote_fuzz {
namespace {

// Not inlined: clang 14 makes two calls, one after the other, of a choice between two deletes.
template <class... More>
[[gnu::noinline]] void delete_plain(void* p, More... more) noexcept {
    ::operator delete(p, more...);
}
template <class... More>
[[gnu::noinline]] void delete_sized(void* p, std::size_t bytes, More... more) noexcept {
    ::operator delete(p, bytes, more...);
}

enum class form : std::uint8_t { malloc, plain_new, aligned_new };

class run {
public:
    explicit run(input from) : from_(from) {}

    void all() {
        while (!from_.is_over())
            step();
        while (!blocks_.empty())
            free(blocks_.size() - 1);
    }

private:
    struct block {
        void* p;
        std::size_t bytes;
        std::size_t alignment;
        std::size_t seed;
        form from;
    };

    void step() {
        const std::size_t alignment = std::size_t{1} << from_.below(22);
        const std::size_t bytes = from_.size(std::size_t{9} << 20U);
        switch (from_.below(14)) {
        case 0:
            return keep(std::malloc(bytes), bytes, 16, form::malloc);
        case 1:
            return keep_zeroed(std::calloc(1, bytes), bytes);
        case 2:
            return keep_zeroed(std::calloc(7, bytes / 7), bytes / 7 * 7);
        case 3:
            return keep(::memalign(alignment, bytes), bytes, alignment, form::malloc);
        case 4:
            return keep(std::aligned_alloc(alignment, bytes), bytes, alignment, form::malloc);
        case 5: {
            void* p = nullptr;
            const std::size_t asked = std::max(alignment, sizeof(void*));
            if (::posix_memalign(&p, asked, bytes) == 0) keep(p, bytes, asked, form::malloc);
            return;
        }
        case 6:
            return keep(::operator new(bytes, std::nothrow), bytes, 16, form::plain_new);
        case 7:
            return keep(::operator new (bytes, std::align_val_t{alignment}, std::nothrow), bytes, alignment,
                        form::aligned_new);
        case 8:
        case 9:
            return reallocate(bytes);
        case 10:
        case 11:
            for (std::size_t n = from_.byte(); n != 0 && !blocks_.empty(); --n)
                free(from_.byte() % blocks_.size());
            return;
        case 12:
            return refuse();
        default:
            if (from_.byte() % 16 == 0) ::malloc_trim(0);
            return check();
        }
    }
    void keep(void* p, std::size_t bytes, std::size_t alignment, form from) {
        require(p != nullptr, "refused");
        require(reinterpret_cast<std::uintptr_t>(p) % alignment == 0, "not aligned as asked");
        const std::size_t usable = ::malloc_usable_size(p);
        require(usable >= bytes, "smaller than asked");
        blocks_.push_back({p, bytes, alignment, ++seeds_, from});
        pattern{p, bytes}.fill(seeds_);
        // What is granted beyond is the program's, too.
        if (usable != bytes && from == form::malloc) static_cast<volatile std::uint8_t*>(p)[usable - 1] = 1;
    }
    void keep_zeroed(void* p, std::size_t bytes) {
        require(p == nullptr || pattern{p, bytes}.is_zero(), "not zeroed");
        keep(p, bytes, 16, form::malloc);
    }
    void reallocate(std::size_t bytes) {
        if (blocks_.empty()) return keep(std::realloc(nullptr, bytes), bytes, 16, form::malloc);
        block& b = blocks_[from_.byte() % blocks_.size()];
        if (b.from != form::malloc) return;
        void* const p = from_.byte() % 2 == 0 ? std::realloc(b.p, bytes) : ::reallocarray(b.p, 1, bytes);
        require(p != nullptr, "refused");
        require(pattern{p, b.bytes}.holds(b.seed, std::min(bytes, b.bytes)), "contents were lost");
        b = {p, bytes, 16, ++seeds_, form::malloc};
        pattern{p, bytes}.fill(b.seed);
    }
    void free(std::size_t i) {
        const block b = take_out(blocks_, i);
        require(pattern{b.p, b.bytes}.holds(b.seed), "somebody else wrote to a live block");
        const bool with_size = from_.byte() % 2 != 0;
        if (b.from == form::malloc) return std::free(b.p);
        if (b.from == form::plain_new) return with_size ? delete_sized(b.p, b.bytes) : delete_plain(b.p);
        const std::align_val_t alignment{b.alignment};
        with_size ? delete_sized(b.p, b.bytes, alignment) : delete_plain(b.p, alignment);
    }
    void refuse() {
        volatile std::size_t huge = SIZE_MAX - from_.below(60'000);
        errno = 0;
        require(std::malloc(huge) == nullptr && errno == ENOMEM, "more than there can be was granted");
        require(std::calloc(huge / 2, 3) == nullptr, "a product that wraps round was granted");
        if (blocks_.empty() || blocks_.back().from != form::malloc) return;
        const block& b = blocks_.back();
        require(std::realloc(b.p, huge) == nullptr, "more than there can be was granted");
        require(pattern{b.p, b.bytes}.holds(b.seed), "a refusal changed the block");
    }
    void check() const {
        for (const block& b : blocks_)
            require(pattern{b.p, b.bytes}.holds(b.seed), "somebody else wrote to a live block");
    }

    input from_;
    std::vector<block> blocks_;
    std::size_t seeds_ = 0;
};

} // namespace
} // namespace cenote_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    cenote_fuzz::run{cenote_fuzz::input{bytes, size}}.all();
    return 0;
}
