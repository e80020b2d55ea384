// Rung 2, the intrusive free list. Before it: an arena, which takes no piece back before it takes all.
#include "ladder.hpp"

#include <cenote/arena.hpp>
#include <cenote/freelist/free_list.hpp>

#include <array>
#include <cstdlib>

namespace {

constexpr std::size_t block_bytes = 64;
constexpr std::size_t rounds = 100'000;
alignas(64) std::array<std::byte, 16 * block_bytes> storage;

void fault() {
    std::puts("cenote::arena, one packet at a time, 100,000 packets:");
    cenote::arena packets;
    for (std::size_t i = 0; i != rounds; ++i)
        ladder::use(packets.allocate(block_bytes)); // the packet before is of no use any more
    const std::size_t used = packets.stats().used;
    std::printf("  %zu bytes are used, where 64 would do\n", used);
    ladder::claim(used >= rounds * block_bytes, "memory grows with what ever was, not with what is");
}

void mended() {
    std::puts("cenote::free_list over 16 blocks:");
    cenote::free_list free;
    for (std::size_t i = 16; i-- != 0;)
        free.push(&storage[i * block_bytes], block_bytes);

    std::size_t served = 0;
    void* first = nullptr;
    bool same = true;
    for (std::size_t i = 0; i != rounds; ++i) {
        void* const p = free.pop(block_bytes);
        if (p == nullptr) break;
        if (first == nullptr) first = p;
        same = same && p == first;
        ++served;
        free.push(p, block_bytes);
    }
    ladder::claim(served == rounds && same, "100,000 packets in one block, the one that is in cache");
    ladder::claim(sizeof(free) == sizeof(void*),
                  "the list is one pointer: a free block holds the link to the next");

    ladder::compare(
        rounds, "a pair of malloc and free",
        [] {
            for (std::size_t i = 0; i != rounds; ++i) {
                void* const p = std::malloc(block_bytes);
                ladder::use(p);
                std::free(p);
            }
        },
        "of pop and push",
        [&free] {
            for (std::size_t i = 0; i != rounds; ++i) {
                void* const p = free.pop(block_bytes);
                ladder::use(p);
                free.push(p, block_bytes);
            }
        });
    while (free.pop(block_bytes) != nullptr) {
    }
}

} // namespace

int main() {
    fault();
    mended();
    return ladder::result();
}
