// Rung 4, exact alignment. Before it: blocks that are cut one behind the other, wherever that puts them.
#include "ladder.hpp"

#include <cenote/cenote.hpp>

#include <array>
#include <cstring>
#include <numeric>
#include <random>

namespace {

constexpr std::size_t blocks = 1000;

// How a textbook cuts a slab: a link to the next slab in front, then block after block.
std::size_t misaligned_in_textbook(std::size_t block_bytes, std::size_t alignment) {
    constexpr std::uintptr_t slab = 1 << 20; // wherever it lies, it is aligned to more than anybody asks
    std::size_t count = 0;
    for (std::size_t i = 0; i != blocks; ++i)
        count += (slab + sizeof(void*) + i * block_bytes) % alignment != 0;
    return count;
}

template <class Allocate>
std::size_t misaligned(std::size_t alignment, Allocate&& allocate) {
    std::size_t count = 0;
    for (std::size_t i = 0; i != blocks; ++i)
        count += ladder::address_of(allocate()) % alignment != 0;
    return count;
}

struct alignas(64) line {
    char bytes[64];
};

void fault() {
    std::puts("blocks cut one behind the other, misaligned of 1,000:");
    const std::size_t of_24 = misaligned_in_textbook(24, 16);
    const std::size_t of_64 = misaligned_in_textbook(sizeof(line), alignof(line));
    std::printf("  24 bytes for alignment 16: %zu; a type of alignment 64: %zu\n", of_24, of_64);
    ladder::claim(of_24 == blocks / 2, "every other one, where the size is no multiple of the alignment");
    ladder::claim(of_64 == blocks, "each one, where the slab's header moves them all");
}

void mended() {
    std::puts("the pools of this library:");
    cenote::intrusive_pool<line> lines;
    ladder::claim(misaligned(64, [&] { return lines.create(); }) == 0,
                  "intrusive_pool of a type of alignment 64: none");
    cenote::object_pool<int, cenote::pool_options{.alignment = 128}> apart;
    ladder::claim(misaligned(128, [&] { return apart.create(1); }) == 0,
                  "object_pool<int> that was asked for 128: none");
    cenote::block_pool odd{24, 16};
    ladder::claim(misaligned(16, [&] { return odd.allocate(); }) == 0 && odd.block_size() == 32,
                  "block_pool of 24 bytes for alignment 16: none; its blocks have 32");
    cenote::block_pool exact{24, 8};
    ladder::claim(misaligned(8, [&] { return exact.allocate(); }) == 0 && exact.block_size() == 24,
                  "and where 8 is enough they have 24");
}

// What x86 takes for plain loads and stores of it: little. What it does not forgive is in docs/ladder.md.
void figure() {
    constexpr std::size_t objects = 300'000; // more than caches hold
    constexpr std::size_t object_bytes = 64;
    std::vector<line> memory(objects + 1);
    std::vector<std::size_t> order(objects);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), std::mt19937{1});
    auto* const first = reinterpret_cast<char*>(memory.data());
    const auto touch = [&](std::size_t beside) {
        return [first, beside, &order] {
            for (const std::size_t i : order) {
                char* const p = first + beside + i * object_bytes;
                ++p[0];
                ++p[object_bytes - 1];
            }
            ladder::use(first);
        };
    };
    ladder::compare(objects, "an object on two cache lines", touch(32), "on one", touch(0));
}

} // namespace

int main() {
    fault();
    mended();
    figure();
    return ladder::result();
}
