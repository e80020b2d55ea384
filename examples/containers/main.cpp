// A program with a std::map and one with a std::pmr::map, each moved onto pools by changing one line: the line that names the
// map's type, or the one that names the memory resource. One run, interleaved; all must count alike.
//
//     containers [--quick]
#include "../support/measure.hpp"

#include <cenote/allocator.hpp>
#include <cenote/pool_allocator.hpp>
#include <cenote/resource.hpp>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using key = std::uint32_t;
struct visit {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
};
using entry = std::pair<const key, visit>;

// The line, three ways. Before:
using plain_map = std::map<key, visit>;
// On the heap, of any thread:
using map_on_heap = std::map<key, visit, std::less<>, cenote::allocator<entry>>;
// In pools of its own, which its constructor is given:
using map_in_pools = std::map<key, visit, std::less<>, cenote::pool_allocator<entry>>;

// The rest of the program: visitors come, some again, and those that came first are forgotten.
template <class Map>
class visitors {
public:
    template <class... Memory>
    explicit visitors(std::size_t remembered, Memory&&... memory)
        : seen_(std::forward<Memory>(memory)...), order_(remembered) {}

    void step() {
        const auto who = static_cast<key>(numbers_());
        // One in four is one of those that are remembered.
        const key k = who % 4 == 0 ? order_[who / 4 % order_.size()] : who;
        const auto [at, is_new] = seen_.try_emplace(k, visit{time_, 0});
        ++at->second.count;
        if (is_new) {
            key& oldest = order_[time_ % order_.size()];
            seen_.erase(std::exchange(oldest, k));
            ++time_;
        }
    }
    // Everything that was counted, in order of keys.
    std::uint64_t sum() const {
        std::uint64_t all = 0;
        for (const auto& [k, v] : seen_)
            all = all * 31 + k + v.first * 7 + v.count;
        return all;
    }

private:
    Map seen_;
    std::vector<key> order_;
    std::uint64_t time_ = 0;
    std::mt19937 numbers_{7};
};

struct subject {
    std::string name;
    std::function<void()> steps;
    std::function<std::uint64_t()> walk;
    std::vector<double> seconds = {}, seconds_of_walk = {};
    std::uint64_t sum = 0;
};

// `memory` is kept for as long as the map is.
template <class Map, class Memory, class... Arguments>
subject on(const char* name, std::size_t remembered, std::shared_ptr<Memory> memory, Arguments&&... to_map) {
    const auto all = std::make_shared<visitors<Map>>(remembered, std::forward<Arguments>(to_map)...);
    return {name,
            [memory, all, remembered] {
                for (std::size_t i = 0; i != remembered; ++i)
                    all->step();
            },
            [memory, all] { return all->sum(); }};
}

bool count(std::size_t remembered, int rounds) {
    struct nothing {};
    const auto none = std::make_shared<nothing>();
    const auto family = std::make_shared<cenote::pool_family>();
    const auto pool = std::make_shared<std::pmr::unsynchronized_pool_resource>();
    // The other line: the type of this.
    const auto ours = std::make_shared<cenote::pool_resource>();
    using allocator = cenote::pool_allocator<entry>;
    using pmr_map = std::pmr::map<key, visit>;
    std::vector<subject> subjects{
        on<plain_map>("std::map", remembered, none),
        on<map_on_heap>("std::map, cenote::allocator", remembered, none),
        on<map_in_pools>("std::map, cenote::pool_allocator", remembered, family, allocator{*family}),
        on<pmr_map>("std::pmr::map, new_delete_resource", remembered, none, std::pmr::new_delete_resource()),
        on<pmr_map>("std::pmr::map, unsynchronized_pool_resource", remembered, pool, pool.get()),
        on<pmr_map>("std::pmr::map, cenote::pool_resource", remembered, ours, ours.get()),
    };
    // Until each remembers as many as it can.
    measure::interleaved(3, subjects, [](subject& s) { s.steps(); });
    measure::interleaved(rounds, subjects, [remembered](subject& s) {
        measure::stopwatch watch;
        s.steps();
        s.seconds.push_back(watch.lap() / static_cast<double>(remembered));
        s.sum = s.walk();
        s.seconds_of_walk.push_back(watch.lap() / static_cast<double>(remembered));
    });

    std::printf("\n%zu remembered\n\n", remembered);
    measure::print_head({"map", "visit, over std::map's", "ns per visit", "ns per element of a walk"});
    const double yardstick = measure::median(subjects.front().seconds);
    bool equal = true;
    for (const subject& s : subjects) {
        const double seconds = measure::median(s.seconds);
        measure::print_row({s.name, measure::number(seconds / yardstick), measure::number(seconds * 1e9, 1),
                            measure::number(measure::median(s.seconds_of_walk) * 1e9, 1)});
        equal = equal && s.sum == subjects.front().sum;
    }
    std::printf("\nanswer: %llu: %s\n", static_cast<unsigned long long>(subjects.front().sum),
                equal ? "equal" : "DIFFERENT");
    return equal;
}

} // namespace

int main(int argument_count, char** arguments) {
    if (measure::quick(argument_count, arguments)) return count(1000, 3) ? 0 : 1;
    const bool small = count(1000, 300);
    const bool large = count(300000, 9);
    return small && large ? 0 : 1;
}
