// Rung 8, the heap. Before it: pools, each of which has blocks of one size.
#include "ladder.hpp"

#include <cenote/cenote.hpp>

#include <cstdlib>
#include <random>

namespace {

constexpr std::size_t largest = 1024;

std::vector<std::size_t> sizes(std::size_t count) {
    std::mt19937 random{1};
    std::uniform_int_distribution<std::size_t> any{17, largest};
    std::vector<std::size_t> all(count);
    for (std::size_t& each : all)
        each = any(random);
    return all;
}

void fault(const std::vector<std::size_t>& wanted) {
    std::puts("one pool for sizes from 17 to 1,024:");
    cenote::block_pool small{64};
    std::size_t fit = 0;
    std::size_t asked = 0;
    for (const std::size_t size : wanted) {
        fit += size <= small.block_size();
        asked += size;
    }
    ladder::claim(fit < wanted.size() / 10, "blocks of 64 bytes are too small for nine in ten");
    const double held = static_cast<double>(wanted.size() * largest) / static_cast<double>(asked);
    std::printf("  blocks of 1,024 bytes: %.2f times what was asked for\n", held);
    ladder::claim(held > 1.5, "blocks for the largest waste a third of the memory or more");
}

void mended(const std::vector<std::size_t>& wanted) {
    std::puts("cenote::heap:");
    cenote::heap heap;
    std::vector<void*> blocks;
    std::size_t asked = 0;
    std::size_t given = 0;
    bool enough = true;
    for (const std::size_t size : wanted) {
        blocks.push_back(heap.allocate(size, 8));
        const std::size_t usable = heap.usable_size(blocks.back());
        enough = enough && usable >= size;
        asked += size;
        given += usable;
    }
    const double ratio = static_cast<double>(given) / static_cast<double>(asked);
    std::printf("  %.3f times what was asked for\n", ratio);
    ladder::claim(enough, "each gets what it asked for");
    ladder::claim(ratio < 1.125, "and less than an eighth more: 88 size classes");
    for (std::size_t i = 0; i != blocks.size(); ++i)
        heap.deallocate(blocks[i], wanted[i], 8);
    ladder::claim(heap.stats().live == 0, "all came back");
}

void figure(const std::vector<std::size_t>& wanted) {
    cenote::heap& heap = cenote::heap::process();
    std::vector<void*> live(1000);
    // Replaces blocks, each by one of another size.
    const auto churn = [&](auto&& allocate, auto&& free) {
        return [&live, &wanted, allocate, free] {
            for (void*& p : live)
                p = allocate(wanted[0]);
            std::size_t at = 0;
            for (const std::size_t size : wanted) {
                at = (at * 5 + size) % live.size();
                free(live[at]);
                ladder::use(live[at] = allocate(size));
            }
            for (void* p : live)
                free(p);
        };
    };
    ladder::compare(wanted.size() + live.size(), "a pair of malloc and free",
                    churn([](std::size_t size) { return std::malloc(size); }, [](void* p) { std::free(p); }),
                    "of the heap",
                    churn([&heap](std::size_t size) { return heap.allocate(size); },
                          [&heap](void* p) { heap.deallocate(p); }));
}

} // namespace

int main() {
    const std::vector<std::size_t> wanted = sizes(20'000);
    fault(wanted);
    mended(wanted);
    figure(wanted);
    return ladder::result();
}
