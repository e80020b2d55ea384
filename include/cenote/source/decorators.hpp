// Layer: source. Sources made of other sources: count what passes, limit it, or make it fail on purpose.
//
// They compose: `counting_source<limiting_source<vm_source>>`. Each is as thread-safe as an int: not; but for limiting_source.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/source/source.hpp"
#include "cenote/source/source_watch.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace cenote {

// The part that every decorator shares: holds the upstream and passes on what it does not change.
template <memory_source Upstream>
class source_decorator {
public:
    static constexpr bool is_callers_memory = cenote::is_callers_memory<Upstream>; // as the upstream

    source_decorator() requires std::default_initializable<Upstream>
    = default;
    explicit source_decorator(Upstream upstream) noexcept : upstream_(std::move(upstream)) {}
    source_decorator(const source_decorator&) = default;
    source_decorator(source_decorator&&) = default;
    source_decorator& operator=(const source_decorator&) = default; // as the upstream does
    source_decorator& operator=(source_decorator&&) = default;      // as the upstream does
    ~source_decorator() { detail::source_dies(this); }

    std::size_t decommit(void* p, std::size_t bytes) noexcept requires decommitting_source<Upstream> {
        return upstream_.decommit(p, bytes);
    }
    std::size_t largest(std::size_t alignment) const noexcept requires bounded_source<Upstream> {
        return upstream_.largest(alignment);
    }

    bool call_back(bool was_refused) noexcept { return detail::call_back(upstream_, was_refused); }

    Upstream& upstream() noexcept { return upstream_; }
    const Upstream& upstream() const noexcept { return upstream_; }

protected:
    CENOTE_NO_UNIQUE_ADDRESS Upstream upstream_;
};

// Counts calls and bytes. `bytes()` is what is out now, `peak()` the most that ever was.
template <memory_source Upstream>
class counting_source : public source_decorator<Upstream> {
public:
    using source_decorator<Upstream>::source_decorator;

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        ++calls_;
        void* const p = this->upstream_.allocate(bytes, alignment);
        if (p == nullptr) {
            ++failures_;
            return nullptr;
        }
        ++pieces_;
        bytes_ += bytes;
        peak_ = std::max(peak_, bytes_);
        return p;
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        --pieces_;
        bytes_ -= bytes;
        this->upstream_.deallocate(p, bytes, alignment);
    }

    // Calls of allocate so far.
    std::size_t calls() const noexcept { return calls_; }
    std::size_t failures() const noexcept { return failures_; } // of allocate
    std::size_t pieces() const noexcept { return pieces_; }     // out now
    std::size_t bytes() const noexcept { return bytes_; }       // out now
    std::size_t peak() const noexcept { return peak_; }         // bytes

private:
    std::size_t calls_ = 0;
    std::size_t failures_ = 0;
    std::size_t pieces_ = 0;
    std::size_t bytes_ = 0;
    std::size_t peak_ = 0;
};

// Gives at most `limit` bytes at a time; what would exceed it fails. As thread-safe as its upstream. Its budget has the soft
// limit and the callback as well:
//
//     limiting_source<vm_source> source{64_MiB};
//     source.budget().set_soft_limit(48_MiB);
//     source.budget().on_limit(drop_caches, &caches);
//     object_pool<order, pool_options{}, limiting_source<vm_source>> orders{growth{}, source};
//
// Several pools share one by source_ref. A family's or a handle pool's is asked by all that they are made of.
template <memory_source Upstream>
class limiting_source : public source_decorator<Upstream> {
public:
    explicit limiting_source(std::size_t limit) noexcept requires std::default_initializable<Upstream>
        : budget_(limit) {}
    limiting_source(std::size_t limit, Upstream upstream) noexcept
        : source_decorator<Upstream>(std::move(upstream)), budget_(limit) {}

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        if (!budget_.charge(bytes)) return nullptr;
        void* const p = this->upstream_.allocate(bytes, alignment);
        if (p == nullptr) budget_.uncharge(bytes);
        return p;
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        budget_.uncharge(bytes);
        this->upstream_.deallocate(p, bytes, alignment);
    }
    std::size_t largest(std::size_t alignment) const noexcept requires bounded_source<Upstream> {
        const std::size_t held = budget_.held();
        return std::min(this->upstream_.largest(alignment), held < limit() ? limit() - held : 0);
    }
    // The upstream's as well.
    bool call_back(bool was_refused) noexcept {
        const bool again = budget_.call_back(was_refused);
        return detail::call_back(this->upstream_, was_refused) || again;
    }

    // The limits, and what they are of.
    class budget& budget() noexcept {
        return budget_;
    }
    // The same.
    const class budget& budget() const noexcept { return budget_; }
    std::size_t limit() const noexcept { return budget_.limit(); } // bytes
    std::size_t bytes() const noexcept { return budget_.held(); }  // out now

private:
    class budget budget_;
};

// Fails on purpose, for tests: the call number `fail_at` (0 is the first) and, if `for_good`, every later one.
template <memory_source Upstream>
class failing_source : public source_decorator<Upstream> {
public:
    // The number of a call that does not come.
    static constexpr std::size_t never = static_cast<std::size_t>(-1);

    explicit failing_source(std::size_t fail_at = never,
                            bool for_good = true) noexcept requires std::default_initializable<Upstream>
        : fail_at_(fail_at), for_good_(for_good) {}
    failing_source(std::size_t fail_at, bool for_good, Upstream upstream) noexcept
        : source_decorator<Upstream>(std::move(upstream)), fail_at_(fail_at), for_good_(for_good) {}

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        const std::size_t call = calls_++;
        const bool fails = call == fail_at_ || (for_good_ && call > fail_at_);
        failed_ = failed_ || fails;
        return fails ? nullptr : this->upstream_.allocate(bytes, alignment);
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        this->upstream_.deallocate(p, bytes, alignment);
    }

    // Calls of allocate so far.
    std::size_t calls() const noexcept { return calls_; }
    bool has_failed() const noexcept { return failed_; } // at least one call
    void recover() noexcept { fail_at_ = never; }        // no call fails from now on

private:
    std::size_t calls_ = 0;
    std::size_t fail_at_;
    bool for_good_;
    bool failed_ = false;
};

} // namespace cenote
