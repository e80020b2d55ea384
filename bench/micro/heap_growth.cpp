// realloc: 64 arrays grow, a random one at a time, and begin anew when they are full: by doubling, as a vector of a
// language without constructors does, from 16 bytes to 256 KiB; and by 16 bytes, as what is read piece by piece does,
// to 4 KiB.
#include "micro/heap.hpp"
#include "micro/heap_blocks.hpp"

#include <array>

namespace bench {
namespace {

constexpr std::size_t arrays = 64;
constexpr std::size_t first_size = 16;
constexpr std::size_t page = 4096;

struct growth {
    bool doubling;
    std::size_t largest;
    std::size_t steps; // in one call

    template <class Family, class>
    void operator()(visit& v) const {
        const auto& order = made_once([&] {
            std::vector<std::uint32_t> made;
            random_source random{5};
            while (made.size() < steps)
                made.push_back(random.below(arrays));
            return made;
        });
        std::array<array, arrays> all{};
        for (array& a : all)
            a = {static_cast<std::byte*>(Family::allocate(first_size)), first_size};
        v.repeat([&] {
            const double took = time_of([&] { grow_all<Family>(all.data(), order); });
            return took / static_cast<double>(steps);
        });
        for (const array& a : all)
            Family::deallocate(a.data);
    }

private:
    struct array {
        std::byte* data;
        std::size_t size;
    };

    template <class Family>
    [[gnu::noinline]] void grow_all(array* all, const std::vector<std::uint32_t>& order) const {
        for (const std::uint32_t i : order) {
            array& a = all[i];
            if (a.size == largest) {
                Family::deallocate(a.data);
                a = {static_cast<std::byte*>(Family::allocate(first_size)), first_size};
                keep(a.data);
                continue;
            }
            const std::size_t size = doubling ? 2 * a.size : a.size + 16;
            a.data = static_cast<std::byte*>(Family::reallocate(a.data, size));
            keep(a.data);
            // What is new is written, so that moving it has a price.
            for (std::size_t at = a.size; at < size; at += page)
                a.data[at] = std::byte{1};
            a.size = size;
        }
    }
};

} // namespace

void add_heap_growth(std::vector<measurement>& to) {
    const schedule how{.full = {.visits = 8, .calls = 6, .discarded = 1},
                       .quick = plan{.visits = 2, .calls = 2, .discarded = 1}};
    add_heap_measurement(to, heap_mallocs{}, {"realloc/double"}, 0, how, growth{true, 256 * 1024, 8'000});
    add_heap_measurement(to, heap_mallocs{}, {"realloc/16"}, 0, how, growth{false, 4096, 50'000});
}

} // namespace bench
