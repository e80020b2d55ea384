// W1: allocate one block, free it. The arena, which frees all at once, is reset after every 1,000
// instead.
#pragma once

#include "micro/suite.hpp"
#include "support/clock.hpp"
#include "support/keep.hpp"

namespace bench {
namespace one_block_detail {

inline constexpr std::size_t pairs = 200'000;
inline constexpr std::size_t between_resets = 1'000;

template <class T, class Pool>
[[gnu::noinline]] void allocate_and_free(Pool& subject, std::size_t n) {
    auto&& pool = hold(subject);
    for (std::size_t i = 0; i < n; ++i) {
        T* p = pool.create(i);
        keep(p);
        pool.destroy(p);
        settle();
    }
    give_back(subject, pool);
}

template <class T, class Pool>
[[gnu::noinline]] void allocate_and_reset(Pool& subject, std::size_t n) {
    for (std::size_t i = 0; i < n; i += between_resets) {
        for (std::size_t k = 0; k < between_resets; ++k) {
            T* p = subject.create(k);
            keep(p);
        }
        subject.reset();
    }
}

struct one_block {
    template <class Family, class T>
    void operator()(visit& v) const {
        typename Family::template pool<T> subject{1};
        v.repeat([&] {
            return time_of([&] {
                       if constexpr (Family::is.frees_singly) {
                           allocate_and_free<T>(subject, pairs);
                       } else {
                           allocate_and_reset<T>(subject, pairs);
                       }
                   }) /
                   static_cast<double>(pairs);
        });
    }
};

} // namespace one_block_detail

template <std::size_t Size, class Subjects>
void add_one_block_of(std::vector<measurement>& to, Subjects subjects) {
    constexpr demands asks{.live_at_frees = 1, .single_frees = false};
    const schedule how{.full = {.visits = 15, .calls = 4, .discarded = 1},
                       .quick = plan{.visits = 5, .calls = 3, .discarded = 1}};
    add_measurement<Size, asks>(to, subjects, {"W1"}, how, one_block_detail::one_block{});
}

} // namespace bench
