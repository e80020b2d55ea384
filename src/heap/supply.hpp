// Layer: heap. Where a heap's segments and mappings come from: the OS, or a source of the user's; counted, and bounded
// by the heap's limit and, where it comes from the OS, by that of the process.
//
// Thread-safe, also where the source is not.
#pragma once

#include "heap_lock.hpp"

#include "cenote/base/budget.hpp"
#include "cenote/os/vm.hpp"
#include "cenote/source/any_source.hpp"

#include <cstddef>
#include <optional>

namespace cenote::detail {

class supply {
public:
    constexpr supply() noexcept = default;

    // From now on from there. Needs a supply that gave nothing yet.
    void use(any_source source) noexcept { source_ = source; }

    // Zeroed only where is_zeroing(). nullptr when refused, or beyond the limit.
    void* reserve(std::size_t bytes, std::size_t alignment) noexcept {
        if (!charge(bytes)) return nullptr;
        void* p;
        if (source_) {
            const locked_scope hold{source_lock};
            p = source_->allocate(bytes, alignment);
        } else {
            p = vm::reserve(bytes, alignment);
        }
        if (p == nullptr) uncharge(bytes);
        return p;
    }
    void release(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        if (source_) {
            const locked_scope hold{source_lock};
            source_->deallocate(p, bytes, alignment);
        } else {
            vm::release(p, bytes);
        }
        uncharge(bytes);
    }
    // Whole OS pages. Returns bytes, all or 0; what was decommitted is zero where is_zeroing().
    std::size_t decommit(void* p, std::size_t bytes) noexcept {
        if (source_) {
            const locked_scope hold{source_lock};
            return source_->decommit(p, bytes);
        }
        return vm::decommit(p, bytes) ? bytes : 0;
    }
    // A whole reservation grows where it lies.
    bool extend(void* p, std::size_t bytes, std::size_t more) noexcept {
        if (source_ || !charge(more - bytes)) return false;
        if (vm::extend(p, bytes, more)) return true;
        uncharge(more - bytes);
        return false;
    }
    // A whole reservation loses its end.
    bool shrink(void* p, std::size_t bytes, std::size_t less) noexcept {
        if (source_) return false;
        vm::release(static_cast<std::byte*>(p) + less, bytes - less);
        uncharge(bytes - less);
        return true;
    }
    // The contents of a whole reservation move to another, larger one, of which `is_wanted(base)` holds, and the first is
    // released, without copying. nullptr, and nothing changed, where the OS, the limit or `is_wanted` refuses. The limit need
    // not have room for both; the OS must, for a moment.
    template <class Wanted>
    void* move(void* from, std::size_t bytes, std::size_t more, std::size_t alignment,
               Wanted is_wanted) noexcept {
        if (source_ || !charge(more - bytes)) return nullptr;
        void* const to = vm::reserve(more, alignment);
        if (to != nullptr) {
            if (is_wanted(to) && vm::move(from, bytes, to, more)) return to;
            vm::release(to, more);
        }
        uncharge(more - bytes);
        return nullptr;
    }

    bool is_zeroing() const noexcept { return !source_; }
    // A source of the user's, which may do anything but use this heap.
    bool is_foreign() const noexcept { return source_.has_value(); }

    // Bytes. Relaxed, all of them: a count orders nothing.
    std::size_t held() const noexcept { return budget_.held(); }
    std::size_t most_held() const noexcept { return budget_.most_held(); }
    std::size_t limit() const noexcept { return budget_.limit(); }
    void set_limit(std::size_t bytes) noexcept { budget_.set_limit(bytes); }
    class budget& budget() noexcept {
        return budget_;
    }

    // With no lock held, at the end of a request that came here; see base/budget.hpp. Whether it is worth another try.
    bool call_back(bool was_refused) noexcept {
        const bool again = budget_.call_back(was_refused);
        return (source_ ? source_->call_back(was_refused) : process_budget.call_back(was_refused)) || again;
    }

    heap_lock source_lock; // for a source of the user's, which need not be thread-safe; forks take it

private:
    bool charge(std::size_t bytes) noexcept {
        if (!budget_.charge(bytes)) return false;
        if (source_ || process_budget.charge(bytes)) return true;
        budget_.uncharge(bytes);
        return false;
    }
    void uncharge(std::size_t bytes) noexcept {
        budget_.uncharge(bytes);
        if (!source_) process_budget.uncharge(bytes);
    }

    std::optional<any_source> source_;
    class budget budget_;
};

} // namespace cenote::detail
