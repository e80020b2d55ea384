// Targets of one subject of ours, made from the rows of a run; all are ratios of minima, at 64 bytes.
#pragma once

#include "support/rows.hpp"
#include "support/targets.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

class target_list {
public:
    static constexpr std::size_t size = 64;

    target_list(const std::vector<row>& rows, std::string_view subject) : rows_(rows), subject_(subject) {}

    // Our subject over the best peer of the run, of those `among` names; all peers where it is empty.
    void over_best_peer(std::string name, std::string_view workload, double limit,
                        const std::set<std::string_view>& among = {}) {
        const row* best = nullptr;
        for (const row& r : rows_)
            if (r.workload == workload && r.size == size && r.from == origin::peer &&
                (among.empty() || among.contains(r.subject)) && (best == nullptr || r.min < best->min))
                best = &r;
        if (best != nullptr) name += " (" + best->subject + ")";
        add(std::move(name), limit, ratio(ours(workload), best));
    }

    void over(const std::string& name, std::string_view workload, std::string_view other, double limit) {
        add(name + " over " + std::string(other), limit,
            ratio(ours(workload), find_row(rows_, workload, size, other)));
    }

    // The ratio of medians: for samples that are each the worst of many, whose minimum would be luck.
    void median_over(const std::string& name, std::string_view workload, std::string_view other,
                     double limit) {
        add(name + " over " + std::string(other) + ", medians", limit,
            ratio(ours(workload), find_row(rows_, workload, size, other), &row::median));
    }

    void bytes(std::string name, std::string_view workload, double limit) {
        const row* const r = ours(workload);
        add(std::move(name), limit, r == nullptr ? std::nullopt : std::optional(r->min));
    }

    // Reported for everyone who was measured at both; once for our subject at least.
    void growth(const std::string& name, std::string_view many, std::string_view few) {
        std::set<std::string> subjects;
        for (const row& r : rows_)
            if (r.workload == many && r.size == size) subjects.insert(r.subject);
        const auto report = [&](const std::string& subject) {
            add(name + ": " + subject, std::nullopt,
                ratio(find_row(rows_, many, size, subject), find_row(rows_, few, size, subject)));
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
    const row* ours(std::string_view workload) const { return find_row(rows_, workload, size, subject_); }
    static std::optional<double> ratio(const row* a, const row* b, double row::*figure = &row::min) {
        if (a == nullptr || b == nullptr || b->*figure <= 0) return std::nullopt;
        return a->*figure / b->*figure;
    }

    const std::vector<row>& rows_;
    std::string subject_;
    std::vector<target> targets_;
};

} // namespace bench
