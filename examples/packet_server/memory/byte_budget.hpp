// A number of bytes that several allocators share.
#pragma once

#include <cstddef>
#include <limits>

namespace packet_server {

class byte_budget {
public:
    static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

    explicit byte_budget(std::size_t limit = no_limit) noexcept : limit_(limit) {}
    byte_budget(const byte_budget&) = delete;
    byte_budget& operator=(const byte_budget&) = delete;

    bool charge(std::size_t bytes) noexcept {
        if (bytes > limit_ - used_) return false;
        used_ += bytes;
        return true;
    }
    void give_back(std::size_t bytes) noexcept { used_ -= bytes; }

    bool limited() const noexcept { return limit_ != no_limit; }
    std::size_t limit() const noexcept { return limit_; }
    std::size_t used() const noexcept { return used_; }

private:
    std::size_t limit_;
    std::size_t used_ = 0;
};

} // namespace packet_server
