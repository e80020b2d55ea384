// One thread allocates, another frees: between them a ring of pointers, published one or 64 at a time.
#pragma once

#include "micro/ring.hpp"
#include "micro/suite.hpp"
#include "support/keep.hpp"
#include "support/team.hpp"

#include <memory>

namespace bench {
namespace hand_over_detail {

inline constexpr std::size_t at_a_time = 64;
inline constexpr std::size_t objects = at_a_time * 16'000; // in one call, of all threads together

template <class Family>
constexpr std::size_t objects_for = objects / Family::is.divisor_shared / at_a_time* at_a_time;

template <class T, class Pool, std::size_t Step>
[[gnu::always_inline]] inline void allocate_and_send(Pool& pool, ring<T, Step>& out) {
    for (std::size_t i = 0; i < Step; ++i) {
        T* p = pool.create(i);
        keep(p);
        out.send(p);
    }
}

template <class T, class Pool, std::size_t Step>
[[gnu::always_inline]] inline void receive_and_free(Pool& pool, ring<T, Step>& in) {
    for (std::size_t i = 0; i < Step; ++i) {
        T* p = in.receive();
        keep(p);
        pool.destroy(p);
        settle();
    }
}

template <class T, class Pool, std::size_t Step>
[[gnu::noinline]] void allocate_all(Pool& pool, ring<T, Step>& out, std::size_t count) {
    for (std::size_t sent = 0; sent < count; sent += Step) {
        if (!out.has_room()) wait_until([&] { return out.has_room(); });
        allocate_and_send(pool, out);
    }
}

template <class T, class Pool, std::size_t Step>
[[gnu::noinline]] void free_all(Pool& pool, ring<T, Step>& in, std::size_t count) {
    for (std::size_t received = 0; received < count; received += Step) {
        if (!in.has_some()) wait_until([&] { return in.has_some(); });
        receive_and_free(pool, in);
    }
}

template <std::size_t Step>
struct hand_over {
    template <class Family, class T>
    void operator()(visit& v) const {
        typename Family::template pool<T> subject{ring<T, Step>::size + 2 * Step};
        const auto between = std::make_unique<ring<T, Step>>();
        team workers{2};
        v.repeat([&] {
            const double wall = workers.run([&](std::size_t t, std::uint64_t) {
                if (t == 0) {
                    allocate_all(of_thread(subject, t), *between, objects_for<Family>);
                } else {
                    free_all(of_thread(subject, t), *between, objects_for<Family>);
                }
            });
            return wall / static_cast<double>(objects_for<Family>);
        });
    }
};

} // namespace hand_over_detail
} // namespace bench
