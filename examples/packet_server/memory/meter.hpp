// Counts, times, records and, on demand, fails the calls that the server makes to its memory. It stands in
// front of all variants alike, so whatever it costs it costs each.
//
// A meter is used by one thread at a time: with several there is one for each, and one of the store, which goes with the
// store's lock. Any thread may read the counts of all.
#pragma once

#include "counter.hpp"
#include "cpu_profile.hpp"
#include "kinds.hpp"
#include "recorder.hpp"
#include "sample_clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace packet_server {

template <class Number>
struct basic_kind_tally {
    Number allocations = 0;
    Number frees = 0;
    Number failures = 0;
    Number peak = 0; // the most that lived at a time

    // The peak becomes the sum of the peaks: more than ever lived at a time, if those were at different moments.
    template <class Other>
    void merge(const basic_kind_tally<Other>& other) noexcept {
        frees += other.frees; // first: see counter.hpp
        allocations += other.allocations;
        failures += other.failures;
        peak += other.peak;
    }
    std::uint64_t live() const noexcept { return allocations - frees; }
};
using kind_tally = basic_kind_tally<std::uint64_t>;

class alignas(64) meter {
public:
    // `sample_every`: one call in so many is timed on average, 0 for none. `fail_every`: every such
    // allocation is refused, 0 for none: a fault for tests.
    meter(std::uint32_t sample_every, std::uint32_t fail_every) noexcept
        : sample_every_(sample_every), fail_every_(fail_every), then_every_(fail_every),
          overhead_(sample_every == 0 ? 0 : sample_clock::overhead()) {
        until_sample_ = next_interval();
    }
    meter(const meter&) = delete;
    meter& operator=(const meter&) = delete;

    // Calls `take`, which returns a pointer or nullptr, and accounts for the outcome. `bytes` is what was
    // asked for.
    template <class Take>
    auto allocate(object_kind kind, std::size_t bytes, Take&& take) noexcept -> decltype(take()) {
        basic_kind_tally<counter>& tally = tallies_[index_of(kind)];
        if (fail_every_ != 0 && ++since_failure_ >= fail_every_) [[unlikely]] {
            since_failure_ = 0;
            fail_every_ = then_every_;
            ++tally.failures;
            return nullptr;
        }
        const timing sample(*this, allocations_);
        cpu_profile::enter();
        const auto p = take();
        cpu_profile::leave();
        sample.stop();
        if (p == nullptr) [[unlikely]] {
            ++tally.failures;
            return nullptr;
        }
        ++tally.allocations;
        if (tally.live() > tally.peak) tally.peak = tally.live();
        if (recorder_ != nullptr) [[unlikely]]
            recorder_->created(kind, bytes, p);
        return p;
    }

    // Calls `give`, which frees `p`.
    template <class Give>
    void free(object_kind kind, const void* p, Give&& give) noexcept {
        ++tallies_[index_of(kind)].frees;
        if (recorder_ != nullptr) [[unlikely]]
            recorder_->freed(p);
        const timing sample(*this, frees_);
        cpu_profile::enter();
        give();
        cpu_profile::leave();
        sample.stop();
    }

    // Refuses the allocation that comes as number `n` from now, 1 for the next, or that one and all later
    // ones. 0 refuses none. For tests.
    void fail_at(std::uint32_t n, bool for_good = false) noexcept {
        fail_every_ = n;
        then_every_ = for_good ? 1 : 0;
        since_failure_ = 0;
    }

    void record_to(recorder* to) noexcept { recorder_ = to; }

    kind_tally tally(object_kind kind) const noexcept {
        kind_tally copy;
        copy.merge(tallies_[index_of(kind)]);
        return copy;
    }
    call_samples allocation_samples() const noexcept { return plain(allocations_); }
    call_samples free_samples() const noexcept { return plain(frees_); }
    std::uint32_t sample_every() const noexcept { return sample_every_; }
    double ns_per_tick() const noexcept { return scale_.ns_per_tick(); }
    double overhead_ns() const noexcept { return static_cast<double>(overhead_) * ns_per_tick(); }

private:
    using samples_type = basic_call_samples<counter>;

    static call_samples plain(const samples_type& samples) noexcept {
        call_samples copy;
        copy.merge(samples);
        return copy;
    }

    // Times what lies between its construction and `stop`, if this call's turn has come. The timed and the
    // untimed calls run the same instructions: a copy of the allocator's fast path used only by samples would
    // be cold.
    class timing {
    public:
        timing(meter& of, samples_type& samples) noexcept : meter_(of), samples_(samples) {
            if (--of.until_sample_ == 0) [[unlikely]] {
                of.until_sample_ = of.next_interval();
                active_ = of.sample_every_ != 0;
                from_ = sample_clock::now();
            }
        }
        void stop() const noexcept {
            if (active_) [[unlikely]]
                samples_.add(sample_clock::now() - from_, meter_.overhead_);
        }

    private:
        meter& meter_;
        samples_type& samples_;
        bool active_ = false;
        std::uint64_t from_ = 0;
    };

    // Random between a half and one and a half times the mean, so that it can't fall into step with the
    // traffic.
    std::uint32_t next_interval() noexcept {
        if (sample_every_ < 2) return sample_every_ == 0 ? 0xffffffffU : 1U;
        random_ ^= random_ << 13;
        random_ ^= random_ >> 17;
        random_ ^= random_ << 5;
        return sample_every_ / 2 + random_ % (sample_every_ + 1);
    }

    std::array<basic_kind_tally<counter>, kind_count> tallies_{};
    recorder* recorder_ = nullptr;
    std::uint32_t sample_every_;
    std::uint32_t until_sample_ = 0;
    std::uint32_t fail_every_;
    std::uint32_t then_every_; // takes its place at the next failure
    std::uint32_t since_failure_ = 0;
    std::uint32_t random_ = 2463534242U;
    std::uint64_t overhead_; // ticks
    tick_scale scale_;
    samples_type allocations_;
    samples_type frees_;
};

} // namespace packet_server
