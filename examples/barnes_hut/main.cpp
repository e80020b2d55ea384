// A tree of regions that is built anew in every step, on an arena, on object_pool, on new and delete and on std::pmr. One
// run, steps interleaved; building, walking and dropping are measured apart, since what the memory does to the walk
// comes from where the regions lie. All galaxies must come out equal, and near what the sum over all pairs says.
//
//     barnes_hut [--quick]
#include "../support/measure.hpp"
#include "memory.hpp"
#include "tree.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

using barnes_hut::body;
using barnes_hut::vec;

struct times {
    std::vector<double> build, walk, drop, step;
};

struct subject {
    std::string name;
    std::function<void(times&)> step;
    std::function<std::uint64_t()> checksum;
    times seconds = {};
};

// Bodies in no order of place, as they are after they have moved for a while: dense in the middle, thin outside.
std::vector<body> galaxy(std::size_t bodies) {
    std::mt19937 random{17};
    const auto between_0_and_1 = [&random] { return static_cast<float>(random() >> 8) / 16777216.f; };
    std::vector<body> all(bodies);
    for (body& b : all) {
        const float radius = 1000.f * between_0_and_1(), x = between_0_and_1() - .5f,
                    y = between_0_and_1() - .5f;
        const float length = std::sqrt(x * x + y * y) + 1e-3f;
        b = {{radius * x / length, radius * y / length}, {y / length, -x / length}, 1.f + between_0_and_1()};
    }
    return all;
}

template <class Memory>
class simulation {
public:
    explicit simulation(std::vector<body> bodies) : bodies_(std::move(bodies)), pulls_(bodies_.size()) {}

    void step(times& seconds) {
        measure::stopwatch whole, watch;
        tree_.build(bodies_);
        seconds.build.push_back(watch.lap());
        for (std::size_t i = 0; i != bodies_.size(); ++i)
            pulls_[i] = tree_.pull(bodies_[i].place);
        seconds.walk.push_back(watch.lap());
        tree_.drop();
        seconds.drop.push_back(watch.lap());
        const float gravity = 1 / static_cast<float>(bodies_.size()); // makes circles of speed 1, about
        for (std::size_t i = 0; i != bodies_.size(); ++i) {
            body& b = bodies_[i];
            b.speed = {b.speed.x + gravity * pulls_[i].x, b.speed.y + gravity * pulls_[i].y};
            b.place = {b.place.x + b.speed.x, b.place.y + b.speed.y};
        }
        seconds.step.push_back(whole.lap());
    }

    std::uint64_t checksum() const {
        std::uint64_t sum = 0;
        for (const body& b : bodies_)
            sum =
                sum * 31 + std::bit_cast<std::uint32_t>(b.place.x) + std::bit_cast<std::uint32_t>(b.place.y);
        return sum;
    }

private:
    std::vector<body> bodies_;
    std::vector<vec> pulls_;
    barnes_hut::tree<Memory> tree_;
};

template <class Memory>
subject on(const char* name, const std::vector<body>& bodies) {
    const auto made = std::make_shared<simulation<Memory>>(bodies);
    return {name, [made](times& seconds) { made->step(seconds); }, [made] { return made->checksum(); }};
}

// How far the tree is off the sum over all pairs: root of the mean square, relative, over some of the bodies.
double error_of_tree(const std::vector<body>& bodies) {
    using tree_on_arena = barnes_hut::tree<barnes_hut::on_arena>;
    tree_on_arena tree;
    tree.build(bodies);
    double off = 0, all = 0;
    for (std::size_t i = 0; i < bodies.size(); i += bodies.size() / 64) {
        const vec at = bodies[i].place, fast = tree.pull(at);
        vec exact;
        for (const body& b : bodies)
            tree_on_arena::add_pull_of(b.mass, b.place, at, exact);
        off += std::pow(fast.x - exact.x, 2) + std::pow(fast.y - exact.y, 2);
        all += std::pow(exact.x, 2) + std::pow(exact.y, 2);
    }
    std::printf("%zu bodies in %zu regions of %zu bytes\n\n", bodies.size(), tree.regions(),
                sizeof(barnes_hut::region));
    return std::sqrt(off / all);
}

bool simulate(std::size_t bodies, int steps) {
    const std::vector<body> start = galaxy(bodies);
    const double error = error_of_tree(start);
    std::vector<subject> subjects{
        on<barnes_hut::on_new>("new and delete", start),
        on<barnes_hut::on_arena>("arena, reset", start),
        on<barnes_hut::on_pool>("object_pool, reset", start),
        on<barnes_hut::on_pool_one_by_one>("object_pool, one by one", start),
        on<barnes_hut::on_pmr>("std::pmr::monotonic_buffer_resource", start),
    };
    measure::interleaved(steps, subjects, [](subject& s) { s.step(s.seconds); });

    measure::print_head(
        {"tree", "step, over new and delete", "build", "walk", "drop", "ms: build", "walk", "drop"});
    const times& base = subjects.front().seconds;
    bool equal = true;
    for (const subject& s : subjects) {
        const auto ratio = [](const std::vector<double>& of, const std::vector<double>& over) {
            return measure::number(measure::median(of) / measure::median(over));
        };
        const auto ms = [](double seconds) { return measure::number(seconds * 1e3); };
        const times& t = s.seconds;
        measure::print_row({s.name, ratio(t.step, base.step), ratio(t.build, base.build),
                            ratio(t.walk, base.walk), ratio(t.drop, base.drop), ms(measure::median(t.build)),
                            ms(measure::median(t.walk)), ms(measure::median(t.drop))});
        equal = equal && s.checksum() == subjects.front().checksum();
    }
    const bool near = error < 0.02;
    std::printf("\nanswer: %s; off the sum over all pairs by %.4f: %s\n\n", equal ? "equal" : "DIFFERENT",
                error, near ? "near" : "FAR");
    return equal && near;
}

} // namespace

int main(int count, char** arguments) {
    if (measure::quick(count, arguments)) return simulate(3000, 3) ? 0 : 1;
    const bool small = simulate(5'000, 60);
    const bool large = simulate(100'000, 15);
    return small && large ? 0 : 1;
}
