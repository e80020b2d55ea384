// W5: one thread allocates, another frees, through a ring of pointers published one or 64 at a time. W5n: every thread
// frees what its neighbour allocated.
#include "micro/hand_over.hpp"
#include "micro/threads.hpp"

#include <vector>

namespace bench {
namespace {

using namespace hand_over_detail;

// As much as there is room to send and there are objects to free, until `count` of both.
template <class T, class Pool, std::size_t Step>
[[gnu::noinline]] void allocate_and_free_all(Pool& pool, ring<T, Step>& out, ring<T, Step>& in,
                                             std::size_t count) {
    std::size_t sent = 0;
    std::size_t received = 0;
    const auto can_send = [&] { return sent < count && out.has_room(); };
    const auto can_receive = [&] { return received < count && in.has_some(); };
    while (sent < count || received < count) {
        if (can_send()) {
            allocate_and_send(pool, out);
            sent += Step;
        }
        if (can_receive()) {
            receive_and_free(pool, in);
            received += Step;
        }
        if (sent < count || received < count) wait_until([&] { return can_send() || can_receive(); });
    }
}

struct hand_around {
    std::size_t threads;

    template <class Family, class T>
    void operator()(visit& v) const {
        using one_way = ring<T, at_a_time>;
        typename Family::template pool<T> subject{threads * (one_way::size + 2 * at_a_time)};
        std::vector<std::unique_ptr<one_way>> from; // the thread of that number
        for (std::size_t t = 0; t < threads; ++t)
            from.push_back(std::make_unique<one_way>());
        const std::size_t each = objects_for<Family> / threads / at_a_time * at_a_time;
        team workers{threads};
        v.repeat([&] {
            const double wall = workers.run([&](std::size_t t, std::uint64_t) {
                allocate_and_free_all(of_thread(subject, t), *from[t], *from[(t + 1) % threads], each);
            });
            return wall * static_cast<double>(processors_for(threads)) / static_cast<double>(each * threads);
        });
    }
};

} // namespace

void add_hand_over(std::vector<measurement>& to) {
    constexpr demands asks{.live_at_frees = 1, .frees_elsewhere = true};
    constexpr demands written{.live_at_frees = 1, .written = true, .frees_elsewhere = true};
    const schedule how{.full = {.visits = 8, .calls = 4, .discarded = 1},
                       .quick = plan{.visits = 3, .calls = 2, .discarded = 1}};
    add_measurement<64, asks>(to, shared_subjects{}, {"W5"}, how, hand_over<1>{});
    add_measurement<64, asks>(to, shared_subjects{}, {"W5/64"}, how, hand_over<at_a_time>{});
    add_measurement<64, written>(to, shared_subjects{}, {"W5/written"}, how, hand_over<1>{});
    for (const std::size_t threads : {2U, 8U, 32U})
        add_measurement<64, asks>(to, shared_subjects{}, {"W5n/" + std::to_string(threads)}, how,
                                  hand_around{threads});
}

} // namespace bench
