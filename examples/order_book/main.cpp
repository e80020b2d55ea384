// A matching engine, whose clients cancel by number, often too late: with handles into a pool, and with a map from numbers to
// orders, on new and delete, on object_pool, and with its own memory in pools. One run, interleaved; all must trade alike.
//
//     order_book [--quick]
#include "../support/measure.hpp"
#include "market.hpp"
#include "orders.hpp"

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace {

struct subject {
    std::string name;
    std::function<void(int)> steps;
    std::function<order_book::answer()> look;
    std::vector<double> seconds = {}; // per step
};

template <class Orders>
subject on(const char* name, std::size_t depth) {
    const auto market = std::make_shared<order_book::market<Orders>>(depth);
    return {name,
            [market](int count) {
                for (int i = 0; i != count; ++i)
                    market->step();
            },
            [market] { return market->seen(); }};
}

// True when all books traded alike.
bool trade(std::size_t depth, int rounds, int steps) {
    std::vector<subject> subjects{
        on<order_book::in_map>("unordered_map of orders", depth),
        on<order_book::by_pointer<order_book::new_and_delete>>("unordered_map of pointers, new and delete",
                                                               depth),
        on<order_book::by_pointer<cenote::object_pool<order_book::order>>>(
            "unordered_map of pointers, object_pool", depth),
        on<order_book::in_pooled_map>("unordered_map of orders, pool_allocator", depth),
        on<order_book::by_handle>("handle_pool", depth),
    };
    // To where as many orders wait as shall.
    measure::interleaved(1, subjects, [depth](subject& s) { s.steps(static_cast<int>(12 * depth)); });
    measure::timed(rounds, steps, subjects, [steps](subject& s) { s.steps(steps); });

    const order_book::answer expected = subjects.front().look();
    std::printf("\n%llu orders wait\n\n", static_cast<unsigned long long>(expected.waiting));
    measure::print_head({"order book", "request, over the map's", "ns per request"});
    const double yardstick = measure::median(subjects.front().seconds);
    bool equal = true;
    for (subject& s : subjects) {
        const double step = measure::median(s.seconds);
        measure::print_row({s.name, measure::number(step / yardstick), measure::number(step * 1e9, 1)});
        equal = equal && s.look() == expected;
    }
    std::printf("\nanswer: %llu trades, %llu shares, %llu cancelled, %llu too late, checksum %llu: %s\n",
                static_cast<unsigned long long>(expected.trades),
                static_cast<unsigned long long>(expected.shares),
                static_cast<unsigned long long>(expected.cancelled),
                static_cast<unsigned long long>(expected.too_late),
                static_cast<unsigned long long>(expected.checksum), equal ? "equal" : "DIFFERENT");
    return equal;
}

} // namespace

int main(int count, char** arguments) {
    if (measure::quick(count, arguments)) return trade(1000, 3, 2000) ? 0 : 1;
    const bool small = trade(1000, 100, 10000);
    const bool large = trade(100000, 20, 100000);
    return small && large ? 0 : 1;
}
