// fragmentation: 64 MiB of live blocks of mixed sizes, random ones of which make room for others, while the sizes
// drift: from 9 bytes to 1 KiB up to 32 times as much, and back, four times over. Resident bytes over the bytes that
// were asked for, 256 times along the way: their mean, and the worst.
#include "micro/heap.hpp"
#include "micro/heap_blocks.hpp"
#include "support/resident.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace bench {
namespace {

constexpr std::size_t live_bytes = 64 * 1024 * 1024;
constexpr std::size_t steps = 48'000'000;
constexpr std::size_t most_blocks = 1'000'000; // there are 700,000 while all are small
constexpr std::size_t looks = 256;
constexpr std::size_t sweeps = 4;
constexpr double doublings = 5; // of the sizes, from one end of a sweep to the other
constexpr std::size_t page = 4096;

struct block {
    std::byte* data;
    std::uint32_t size;
};

// What sizes are multiplied by, at this step.
double scale_at(std::size_t step) {
    const double sweep = static_cast<double>(step) * sweeps / steps;
    const double share = sweep - std::floor(sweep); // of this sweep
    return std::exp2(doublings * (1 - std::abs(2 * share - 1)));
}

template <class Family>
class churn {
public:
    churn(std::uint64_t seed, block* room) : random_(seed), blocks_(room) {}

    void step(double scale) {
        const auto size = static_cast<std::uint32_t>(draw_size(random_, 1024) * scale);
        while (live_ + size > live_bytes)
            free_one();
        auto* data = static_cast<std::byte*>(Family::allocate(size));
        for (std::size_t at = 0; at < size; at += page)
            data[at] = std::byte{1};
        data[size - 1] = std::byte{1};
        blocks_[count_++] = {data, size};
        live_ += size;
    }

    std::size_t live() const { return live_; }

private:
    void free_one() {
        block& freed = blocks_[random_.below(static_cast<std::uint32_t>(count_))];
        Family::deallocate(freed.data);
        live_ -= freed.size;
        freed = blocks_[--count_];
    }

    random_source random_;
    block* blocks_;
    std::size_t count_ = 0;
    std::size_t live_ = 0;
};

struct drift {
    template <class Family, class>
    void operator()(visit& v) const {
        v.repeat([] {
            block* const room = scratch<block>(most_blocks); // resident from here on
            const std::size_t before = resident_bytes();
            churn<Family> program{17, room};
            while (program.live() < live_bytes * 9 / 10)
                program.step(scale_at(0));
            double sum = 0;
            double worst = 0;
            for (std::size_t look = 0; look < looks; ++look) {
                const double scale = scale_at(look * (steps / looks));
                for (std::size_t i = 0; i < steps / looks; ++i)
                    program.step(scale);
                const double ratio =
                    static_cast<double>(resident_bytes() - before) / static_cast<double>(program.live());
                sum += ratio;
                worst = std::max(worst, ratio);
            }
            return std::array{sum / looks, worst};
        });
    }
};

} // namespace

void add_heap_drift(std::vector<measurement>& to) {
    const schedule how{
        .full = {.visits = 1, .calls = 1, .discarded = 0}, .quick = {}, .apart = true, .counts = unit::ratio};
    add_heap_measurement(to, heap_mallocs{}, {"fragmentation/mean", "fragmentation/worst"}, 0, how, drift{});
}

} // namespace bench
