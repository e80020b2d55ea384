#include "class_choice.hpp"

#include "cenote/heap/size_class.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace cenote::tool {

namespace {

// What the first block of a class makes resident beyond itself: a page with the bitmaps of its segment; measured.
constexpr double class_cost = 4'096;

// For the program's next input, which may ask for other sizes.
bool is_near_enough(std::size_t below, std::size_t size) {
    return size - below <= std::max<std::size_t>(below == 0 ? 32 : 16, size / 4);
}

// One that there is in any case: what is asked for at a multiple is well served by it.
bool is_wanted(std::size_t step, const demand& of) {
    const std::size_t size = step_size(step);
    return (size >= 64 && std::has_single_bit(size)) || of.of[step].is_aligned;
}

} // namespace

class_sizes usual_classes() {
    class_sizes sizes;
    for (detail::size_class c = 1; c <= detail::last_class; ++c)
        if (detail::class_size(c) % 16 == 0)
            sizes.push_back(static_cast<std::uint32_t>(detail::class_size(c)));
    return sizes;
}

class_sizes choose_classes(const demand& of, std::size_t most) {
    // best[k][s]: what the steps up to s cost with k classes of which s is the last; before[k][s]: the one below it.
    constexpr double none = std::numeric_limits<double>::infinity();
    std::array<double, size_steps> objects{}; // of all steps up to this one
    for (std::size_t s = 1; s != size_steps; ++s)
        objects[s] = objects[s - 1] + (static_cast<double>(of.of[s].at_peak) + of.of[s].on_average) / 2;
    std::array<std::uint64_t, size_steps> requests{};
    for (std::size_t s = 1; s != size_steps; ++s)
        requests[s] = requests[s - 1] + of.of[s].requests;
    std::size_t wanted = 0;
    for (std::size_t s = 1; s != size_steps; ++s)
        wanted += is_wanted(s, of) ? 1U : 0U;
    // A program that aligns to many sizes has what it needs of them by their being large enough.
    const bool keeps_aligned = wanted <= most / 2;
    const auto is_kept = [&](std::size_t s) {
        return keeps_aligned ? is_wanted(s, of) : step_size(s) >= 64 && std::has_single_bit(step_size(s));
    };

    std::vector<std::array<double, size_steps>> best(most + 1);
    std::vector<std::array<std::uint16_t, size_steps>> before(most + 1);
    for (auto& row : best)
        row.fill(none);
    best[0][0] = 0;
    std::array<double, size_steps> block{};
    for (std::size_t s = 1; s != size_steps; ++s)
        block[s] = resident_size(step_size(s));
    for (std::size_t k = 1; k <= most; ++k)
        for (std::size_t s = 1; s != size_steps; ++s)
            for (std::size_t below = s;
                 below-- != 0 && is_near_enough(below == 0 ? 0 : step_size(below), step_size(s));) {
                const double blocks = objects[s] - objects[below];
                const double cost =
                    best[k - 1][below] + blocks * block[s] +
                    (requests[s] != requests[below] ? class_cost + static_cast<double>(step_size(s)) : 0);
                if (cost < best[k][s]) {
                    best[k][s] = cost;
                    before[k][s] = static_cast<std::uint16_t>(below);
                }
                if (below != 0 && is_kept(below)) break;
            }
    std::size_t classes = 1;
    for (std::size_t k = 1; k <= most; ++k)
        if (best[k][size_steps - 1] < best[classes][size_steps - 1]) classes = k;
    class_sizes result;
    for (std::size_t s = size_steps - 1; s != 0; s = before[classes--][s])
        result.push_back(static_cast<std::uint32_t>(step_size(s)));
    std::reverse(result.begin(), result.end());
    return result;
}

std::array<std::uint16_t, size_steps> classes_of_steps(const class_sizes& classes) {
    std::array<std::uint16_t, size_steps> result{};
    std::size_t c = 0;
    for (std::size_t s = 1; s != size_steps; ++s) {
        while (classes[c] < step_size(s))
            ++c;
        result[s] = static_cast<std::uint16_t>(c);
    }
    return result;
}

waste_figures waste_of(const class_sizes& classes, const demand& of) {
    const auto class_of = classes_of_steps(classes);
    std::vector<bool> used(classes.size());
    waste_figures result;
    for (std::size_t s = 1; s != size_steps; ++s) {
        const step_demand& d = of.of[s];
        const double block = resident_size(classes[class_of[s]]);
        result.at_peak += static_cast<double>(d.at_peak) * block - static_cast<double>(d.peak_bytes);
        result.on_average += d.on_average * block - d.average_bytes;
        if (d.requests != 0) used[class_of[s]] = true;
    }
    result.used = static_cast<std::size_t>(std::count(used.begin(), used.end(), true));
    result.of_classes = static_cast<double>(result.used) * class_cost;
    return result;
}

} // namespace cenote::tool
