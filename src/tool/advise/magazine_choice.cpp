#include "magazine_choice.hpp"

#include "../trace/live_objects.hpp"
#include "cenote/base/units.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <unordered_map>

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

// A place for each magazine that a live thread has used; those of threads that ended are given to others. As many as were in use at a
// time, whatever numbers a damaged trace gives its threads.
class magazine_places {
public:
    std::uint32_t of(std::uint32_t thread, std::size_t c) {
        const auto [found, is_new] = places_.try_emplace({thread, static_cast<std::uint32_t>(c)}, count_);
        if (!is_new) return found->second;
        if (free_.empty()) {
            ++count_;
        } else {
            found->second = free_.back();
            free_.pop_back();
        }
        return found->second;
    }
    // emptied(place) for each of its magazines.
    template <class Emptied>
    void end(std::uint32_t thread, std::size_t classes, Emptied emptied) {
        for (std::size_t c = 0; c != classes; ++c) {
            const auto found = places_.find({thread, static_cast<std::uint32_t>(c)});
            if (found == places_.end()) continue;
            emptied(found->second);
            free_.push_back(found->second);
            places_.erase(found);
        }
    }

private:
    struct key {
        std::uint32_t thread;
        std::uint32_t of_class;
        friend bool operator==(const key&, const key&) = default;
    };
    struct hash {
        std::size_t operator()(const key& k) const noexcept {
            return std::hash<std::uint64_t>{}((std::uint64_t{k.thread} << 32) | k.of_class);
        }
    };

    std::unordered_map<key, std::uint32_t, hash> places_;
    std::vector<std::uint32_t> free_;
    std::uint32_t count_ = 0;
};

// The magazines of all threads, with one limit for each class.
class magazine_player {
public:
    magazine_player(const class_sizes& classes, std::vector<std::uint32_t> limits, std::uint32_t divisor)
        : classes_(classes), limits_(std::move(limits)), divisor_(divisor), exchanges_(classes.size()) {}

    void take(std::uint32_t place, std::size_t c) {
        exchanges_[c] += state(place).take(classes_[c], limits_[c], divisor_) ? 1U : 0U;
    }
    void give(std::uint32_t place, std::size_t c) {
        exchanges_[c] += state(place).give(classes_[c], limits_[c], divisor_) ? 1U : 0U;
    }
    void empty(std::uint32_t place) { state(place) = {}; }
    std::uint32_t limit(std::size_t c) const { return limits_[c]; }
    std::uint64_t exchanges(std::size_t c) const { return exchanges_[c]; }

private:
    magazine_state& state(std::uint32_t place) {
        if (place >= states_.size()) states_.resize(std::size_t{place} + 1);
        return states_[place];
    }

    class_sizes classes_;
    std::vector<std::uint32_t> limits_;
    std::uint32_t divisor_;
    std::vector<std::uint64_t> exchanges_;
    std::vector<magazine_state> states_; // by place
};

struct class_set {
    void take(std::uint32_t thread, std::uint16_t step) {
        const std::size_t c = of_step[step];
        const std::uint32_t place = places.of(thread, c);
        ++calls[c];
        for (magazine_player& player : players)
            player.take(place, c);
    }
    void give(std::uint32_t thread, std::uint16_t step) {
        const std::size_t c = of_step[step];
        const std::uint32_t place = places.of(thread, c);
        ++calls[c];
        for (magazine_player& player : players)
            player.give(place, c);
    }
    void end(std::uint32_t thread) {
        places.end(thread, calls.size(), [&](std::uint32_t place) {
            for (magazine_player& player : players)
                player.empty(place);
        });
    }

    std::array<std::uint16_t, size_steps> of_step;
    std::vector<std::uint64_t> calls;
    std::vector<magazine_player> players;
    magazine_places places{};
};

class_set with_usual_limits(const class_sizes& classes, std::uint32_t divisor) {
    std::vector<std::uint32_t> limits;
    for (const std::uint32_t size : classes)
        limits.push_back(usual_limit(size));
    return {classes_of_steps(classes),
            std::vector<std::uint64_t>(classes.size()),
            {magazine_player(classes, std::move(limits), divisor)}};
}

// The calls of a trace, on the magazines of each set; of an object its step is kept.
class trace_player {
public:
    explicit trace_player(std::array<class_set*, 2> sets) : sets_(sets) {}

    void play(trace_reader& trace) {
        for (event e; trace.next(e);) {
            objects_.apply(e, *this);
            if (e.kind != event_kind::thread_end) continue;
            for (class_set* const set : sets_)
                set->end(e.thread);
        }
    }

    // What live_objects tells.
    std::optional<std::uint16_t> allocated(const event& e) {
        const auto step = step_for(e.size, e.alignment_log2);
        if (!step) return std::nullopt; // no magazine has any
        for (class_set* const set : sets_)
            set->take(e.thread, static_cast<std::uint16_t>(*step));
        return static_cast<std::uint16_t>(*step);
    }
    void freed(const event& e, std::uint16_t step) {
        for (class_set* const set : sets_)
            set->give(e.thread, step);
    }
    void forgotten(const event& /*e*/, std::uint16_t /*step*/) {}

private:
    std::array<class_set*, 2> sets_;
    live_objects<std::uint16_t> objects_;
};

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
    trace_player({&now, &then}).play(trace);
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
