// Bullets and sparks, hundreds of thousands alive, some ten thousand born and dead in every frame: on object_pool, on new
// and delete, on std::pmr, and by value. One run, frames interleaved; the worlds must come out equal.
//
//     particles [--quick]
#include "../support/measure.hpp"
#include "stores.hpp"
#include "world.hpp"

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace {

struct subject {
    std::string name;
    std::function<void()> frame;
    std::function<particles::answer()> look;
    std::vector<double> seconds = {}; // per frame
};

template <template <class> class Store>
subject on(const char* name, std::uint32_t bullets_per_frame) {
    const auto world = std::make_shared<particles::world<Store>>(bullets_per_frame);
    return {name, [world] { world->frame(); }, [world] { return world->look(); }};
}

// True when all worlds came out equal.
bool play(std::uint32_t bullets_per_frame, int rounds) {
    constexpr int frames_per_round = 10;
    constexpr int frames_to_steady = 150; // the slowest bullet's flight and the longest spark
    std::vector<subject> subjects{
        on<particles::unique_pointers>("vector of unique_ptr, new and delete", bullets_per_frame),
        on<particles::listed_pool>("vector of pointers, object_pool", bullets_per_frame),
        on<particles::visited_pool>("object_pool and for_each", bullets_per_frame),
        on<particles::listed_pmr>("vector of pointers, std::pmr", bullets_per_frame),
        on<particles::values>("vector of values (objects move)", bullets_per_frame),
    };
    const auto play_round = [](subject& s) {
        for (int i = 0; i != frames_per_round; ++i)
            s.frame();
    };
    measure::interleaved(frames_to_steady / frames_per_round, subjects, play_round);
    const particles::answer before = subjects.front().look();
    measure::timed(rounds, frames_per_round, subjects, play_round);

    const particles::answer expected = subjects.front().look();
    const auto live = static_cast<double>(expected.bullets + expected.sparks);
    const double births_per_frame =
        static_cast<double>(expected.born - before.born) / (rounds * frames_per_round);
    std::printf("\n%.0f alive, %.0f born and as many dead per frame\n\n", live, births_per_frame);
    measure::print_head({"particles", "frame, over new and delete", "ms per frame", "ns per object and frame",
                         "million born and dead per s"});
    const double yardstick = measure::median(subjects.front().seconds);
    bool equal = expected.born == expected.died + expected.bullets + expected.sparks;
    for (subject& s : subjects) {
        const double frame = measure::median(s.seconds);
        measure::print_row({s.name, measure::number(frame / yardstick), measure::number(frame * 1e3, 3),
                            measure::number(frame / live * 1e9, 1),
                            measure::number(births_per_frame / frame / 1e6, 1)});
        equal = equal && s.look() == expected;
    }
    std::printf("\nanswer: %llu bullets, %llu sparks, checksum %llu: %s\n",
                static_cast<unsigned long long>(expected.bullets),
                static_cast<unsigned long long>(expected.sparks),
                static_cast<unsigned long long>(expected.checksum), equal ? "equal" : "DIFFERENT");
    return equal;
}

} // namespace

int main(int count, char** arguments) {
    if (measure::quick(count, arguments)) return play(100, 3) ? 0 : 1;
    const bool small = play(100, 200);
    const bool large = play(4000, 15);
    return small && large ? 0 : 1;
}
