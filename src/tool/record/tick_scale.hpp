// Layer: tool. What ticks are in nanoseconds.
#pragma once

#include "ticks.hpp"

#include <cstdint>

namespace cenote::tool {

class tick_scale {
public:
    explicit tick_scale(bool ticks) : has_ticks_(ticks), begin_(look()) {}

    // To be called now and then: the longer the time between two looks, the better.
    void measure() noexcept {
        const moment now = look();
        const std::uint64_t ticks = now.ticks - begin_.ticks;
        if (has_ticks_ && ticks > 0 && now.time - begin_.time >= least)
            ratio_ = static_cast<double>(now.time - begin_.time) / static_cast<double>(ticks);
    }
    bool is_measured() const noexcept { return !has_ticks_ || ratio_ != 0; }

    // Nanoseconds since this was made; 0 for what was before.
    std::uint64_t nanoseconds(std::uint64_t ticks) const noexcept {
        const std::uint64_t since = ticks - begin_.ticks;
        if (since >> 63U != 0) return 0;
        return has_ticks_ ? static_cast<std::uint64_t>(static_cast<double>(since) * ratio_) : since;
    }

private:
    static constexpr std::uint64_t least = 2'000'000;

    struct moment {
        std::uint64_t ticks;
        std::uint64_t time;
    };
    moment look() const noexcept {
        const std::uint64_t time = nanoseconds_now();
        return {has_ticks_ ? ticks_now() : time, time};
    }

    bool has_ticks_;
    moment begin_;
    double ratio_ = 0;
};

} // namespace cenote::tool
