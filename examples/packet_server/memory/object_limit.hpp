// How many objects may live at a time, for allocators that have no limit of their own.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace packet_server {

// For one thread.
class own_limit {
public:
    class common {
    public:
        explicit common(std::size_t most) noexcept : most_(most) {}
        std::size_t most() const noexcept { return most_; }

    private:
        std::size_t most_;
    };

    explicit own_limit(const common& of) noexcept : most_(of.most()) {}

    // Whether there may be one more; it counts from then on.
    bool take() noexcept {
        if (live_ == most_) return false;
        ++live_;
        return true;
    }
    void give_back() noexcept { --live_; }

private:
    std::size_t most_;
    std::size_t live_ = 0;
};

// For one of several threads. Each takes from the common number in batches and keeps some back for its next objects,
// so that the threads do not share a line that every object writes. Limits below 1,024 are exact; above, an object may
// be refused while other threads keep places back, at most a 512th of the limit each.
class limit_share {
public:
    class common {
    public:
        explicit common(std::size_t most) noexcept
            : left_(most), batch_(std::clamp<std::size_t>(most / 1024, 1, 64)),
              kept_(most < 1024 ? 0 : 2 * batch_) {}

        std::size_t batch() const noexcept { return batch_; }
        std::size_t kept() const noexcept { return kept_; }

        // Up to `wanted` places, 0 when none is left. Relaxed, as nothing else is read by what this number says.
        std::size_t take(std::size_t wanted) noexcept {
            std::size_t left = left_.load(std::memory_order_relaxed);
            std::size_t got;
            do {
                got = std::min(left, wanted);
                if (got == 0) return 0;
            } while (!left_.compare_exchange_weak(left, left - got, std::memory_order_relaxed));
            return got;
        }
        void give_back(std::size_t places) noexcept { left_.fetch_add(places, std::memory_order_relaxed); }

    private:
        std::atomic<std::size_t> left_;
        std::size_t batch_;
        std::size_t kept_; // by a thread, at most
    };

    explicit limit_share(common& of) noexcept : common_(of) {}
    ~limit_share() { common_.give_back(spare_); }
    limit_share(const limit_share&) = delete;
    limit_share& operator=(const limit_share&) = delete;

    bool take() noexcept {
        if (spare_ == 0) spare_ = common_.take(common_.batch());
        if (spare_ == 0) return false;
        --spare_;
        return true;
    }
    void give_back() noexcept {
        ++spare_;
        if (spare_ <= common_.kept()) return;
        const std::size_t gone = std::min(spare_, common_.batch());
        spare_ -= gone;
        common_.give_back(gone);
    }

private:
    common& common_;
    std::size_t spare_ = 0;
};

} // namespace packet_server
