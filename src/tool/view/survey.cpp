#include "survey.hpp"

#include "../trace/live_objects.hpp"
#include "block.hpp"

namespace cenote::tool {

namespace {

class surveyor {
public:
    view_block allocated(const event& e) {
        const view_block b = block_of(e);
        live_ += b.size;
        found.all.add(b.address, b.end());
        if (b.size <= address_ranges::slab_bytes) found.small.add(b.address, b.end());
        return b;
    }
    void freed(const event& /*e*/, const view_block& b) { live_ -= b.size; }
    void forgotten(const event& /*e*/, const view_block& b) { live_ -= b.size; }

    void note(const event& e) {
        ++found.events;
        found.last_time = std::max(found.last_time, e.time);
        if (live_ > found.most_live) {
            found.most_live = live_;
            found.most_live_event = found.events;
        }
    }

    trace_survey found;

private:
    std::uint64_t live_ = 0;
};

} // namespace

trace_survey survey(trace_reader& trace, const read_progress& progress) {
    live_objects<view_block> live;
    surveyor by;
    for (auto block = trace.next_block(); !block.empty(); block = trace.next_block()) {
        for (const event& e : block) {
            live.apply(e, by);
            by.note(e);
        }
        progress(static_cast<double>(trace.position()) / static_cast<double>(trace.file_bytes()));
    }
    return std::move(by.found);
}

} // namespace cenote::tool
