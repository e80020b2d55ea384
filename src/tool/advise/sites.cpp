#include "sites.hpp"

#include "../symbols/call_site.hpp"
#include "../symbols/symbolizer.hpp"
#include "../trace/live_objects.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>

namespace cenote::tool {

namespace {

constexpr std::uint64_t least_samples = 24;
constexpr double least_objects = 10'000;
constexpr double of_one_size = .9;
constexpr double least_together = 8; // samples in a run
constexpr double of_one_thread = .95;

struct site_object {
    std::uint32_t site = 0;
    std::uint32_t thread = 0;
    std::uint64_t time = 0;
};

class site_reader {
public:
    explicit site_reader(trace_reader& trace) : trace_(trace) {}

    std::vector<call_site_use> read() {
        if (trace_.about().stack_interval == 0) return {};
        for (event e; trace_.next(e);)
            objects_.apply(e, *this);
        std::vector<call_site_use> result;
        for (site& each : sites_)
            result.push_back(judged(each));
        std::stable_sort(result.begin(), result.end(), [](const call_site_use& a, const call_site_use& b) {
            const bool a_first = a.what != call_site_use::advice::none;
            const bool b_first = b.what != call_site_use::advice::none;
            return a_first != b_first ? a_first : a.objects > b.objects;
        });
        return result;
    }

    // What live_objects tells.
    std::optional<site_object> allocated(const event& e) {
        if (e.stack == 0) return std::nullopt;
        const auto interval = static_cast<double>(trace_.about().stack_interval);
        const std::uint32_t number = site_of(e.stack);
        site& at = sites_[number];
        const auto size = static_cast<double>(std::max<std::uint64_t>(e.size, 1));
        const double objects = 1 / -std::expm1(-size / interval);
        at.use.objects += objects;
        at.use.bytes += objects * static_cast<double>(e.size);
        ++at.use.samples;
        at.sizes[e.size] += objects;
        at.last_was_free = false;
        return site_object{number, e.thread, e.time};
    }
    void freed(const event& e, const site_object& o) {
        site& at = sites_[o.site];
        ++at.use.died;
        at.use.deaths += at.last_was_free ? 0 : 1;
        at.last_was_free = true;
        at.use.elsewhere += e.thread != o.thread ? 1 : 0;
        // In a damaged trace time may go back.
        at.use.lifetime += static_cast<double>(e.time > o.time ? e.time - o.time : 0);
    }
    void forgotten(const event& /*e*/, const site_object& /*o*/) {}

private:
    struct site {
        call_site_use use;
        std::map<std::uint64_t, double> sizes; // objects
        bool last_was_free = false;
    };

    std::uint32_t site_of(std::uint32_t stack) {
        const auto [known, is_new] = site_of_stack_.try_emplace(stack, 0);
        if (!is_new) return known->second;
        const std::string place = place_of(stack);
        const auto [site_number, is_new_place] =
            site_of_place_.try_emplace(place, static_cast<std::uint32_t>(sites_.size()));
        if (is_new_place) sites_.emplace_back().use.place = place;
        return known->second = site_number->second;
    }
    std::string place_of(std::uint32_t stack) {
        std::vector<const source_call*> calls;
        for (const std::uint64_t address : trace_.stack(stack)) {
            for (const source_call& call : names_.calls_at(trace_.module_at(address), address))
                calls.push_back(&call);
            if (!is_allocation_glue(*calls.back())) break;
        }
        return calls.empty() ? "unknown" : calls[call_site(calls)]->text();
    }

    static call_site_use judged(site& at) {
        call_site_use use = at.use;
        for (const auto& [size, objects] : at.sizes)
            if (objects > use.share_of_size) {
                use.share_of_size = objects;
                use.size = size;
            }
        use.share_of_size /= std::max(use.objects, 1.0);
        const auto died = static_cast<double>(use.died);
        if (use.died != 0) use.lifetime /= died;
        if (use.samples < least_samples || use.objects < least_objects) return use;
        const bool lives_on = died < .1 * static_cast<double>(use.samples);
        const double run = use.deaths == 0 ? 0 : died / static_cast<double>(use.deaths);
        const bool is_of_one_thread = static_cast<double>(use.elsewhere) <= (1 - of_one_thread) * died;
        // All at the end of the program is one run, too.
        if (is_of_one_thread &&
            (lives_on || (died >= .9 * static_cast<double>(use.samples) && run >= least_together))) {
            use.what = call_site_use::advice::arena;
            if (!lives_on) use.together = run * use.objects / static_cast<double>(use.samples);
        } else if (use.share_of_size >= of_one_size) {
            use.what = call_site_use::advice::pool;
        }
        return use;
    }

    trace_reader& trace_;
    symbolizer names_;
    std::vector<site> sites_;
    std::unordered_map<std::uint32_t, std::uint32_t> site_of_stack_;
    std::unordered_map<std::string, std::uint32_t> site_of_place_;
    live_objects<site_object> objects_;
};

} // namespace

std::vector<call_site_use> read_call_sites(trace_reader& trace) {
    trace.rewind();
    return site_reader(trace).read();
}

} // namespace cenote::tool
