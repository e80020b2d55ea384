// What is live in a heap: exact counts by size class, and where it was allocated, estimated from the allocations that were drawn.
#include "heap_core.hpp"

#include "cenote/base/error.hpp"
#include "cenote/os/vm.hpp"

#include <algorithm>

namespace cenote::detail {

namespace {

// Allocations of one stack.
struct leak_site {
    trace_id stack;
    std::size_t weight; // bytes
    std::size_t blocks; // that the weight is of
    std::size_t records;
};

constexpr std::size_t most_sites = 50; // that are told

// A copy of the records, by stack, the largest weight first, in memory of its own.
class leak_sites {
public:
    explicit leak_sites(const leak_list& from) noexcept {
        const locked_scope hold{from.lock};
        bytes_ = round_up(std::max<std::size_t>(from.size(), 1) * sizeof(leak_site), vm::page_size());
        first_ = static_cast<leak_site*>(vm::map_anywhere(bytes_));
        if (first_ == nullptr) return;
        from.for_each([&](const leak_record& r) {
            first_[size_++] = {r.stack, r.weight,
                               std::max<std::size_t>(r.weight / std::max<std::size_t>(r.bytes, 1), 1), 1};
        });
    }
    ~leak_sites() {
        if (first_ != nullptr) vm::release(first_, bytes_);
    }
    leak_sites(const leak_sites&) = delete;
    leak_sites& operator=(const leak_sites&) = delete;

    void merge() noexcept {
        std::sort(first_, first_ + size_,
                  [](const leak_site& a, const leak_site& b) { return a.stack < b.stack; });
        std::size_t kept = 0;
        for (std::size_t i = 0; i != size_; ++i) {
            if (kept != 0 && first_[kept - 1].stack == first_[i].stack) {
                first_[kept - 1].weight += first_[i].weight;
                first_[kept - 1].blocks += first_[i].blocks;
                ++first_[kept - 1].records;
            } else {
                first_[kept++] = first_[i];
            }
        }
        size_ = kept;
        std::sort(first_, first_ + size_,
                  [](const leak_site& a, const leak_site& b) { return a.weight > b.weight; });
    }
    const leak_site* begin() const noexcept { return first_; }
    const leak_site* end() const noexcept { return first_ + size_; }
    std::size_t size() const noexcept { return size_; }

private:
    leak_site* first_ = nullptr;
    std::size_t size_ = 0;
    std::size_t bytes_ = 0;
};

} // namespace

void heap_core::report_leaks(int to) const noexcept {
    const heap_stats all = stats();
    say_to(to, "%zu bytes are live", all.live);
    for (size_class c = 1; c <= last_class; ++c) {
        const size_class_stats of = stats_of(c);
        if (of.live != 0) say_to(to, "  %zu blocks of %zu bytes", of.live, of.block_size);
    }
    if (all.large_live != 0) say_to(to, "  larger blocks, of %zu bytes together", all.large_live);
    if (all.mappings != 0)
        say_to(to, "  %zu mappings, of %zu bytes together", all.mappings, all.mapping_live);
    if (all.guarded_live != 0) say_to(to, "  blocks between guards, of %zu bytes together", all.guarded_live);
    const std::size_t rate = sampling_.leak_rate.load(std::memory_order_relaxed);
    if (rate == 0) return;
    leak_sites sites{leaks_};
    sites.merge();
    std::size_t weight = 0;
    for (const leak_site& s : sites)
        weight += s.weight;
    say_to(to,
           "of what was allocated since one block in %zu bytes is drawn, about %zu bytes are live, from %zu "
           "stacks",
           rate, weight, sites.size());
    std::size_t told = 0;
    for (const leak_site& s : sites) {
        if (told++ == most_sites) break;
        char title[160];
        std::snprintf(title, sizeof title, "about %zu bytes in %zu blocks (%zu drawn), allocated at",
                      s.weight, s.blocks, s.records);
        stacks.recall(s.stack).print(title, to);
    }
    if (sites.size() > most_sites) say_to(to, "and from %zu more stacks", sites.size() - most_sites);
}

} // namespace cenote::detail
