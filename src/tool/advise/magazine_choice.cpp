#include "magazine_choice.hpp"

#include "../trace/object_table.hpp"
#include "cenote/base/units.hpp"

#include <algorithm>
#include <array>

namespace cenote::tool {

namespace {

using namespace literals;

// None smaller than a magazine is at first: another input may want it. None larger than usual: fewer exchanges did not make
// programs faster then.
constexpr std::array<std::uint32_t, 4> candidates{16, 64, 256, 1'024};
// One exchange in so many calls is not worth a larger magazine.
constexpr std::uint64_t worthwhile = 1'000;
// What free blocks of a class a thread may keep for itself; the heap's own bound is 128 KiB.
constexpr std::size_t most_bytes = 256_KiB;

std::uint32_t usual_limit(std::size_t size) {
    return static_cast<std::uint32_t>(std::clamp<std::size_t>(128_KiB / size, 4, 1024));
}

struct magazine_state {
    std::uint32_t capacity = 0;
    std::uint32_t held = 0;
    std::uint32_t exchanges = 0;

    bool grow(std::size_t size, std::uint32_t limit) {
        const auto first = static_cast<std::uint32_t>(std::clamp<std::size_t>(32_KiB / size, 2, 16));
        const std::uint32_t next = std::min(capacity == 0 ? first : 4 * capacity, limit);
        if (next == capacity) return false;
        capacity = next;
        exchanges = 0;
        return true;
    }
    std::uint32_t part(std::uint32_t divisor) const { return std::max<std::uint32_t>(capacity / divisor, 1); }

    // Whether it was an exchange.
    bool take(std::size_t size, std::uint32_t limit, std::uint32_t divisor) {
        const bool is_empty = held == 0;
        if (is_empty) {
            if (exchanges++ >= 1 || capacity == 0) grow(size, limit);
            held = part(divisor);
        }
        --held;
        return is_empty;
    }
    bool give(std::size_t size, std::uint32_t limit, std::uint32_t divisor) {
        bool is_exchange = false;
        if (held == capacity) {
            const bool may_grow = exchanges++ >= 1 || capacity == 0;
            if (!may_grow || !grow(size, limit)) {
                held -= part(divisor);
                is_exchange = true;
            }
        }
        ++held;
        return is_exchange;
    }
};

// The magazines of all threads, with one limit for each class.
class magazine_player {
public:
    magazine_player(const class_sizes& classes, std::vector<std::uint32_t> limits, std::uint32_t divisor)
        : classes_(classes), limits_(std::move(limits)), divisor_(divisor), exchanges_(classes.size()) {}

    void take(std::uint32_t thread, std::size_t c) {
        exchanges_[c] += state(thread, c).take(classes_[c], limits_[c], divisor_) ? 1U : 0U;
    }
    void give(std::uint32_t thread, std::size_t c) {
        exchanges_[c] += state(thread, c).give(classes_[c], limits_[c], divisor_) ? 1U : 0U;
    }
    std::uint32_t limit(std::size_t c) const { return limits_[c]; }
    std::uint64_t exchanges(std::size_t c) const { return exchanges_[c]; }

private:
    magazine_state& state(std::uint32_t thread, std::size_t c) {
        const std::size_t place = thread * classes_.size() + c;
        if (place >= states_.size()) states_.resize((thread + 1) * classes_.size());
        return states_[place];
    }

    class_sizes classes_;
    std::vector<std::uint32_t> limits_;
    std::uint32_t divisor_;
    std::vector<std::uint64_t> exchanges_;
    std::vector<magazine_state> states_;
};

struct class_set {
    std::array<std::uint16_t, size_steps> of_step;
    std::vector<std::uint64_t> calls;
    std::vector<magazine_player> players;
};

class_set with_usual_limits(const class_sizes& classes, std::uint32_t divisor) {
    std::vector<std::uint32_t> limits;
    for (const std::uint32_t size : classes)
        limits.push_back(usual_limit(size));
    return {classes_of_steps(classes),
            std::vector<std::uint64_t>(classes.size()),
            {magazine_player(classes, std::move(limits), divisor)}};
}

void play(trace_reader& trace, std::array<class_set*, 2> sets) {
    struct object {
        std::uint16_t step = 0;
    };
    object_table<object> objects;
    const auto free = [&](std::uint32_t thread, std::uint64_t number) {
        const object* const found = objects.find(number);
        if (found == nullptr) return;
        for (class_set* const set : sets) {
            const std::size_t c = set->of_step[found->step];
            ++set->calls[c];
            for (magazine_player& player : set->players)
                player.give(thread, c);
        }
        objects.remove(number);
    };
    for (event e; trace.next(e);) {
        if (e.kind == event_kind::exec) {
            objects.clear();
        } else if (is_free(e.kind)) {
            free(e.thread, e.object);
        } else if (is_allocation(e.kind) && !e.failed) {
            if (e.old_object != 0) free(e.thread, e.old_object);
            const auto step = step_for(e.size, e.alignment_log2);
            if (!step) continue;
            objects.add(e.object, {static_cast<std::uint16_t>(*step)});
            for (class_set* const set : sets) {
                const std::size_t c = set->of_step[*step];
                ++set->calls[c];
                for (magazine_player& player : set->players)
                    player.take(e.thread, c);
            }
        }
    }
}

// The smallest that is good enough; at least as good as the usual one.
magazine_use choose(const class_set& set, std::size_t c) {
    const magazine_player& usual = set.players.front();
    const std::uint64_t calls = set.calls[c];
    std::uint64_t fewest = usual.exchanges(c);
    for (const magazine_player& player : set.players)
        fewest = std::min(fewest, player.exchanges(c));
    const std::uint64_t enough = std::max({calls / worthwhile, fewest + fewest / 10, std::uint64_t{8}});
    magazine_use best{calls, usual.exchanges(c), usual.limit(c)};
    bool is_good = best.exchanges <= enough;
    for (const magazine_player& player : set.players) {
        if (player.exchanges(c) > enough || (is_good && player.limit(c) >= best.limit)) continue;
        best = {calls, player.exchanges(c), player.limit(c)};
        is_good = true;
    }
    return best;
}

} // namespace

magazine_choice choose_magazines(trace_reader& trace, const demand& of, const class_sizes& chosen) {
    const std::uint32_t divisor = of.threads > 1 ? 4 : 8;
    class_set now = with_usual_limits(usual_classes(), divisor);
    class_set then = with_usual_limits(chosen, divisor);
    for (const std::uint32_t blocks : candidates) {
        std::vector<std::uint32_t> limits;
        for (const std::uint32_t size : chosen)
            limits.push_back(std::min(blocks, std::max(static_cast<std::uint32_t>(most_bytes / size), 4U)));
        then.players.emplace_back(chosen, std::move(limits), divisor);
    }
    trace.rewind();
    play(trace, {&now, &then});
    magazine_choice result;
    for (std::size_t c = 0; c != now.calls.size(); ++c)
        result.now.push_back({now.calls[c], now.players[0].exchanges(c), now.players[0].limit(c)});
    for (std::size_t c = 0; c != chosen.size(); ++c)
        result.then.push_back(then.calls[c] == 0 ? magazine_use{0, 0, then.players[0].limit(c)}
                                                 // as usual, for another input
                                                 : choose(then, c));
    return result;
}

} // namespace cenote::tool
