// What object_pool is to reach, 64-byte blocks, all ratios of minima in one run.
#include "micro/pools.hpp"
#include "micro/pools_subjects.hpp"

#include <set>
#include <string>
#include <string_view>

namespace bench {
namespace {

constexpr std::size_t size = 64;

class target_list {
public:
    explicit target_list(const std::vector<row>& rows) noexcept : rows_(rows) {}

    // object_pool over the best peer of the run.
    void over_best_peer(std::string name, std::string_view workload, double limit) {
        const row* const best = best_peer(rows_, workload, size);
        if (best != nullptr) name += " (" + best->subject + ")";
        add(std::move(name), limit, ratio(ours(workload), best));
    }

    void over(const std::string& name, std::string_view workload, std::string_view peer, double limit) {
        add(name + " over " + std::string(peer), limit,
            ratio(ours(workload), find_row(rows_, workload, size, peer)));
    }

    void bytes(std::string name, std::string_view workload, double limit) {
        const row* const r = ours(workload);
        add(std::move(name), limit, r == nullptr ? std::nullopt : std::optional(r->min));
    }

    // Reported for everyone who was measured at both; once for object_pool at least.
    void growth(const std::string& name, std::string_view many, std::string_view few) {
        std::set<std::string> subjects{std::string(object_pool::name)};
        for (const row& r : rows_) {
            if (r.workload == many && r.size == size) subjects.insert(r.subject);
        }
        const auto report = [&](const std::string& subject) {
            add(name + ": " + subject, std::nullopt,
                ratio(find_row(rows_, many, size, subject), find_row(rows_, few, size, subject)));
        };
        report(std::string(object_pool::name));
        subjects.erase(std::string(object_pool::name));
        for (const auto& subject : subjects)
            report(subject);
    }

    std::vector<target> take() { return std::move(targets_); }

private:
    void add(std::string name, std::optional<double> limit, std::optional<double> measured) {
        targets_.push_back({std::move(name), limit, measured});
    }
    const row* ours(std::string_view workload) const {
        return find_row(rows_, workload, size, object_pool::name);
    }
    static std::optional<double> ratio(const row* a, const row* b) {
        if (a == nullptr || b == nullptr || b->min <= 0) return std::nullopt;
        return a->min / b->min;
    }

    const std::vector<row>& rows_;
    std::vector<target> targets_;
};

} // namespace

std::vector<target> pools_targets(const std::vector<row>& rows) {
    target_list t{rows};
    t.over_best_peer("W1 over the best peer", "W1", 1.10);
    t.over_best_peer("W2 1,000 random over the best peer", "W2/1k/random", 0.45);
    t.over("W2 1,000,000 random", "W2/1M/random", zig_style::name, 0.05);
    t.over("W2 1,000,000 random", "W2/1M/random", mimalloc::name, 0.55);
    t.over_best_peer("W3 warm over the best peer", "W3", 1.05);
    t.over_best_peer("W3b warm over the best peer", "W3b", 0.65);
    t.over_best_peer("W6 build and walk over the best peer", "W6", 0.70);
    t.over("W7 p99.99 of create and destroy", "W7/p99.99", boost_pool::name, 1.0);
    t.over("W7b p99.99, bursts of 1 to 20,000,", "W7b/p99.99", boost_pool::name, 1.5);
    t.over("W7b p99.99, bursts of 1 to 20,000,", "W7b/p99.99", jemalloc::name, 0.3);
    t.bytes("Bytes per live object at 1,000,000", "memory", 64.7);
    t.growth("W2 random, 10,000,000 live over 10,000", "W2/10M/random", "W2/10k/random");
    return t.take();
}

} // namespace bench
