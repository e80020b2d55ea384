// Layer: source. Memory straight from the operating system: the default of every pool.
#pragma once

#include "cenote/base/budget.hpp"
#include "cenote/base/poison.hpp"
#include "cenote/os/vm.hpp"
#include "cenote/source/source.hpp"

namespace cenote {

// Gives whole OS pages, zeroed, resident only where touched, as far as process_budget allows. Stateless and thread-safe:
// every vm_source is the same.
class vm_source {
public:
    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        if (bytes > max_bytes || alignment > max_bytes || !process_budget.charge(whole_pages(bytes)))
            return nullptr;
        void* const p = vm::reserve(whole_pages(bytes), alignment);
        if (p == nullptr)
            process_budget.uncharge(whole_pages(bytes));
        else
            detail::look_for_pointers(p, whole_pages(bytes));
        return p;
    }
    void deallocate(void* p, std::size_t bytes, std::size_t) noexcept {
        detail::look_no_more(p, whole_pages(bytes));
        vm::release(p, whole_pages(bytes));
        process_budget.uncharge(whole_pages(bytes));
    }
    bool call_back(bool was_refused) noexcept { return process_budget.call_back(was_refused); }

    // Only whole OS pages inside the range go back.
    std::size_t decommit(void* p, std::size_t bytes) noexcept {
        const std::size_t page = vm::page_size();
        const std::size_t skip = detail::round_up(detail::address_of(p), page) - detail::address_of(p);
        if (bytes < skip + page) return 0;
        const std::size_t whole = detail::round_down(bytes - skip, page);
        return vm::decommit(static_cast<std::byte*>(p) + skip, whole) ? whole : 0;
    }

    friend bool operator==(const vm_source&, const vm_source&) noexcept { return true; }

private:
    static constexpr std::size_t max_bytes = static_cast<std::size_t>(-1) / 4;
    static std::size_t whole_pages(std::size_t bytes) noexcept {
        return detail::round_up(bytes, vm::page_size());
    }
};

} // namespace cenote
