// Targets of one subject of ours, made from the rows of a run; ratios are of minima.
#pragma once

#include "support/rows.hpp"
#include "support/targets.hpp"

#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

class target_list {
public:
    // Of the rows with blocks of `size` bytes; 0: with blocks of many sizes.
    target_list(const std::vector<row>& rows, std::string_view subject, std::size_t size = 64)
        : rows_(rows), subject_(subject), size_(size) {}

    // Our subject over the best peer of the run, of those `among` names; all peers where it is empty.
    void over_best_peer(std::string name, std::string_view workload, double limit,
                        const std::set<std::string_view>& among = {}) {
        const row* best = nullptr;
        for (const row& r : rows_)
            if (r.workload == workload && r.size == size_ && r.from == origin::peer &&
                (among.empty() || among.contains(r.subject)) && (best == nullptr || r.min < best->min))
                best = &r;
        if (best != nullptr) name += " (" + best->subject + ")";
        add(std::move(name), limit, ratio(ours(workload), best));
    }

    void over(const std::string& name, std::string_view workload, std::string_view other, double limit) {
        add(name + " over " + std::string(other), limit,
            ratio(ours(workload), find_row(rows_, workload, size_, other)));
    }

    // The ratio of medians: for samples that are each the worst of many, whose minimum would be luck.
    void median_over(const std::string& name, std::string_view workload, std::string_view other,
                     double limit) {
        add(name + " over " + std::string(other) + ", medians", limit,
            ratio(ours(workload), find_row(rows_, workload, size_, other), &row::median));
    }

    // The figure itself: bytes, MiB, whatever the row counts.
    void figure(std::string name, std::string_view workload, double limit) {
        const row* const r = ours(workload);
        add(std::move(name), limit, r == nullptr ? std::nullopt : std::optional(r->min));
    }

    // Geometric means over several workloads: ours over the lowest that a peer has.
    void mean_over_best_peer(std::string name, const std::vector<std::string>& workloads,
                             std::optional<double> limit) {
        std::set<std::string> peers;
        for (const row& r : rows_)
            if (r.from == origin::peer) peers.insert(r.subject);
        std::optional<double> best;
        std::string whose;
        for (const auto& peer : peers) {
            const auto mean = geometric_mean(workloads, peer);
            if (!mean || (best && *best <= *mean)) continue;
            best = mean;
            whose = " (" + peer + ")";
        }
        const auto own = geometric_mean(workloads, subject_);
        add(name + whose, limit, own && best ? std::optional(*own / *best) : std::nullopt);
    }

    // Reported for everyone who was measured at both; once for our subject at least.
    void growth(const std::string& name, std::string_view many, std::string_view few) {
        std::set<std::string> subjects;
        for (const row& r : rows_)
            if (r.workload == many && r.size == size_) subjects.insert(r.subject);
        const auto report = [&](const std::string& subject) {
            add(name + ": " + subject, std::nullopt,
                ratio(find_row(rows_, many, size_, subject), find_row(rows_, few, size_, subject)));
        };
        report(subject_);
        subjects.erase(subject_);
        for (const auto& subject : subjects)
            report(subject);
    }

    void append_to(std::vector<target>& all) {
        for (target& t : targets_)
            all.push_back(std::move(t));
    }

private:
    void add(std::string name, std::optional<double> limit, std::optional<double> measured) {
        targets_.push_back({std::move(name), limit, measured});
    }
    const row* ours(std::string_view workload) const { return find_row(rows_, workload, size_, subject_); }
    static std::optional<double> ratio(const row* a, const row* b, double row::*figure = &row::min) {
        if (a == nullptr || b == nullptr || b->*figure <= 0) return std::nullopt;
        return a->*figure / b->*figure;
    }

    // None where a row is missing.
    std::optional<double> geometric_mean(const std::vector<std::string>& workloads,
                                         std::string_view subject) const {
        double logarithms = 0;
        for (const auto& workload : workloads) {
            const row* const r = find_row(rows_, workload, size_, subject);
            if (r == nullptr || r->min <= 0) return std::nullopt;
            logarithms += std::log(r->min);
        }
        return std::exp(logarithms / static_cast<double>(workloads.size()));
    }

    const std::vector<row>& rows_;
    std::string subject_;
    std::size_t size_;
    std::vector<target> targets_;
};

} // namespace bench
