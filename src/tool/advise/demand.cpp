#include "demand.hpp"

#include "../trace/live_objects.hpp"

#include <limits>
#include <optional>
#include <set>

namespace cenote::tool {

namespace {

struct counted_object {
    std::uint64_t size = 0;
    std::uint16_t step = 0; // 0: larger
};

class demand_counter {
public:
    // Until so many events were added.
    void read(trace_reader& trace, std::uint64_t most_events) {
        for (event e; events_ != most_events && trace.next(e);) {
            add(e);
            ++events_;
        }
    }
    // Events until most was live.
    std::uint64_t events_to_peak() const noexcept { return peak_events_; }

    demand finish() {
        result_.nanoseconds = last_time_ > first_time_ ? last_time_ - first_time_ : 0;
        for (std::size_t step = 0; step != size_steps; ++step) {
            step_demand& of = of_step(step);
            pass_time(step);
            if (result_.nanoseconds == 0) continue;
            of.on_average = object_time_[step] / static_cast<double>(result_.nanoseconds);
            of.average_bytes = byte_time_[step] / static_cast<double>(result_.nanoseconds);
        }
        result_.most_live = most_live_;
        result_.threads = static_cast<std::uint32_t>(threads_.size());
        return result_;
    }
    void add_live_to(demand& to) const {
        for (std::size_t step = 0; step != size_steps; ++step) {
            step_demand& of = step == 0 ? to.larger : to.of[step];
            of.at_peak = live_[step];
            of.peak_bytes = live_bytes_[step];
        }
    }

    // What live_objects tells.
    std::optional<counted_object> allocated(const event& e) {
        const auto step = static_cast<std::uint16_t>(step_for(e.size, e.alignment_log2).value_or(0));
        step_demand& of = of_step(step);
        ++of.requests;
        of.requested += e.size;
        of.is_aligned = of.is_aligned || e.alignment_log2 > 4;
        pass_time(step);
        ++live_[step];
        live_bytes_[step] += e.size;
        all_live_ += e.size;
        if (all_live_ > most_live_) {
            most_live_ = all_live_;
            peak_events_ = events_ + 1;
        }
        return counted_object{e.size, step};
    }
    void freed(const event& e, const counted_object& o) {
        ++result_.frees;
        forgotten(e, o);
    }
    void forgotten(const event& /*e*/, const counted_object& o) {
        pass_time(o.step);
        --live_[o.step];
        live_bytes_[o.step] -= o.size;
        all_live_ -= o.size;
    }

private:
    step_demand& of_step(std::size_t step) { return step == 0 ? result_.larger : result_.of[step]; }

    void add(const event& e) {
        if (events_ == 0) first_time_ = e.time;
        last_time_ = std::max(last_time_, e.time);
        objects_.apply(e, *this);
        if (is_free(e.kind) || (is_allocation(e.kind) && !e.failed)) threads_.insert(e.thread);
    }
    void pass_time(std::size_t step) {
        const auto passed = static_cast<double>(last_time_ - since_[step]);
        object_time_[step] += passed * static_cast<double>(live_[step]);
        byte_time_[step] += passed * static_cast<double>(live_bytes_[step]);
        since_[step] = last_time_;
    }

    demand result_;
    live_objects<counted_object> objects_;
    std::array<std::uint64_t, size_steps> live_{};
    std::array<std::uint64_t, size_steps> live_bytes_{};
    std::array<std::uint64_t, size_steps> since_{};
    std::array<double, size_steps> object_time_{};
    std::array<double, size_steps> byte_time_{};
    std::set<std::uint32_t> threads_;
    std::uint64_t all_live_ = 0;
    std::uint64_t most_live_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t peak_events_ = 0;
    std::uint64_t first_time_ = 0;
    std::uint64_t last_time_ = 0;
};

} // namespace

std::uint64_t demand::requests() const noexcept {
    std::uint64_t sum = larger.requests;
    for (const step_demand& each : of)
        sum += each.requests;
    return sum;
}

demand read_demand(trace_reader& trace) {
    demand_counter whole;
    whole.read(trace, std::numeric_limits<std::uint64_t>::max());
    demand result = whole.finish();
    trace.rewind();
    demand_counter to_peak;
    to_peak.read(trace, whole.events_to_peak());
    to_peak.add_live_to(result);
    return result;
}

} // namespace cenote::tool
