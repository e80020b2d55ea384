// Where the pools of this server take their segments from.
#pragma once

#include "byte_budget.hpp"
#include "pool_report.hpp"

#include <cenote/cenote.hpp>
#include <cstddef>
#include <string>
#include <utility>

namespace packet_server {

// Memory from the operating system as long as the budget lasts: one limit over the segments of many pools.
class budgeted_source : public cenote::source_decorator<cenote::vm_source> {
public:
    explicit budgeted_source(byte_budget& budget) noexcept : budget_(&budget) {}

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        if (!budget_->charge(bytes)) return nullptr;
        void* const p = upstream().allocate(bytes, alignment);
        if (p == nullptr) budget_->give_back(bytes);
        return p;
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        upstream().deallocate(p, bytes, alignment);
        budget_->give_back(bytes);
    }

private:
    byte_budget* budget_;
};

// Under a limit that all pools share, none may take much at a time.
inline cenote::growth growth_for(const byte_budget& budget,
                                 std::size_t max_objects = cenote::growth::no_limit) noexcept {
    using namespace cenote::literals;
    const cenote::growth any = cenote::growth::up_to(max_objects);
    return budget.limited() ? any.steps(64_KiB, 128_KiB) : any;
}

template <class Pool>
pool_report report_of(const Pool& pool, std::string title) {
    const cenote::pool_stats stats = pool.stats();
    return {std::move(title), stats.block_size, stats.live, stats.capacity, stats.bytes, stats.slabs};
}

} // namespace packet_server
