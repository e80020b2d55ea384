// Rung 3, growth. Before it: a free list over one block, whose size somebody had to guess.
#include "ladder.hpp"

#include <cenote/cenote.hpp>

#include <array>

namespace {

struct order {
    std::uint64_t id;
    double price;
};

constexpr std::size_t guessed = 16;
constexpr std::size_t wanted = 20'000;

void fault() {
    std::puts("a free list over room for 16:");
    alignas(order) static std::array<std::byte, guessed * sizeof(order)> storage;
    cenote::free_list free;
    for (std::size_t i = 0; i != guessed; ++i)
        free.push(&storage[i * sizeof(order)], sizeof(order));
    std::size_t served = 0;
    while (served != wanted && free.pop(sizeof(order)) != nullptr)
        ++served;
    std::printf("  %zu of %zu orders served\n", served, wanted);
    ladder::claim(served == guessed, "it cannot serve more than was guessed");
}

using counted = cenote::counting_source<cenote::vm_source>;
template <class Source>
using pool_over =
    cenote::intrusive_pool<order, cenote::pool_options{.at_death = cenote::leftovers::leave}, Source>;

void mended() {
    std::puts("cenote::intrusive_pool:");
    counted source;
    {
        pool_over<cenote::source_ref<counted>> orders{cenote::growth{}, cenote::source_ref{source}};
        ladder::claim(source.calls() == 0, "nothing is taken before the first object");
        std::size_t served = 0;
        while (served != wanted && orders.try_create(order{served, 1.0}) != nullptr)
            ++served;
        ladder::claim(served == wanted, "all are served");
        std::printf("  %zu slabs, each twice the one before: %zu bytes\n", source.pieces(), source.bytes());
        ladder::claim(source.pieces() > 1 && source.pieces() < 10, "in a few slabs");
    }
    ladder::claim(source.pieces() == 0 && source.bytes() == 0, "all slabs went back when the pool died");

    using bounded = cenote::failing_source<cenote::vm_source>;
    pool_over<bounded> refused{cenote::growth{}, bounded{0}};
    ladder::claim(refused.try_create(order{}) == nullptr && refused.capacity() == 0,
                  "a source that refuses leaves the pool as it was");
    refused.source().recover();
    ladder::claim(refused.try_create(order{}) != nullptr, "and it goes on when the source does");
}

void figure() {
    const auto fill = [](auto& pool) {
        for (std::size_t i = 0; i != wanted; ++i)
            ladder::use(pool.create(order{i, 1.0}));
    };
    cenote::intrusive_pool<order> kept;
    ladder::compare(
        wanted, "an order in a pool that grows, and gives all back",
        [&] {
            cenote::intrusive_pool<order> pool;
            fill(pool);
        },
        "in one that keeps what it grew to",
        [&] {
            fill(kept);
            kept.reset(cenote::reset_mode::retain_capacity());
        });
}

} // namespace

int main() {
    fault();
    mended();
    figure();
    return ladder::result();
}
