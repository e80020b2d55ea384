// Rung 1, the arena. Before it: a bump block that knows neither alignment nor its own end.
#include "ladder.hpp"

#include <cenote/arena.hpp>
#include <cenote/cenote.hpp>

#include <array>
#include <cstdlib>

namespace {

// The first page of a textbook: a block, and how much of it is used.
struct bump_block {
    std::byte* memory;
    std::size_t used = 0;

    std::uintptr_t allocate(std::size_t bytes) { // an address; nobody should touch all of what it gives
        const std::uintptr_t p = ladder::address_of(memory) + used;
        used += bytes;
        return p;
    }
};

alignas(64) std::array<std::byte, 256> buffer;

void fault() {
    std::puts("a bump block:");
    bump_block block{buffer.data()};
    block.allocate(1);
    ladder::claim(block.allocate(8) % 8 == 1, "a piece for a double lies one byte beside where it has to");
    const std::uintptr_t last = block.allocate(1000);
    ladder::claim(last + 1000 > ladder::address_of(buffer.data()) + buffer.size(),
                  "a piece of 1,000 bytes reaches beyond the block of 256, and nobody says so");
}

void mended() {
    std::puts("cenote::arena:");
    // A source that refuses, so that there is no more than the buffer.
    using nothing_more = cenote::failing_source<cenote::vm_source>;
    cenote::basic_arena<nothing_more> small{buffer, cenote::arena_growth{}, nothing_more{0}};
    void* const one = small.allocate(1);
    void* const eight = small.allocate(8, 8);
    ladder::claim(one != eight && ladder::address_of(eight) % 8 == 0, "each piece lies where it has to");
    ladder::claim(small.try_allocate(1000) == nullptr, "what does not fit is refused");

    cenote::arena growing{buffer};
    ladder::claim(growing.try_allocate(1000) != nullptr,
                  "or comes from the next slab, where there is a source");
}

void figure() {
    constexpr std::size_t pieces = 10'000;
    std::vector<void*> all(pieces);
    cenote::arena frame;
    ladder::compare(
        pieces, "a piece by malloc and free",
        [&] {
            for (void*& p : all)
                ladder::use(p = std::malloc(48));
            for (void* p : all)
                std::free(p);
        },
        "by the arena, freed at once",
        [&] {
            for (std::size_t i = 0; i != pieces; ++i)
                ladder::use(frame.allocate(48));
            frame.reset(cenote::reset_mode::retain_capacity());
        });
}

} // namespace

int main() {
    fault();
    mended();
    figure();
    return ladder::result();
}
