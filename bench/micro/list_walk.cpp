// W6: in a churned pool, build a linked list of a million elements and walk it once: what the order of the
// blocks handed out does to the program that uses them. Churned: of 1,100,000 objects a random million were
// freed, in random order. The survivors matter: where every object goes, the mallocs give whole empty pages
// back and begin afresh, and no program that runs for long has a pool like that.
#include "micro/pools.hpp"
#include "micro/pools_subjects.hpp"
#include "micro/suite.hpp"
#include "support/clock.hpp"
#include "support/keep.hpp"
#include "support/random.hpp"

#include <bit>

namespace bench {
namespace {

constexpr std::size_t elements = 1'000'000;
constexpr std::size_t survivors = 100'000;
constexpr std::size_t churned = elements + survivors;

// An element's first 8 bytes hold the address of the next.
template <class T>
std::uint64_t link_to(T* next) noexcept {
    return std::bit_cast<std::uint64_t>(next);
}
template <class T>
T* next_of(const T* element) noexcept {
    return std::bit_cast<T*>(element->first);
}

template <class T, class Pool>
[[gnu::noinline]] T* build(Pool& subject) {
    auto&& pool = hold(subject);
    T* head = nullptr;
    for (std::size_t i = 0; i < elements; ++i) {
        head = pool.create(link_to(head));
        keep(head);
    }
    give_back(subject, pool);
    return head;
}

template <class T>
[[gnu::noinline]] std::size_t walk(const T* head) {
    std::size_t count = 0;
    for (const T* e = head; e != nullptr; e = next_of(e))
        ++count;
    keep(count);
    return count;
}

template <class T, class Pool>
void free_list_of(Pool& pool, T* head) {
    while (head != nullptr) {
        T* const next = next_of(head);
        pool.destroy(head);
        head = next;
    }
}

const std::vector<std::uint32_t>& random_order() {
    static const std::vector<std::uint32_t> order = [] {
        std::vector<std::uint32_t> numbers;
        random_source random{6};
        append_permutation(numbers, churned, random);
        return numbers;
    }();
    return order;
}

template <class T, class Pool>
void churn(Pool& pool) {
    T** const live = scratch<T*>(churned);
    for (std::size_t i = 0; i < churned; ++i)
        live[i] = pool.create(i);
    for (std::size_t k = 0; k < elements; ++k)
        pool.destroy(live[random_order()[k]]);
}

struct list_walk {
    template <class Family, class T>
    void operator()(visit& v) const {
        typename Family::template pool<T> subject{churned};
        v.repeat([&] {
            if constexpr (Family::is.frees_singly) churn<T>(subject);
            T* head = nullptr;
            const double took = time_of([&] {
                head = build<T>(subject);
                walk(head);
            });
            if constexpr (Family::is.frees_singly) {
                free_list_of(subject, head);
                T** const live = scratch<T*>(churned);
                for (std::size_t k = elements; k < churned; ++k)
                    subject.destroy(live[random_order()[k]]);
            } else {
                subject.reset();
            }
            return took / static_cast<double>(elements);
        });
    }
};

template <std::size_t Size>
void add_size(std::vector<measurement>& to) {
    // The arena takes part although it cannot churn: it shows what a list in fresh order costs.
    constexpr bool reference_size = Size == 64;
    const schedule how{.full = {.visits = reference_size ? 3 : 2, .calls = 2, .discarded = 1},
                       .quick = reference_size ? std::optional(plan{.visits = 1, .calls = 1, .discarded = 1})
                                               : std::nullopt};
    add_measurement<Size, demands{.live_at_frees = churned, .single_frees = false, .written = true}>(
        to, pools_subjects{}, {"W6"}, how, list_walk{});
}

} // namespace

void add_list_walk(std::vector<measurement>& to) {
    add_size<16>(to);
    add_size<64>(to);
    add_size<256>(to);
}

} // namespace bench
