#include "summary.hpp"

#include "../trace/live_objects.hpp"
#include "block.hpp"

#include <bit>
#include <set>
#include <utility>

namespace cenote::tool {

namespace {

// Carries a summary through the second reading.
class summarizer {
public:
    summarizer(trace_reader& trace, trace_summary& to)
        : trace_(trace), to_(to), interval_(trace.about().stack_interval) {}

    void read(const read_progress& progress) {
        for (auto block = trace_.next_block(); !block.empty(); block = trace_.next_block()) {
            for (const event& e : block)
                take(e);
            progress(static_cast<double>(trace_.position()) / static_cast<double>(trace_.file_bytes()));
        }
        close_columns(view_columns);
        live_.for_each([&](const view_block& b) {
            to_.lived.never_freed(b);
            ++to_.left_blocks;
            to_.left_bytes += b.size;
            if (measures* const m = measures_of(b))
                m->live_at_end += stack_weight(b.size, interval_) * static_cast<double>(b.size);
        });
        to_.threads = threads_.size();
    }

    // What live_objects tells.
    view_block allocated(const event& e) {
        const view_block b = block_of(e);
        to_.map.add(b);
        groups_[size_group_of(b.size)] += b.size;
        view_size& size = to_.sizes[b.size];
        ++size.requests;
        size.most_live = std::max(size.most_live, ++size.live);
        to_.bytes += b.size;
        ++to_.allocations;
        ++now_.allocations;
        if (b.stack == 0) return b;
        ++to_.stacks_drawn;
        const std::uint32_t place = to_.names.place_of(trace_, b.stack);
        if (place >= to_.by_stack.size()) to_.by_stack.resize(place + 1);
        const double weight = stack_weight(b.size, interval_);
        to_.by_stack[place].allocations += weight;
        to_.by_stack[place].bytes += weight * static_cast<double>(b.size);
        change_site(to_.names.stacks()[place].site, weight * static_cast<double>(b.size));
        return b;
    }
    void freed(const event& e, const view_block& b) {
        to_.lived.freed(b, e.time);
        view_size& size = to_.sizes[b.size];
        ++size.ended;
        size.lifetimes += static_cast<double>(e.time > b.time ? e.time - b.time : 0);
        forgotten(e, b);
    }
    void forgotten(const event& /*e*/, const view_block& b) {
        to_.map.remove(b);
        groups_[size_group_of(b.size)] -= b.size;
        --to_.sizes[b.size].live;
        if (b.stack == 0) return;
        change_site(to_.names.stacks()[to_.names.place_of(trace_, b.stack)].site,
                    -stack_weight(b.size, interval_) * static_cast<double>(b.size));
    }

private:
    void take(const event& e) {
        close_columns(to_.times.column_of(e.time));
        count(e);
        live_.apply(e, *this);
        now_.most_live = std::max(now_.most_live, to_.map.now().live);
        if (++events_ == to_.survey.most_live_event) note_peak();
    }
    void count(const event& e) {
        if (e.thread != last_thread_) threads_.insert(last_thread_ = e.thread);
        if (e.failed) {
            ++to_.failed;
        } else if (is_free(e.kind)) {
            ++to_.frees;
            if (e.object == 0) ++to_.unknown_frees;
        } else if (e.kind == event_kind::realloc && (e.old_object != 0 || e.old_address != 0)) {
            ++to_.reallocs;
            if (e.old_object == 0) ++to_.unknown_frees;
        }
    }
    // What is open at a column that has begun.
    void close_columns(std::size_t before) {
        while (to_.columns.size() < before) {
            const std::size_t column = to_.columns.size();
            if (!has_state_) note_state();
            to_.columns.push_back(now_);
            if (column % columns_a_moment == 0 || column == view_columns - 1) take_moment(column);
            now_ = {};
            now_.most_live = to_.map.now().live;
            has_state_ = false;
        }
    }
    void note_state() {
        now_.state = to_.map.now();
        now_.live_by_group = groups_;
        for (const std::uint32_t site : changed_sites_) {
            to_.live_by_site[site].push_back(
                {static_cast<std::uint32_t>(to_.columns.size()), sites_[site].live});
            sites_[site].is_changed = false;
        }
        changed_sites_.clear();
    }
    void change_site(std::uint32_t number, double bytes) {
        if (number >= sites_.size()) {
            sites_.resize(number + 1);
            to_.live_by_site.resize(number + 1);
        }
        live_site& site = sites_[number];
        // Sums of what is no whole number: what is left of nothing is nothing.
        site.live = std::max(0.0, site.live + bytes);
        if (!std::exchange(site.is_changed, true)) changed_sites_.push_back(number);
    }
    void take_moment(std::size_t column) {
        if (!to_.moments.empty() && to_.moments.back() == column) return;
        to_.map.take_moment();
        to_.moments.push_back(column);
    }
    void note_peak() {
        to_.most_live_column = to_.columns.size();
        note_state();
        has_state_ = true;
        take_moment(to_.most_live_column);
        live_.for_each([&](const view_block& b) {
            if (measures* const m = measures_of(b))
                m->live_at_peak += stack_weight(b.size, interval_) * static_cast<double>(b.size);
        });
    }
    measures* measures_of(const view_block& b) {
        return b.stack == 0 ? nullptr : &to_.by_stack[to_.names.place_of(trace_, b.stack)];
    }

    trace_reader& trace_;
    trace_summary& to_;
    std::uint64_t interval_;
    live_objects<view_block> live_;
    std::uint64_t events_ = 0;
    std::set<std::uint32_t> threads_;
    std::uint32_t last_thread_ = ~0U;
    view_column now_;
    bool has_state_ = false; // that of the peak
    std::array<std::uint64_t, size_groups> groups_{};
    struct live_site {
        double live = 0;
        bool is_changed = false; // since the state that was noted last
    };
    std::vector<live_site> sites_;
    std::vector<std::uint32_t> changed_sites_;
};

// A damaged trace may say anything.
std::uint64_t sensible_page(std::uint64_t bytes) {
    return std::has_single_bit(bytes) && bytes >= 4096 && bytes <= address_ranges::slab_bytes ? bytes : 4096;
}

} // namespace

trace_summary::trace_summary(trace_survey first, std::uint64_t page_bytes)
    : survey(std::move(first)), times(survey.last_time), map(survey, page_bytes) {}

trace_summary summarize(trace_reader& trace, const read_progress& progress) {
    trace_survey first = survey(trace, [&](double part) { progress(part / 3); });
    trace_summary result(std::move(first), sensible_page(trace.about().page_size));
    trace.rewind();
    summarizer(trace, result).read([&](double part) { progress((1 + 2 * part) / 3); });
    return result;
}

} // namespace cenote::tool
