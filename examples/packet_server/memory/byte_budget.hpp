// A number of bytes that several allocators share.
//
// Not thread-safe by itself. The one that counts is the store's, and is used by who holds the store's lock; what several
// threads use at a time has the one that counts nothing, of which nothing ever changes.
#pragma once

#include <cstddef>
#include <limits>

namespace packet_server {

class byte_budget {
public:
    static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();
    struct uncounted {};

    explicit byte_budget(std::size_t limit = no_limit) noexcept : limit_(limit) {}
    explicit byte_budget(uncounted) noexcept : limit_(no_limit), counts_(false) {}
    byte_budget(const byte_budget&) = delete;
    byte_budget& operator=(const byte_budget&) = delete;

    bool charge(std::size_t bytes) noexcept {
        if (!counts_) return true;
        if (bytes > limit_ - used_) return false;
        used_ += bytes;
        return true;
    }
    void give_back(std::size_t bytes) noexcept {
        if (counts_) used_ -= bytes;
    }

    bool limited() const noexcept { return limit_ != no_limit; }
    std::size_t limit() const noexcept { return limit_; }
    std::size_t used() const noexcept { return used_; }

private:
    std::size_t limit_;
    std::size_t used_ = 0;
    bool counts_ = true;
};

} // namespace packet_server
