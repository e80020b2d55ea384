// Layer: override. Drawing by lot, so that nobody can guess which block comes next.
#pragma once

#include "seal.hpp"

#include <cstddef>
#include <cstdint>

namespace cenote::detail::hardened {

// Not thread-safe. The generator is wyrand (Wang Yi, 2019). A counter times a constant would not do: for some constants it
// goes round the same few numbers.
class lottery {
public:
    // From 0 to n - 1; n is less than 2^32, not 0.
    std::size_t draw(std::size_t n) noexcept {
        if (state_ == 0) state_ = secret.address ^ address_of(this);
        state_ += 0xA076'1D64'78BD'642F;
        return static_cast<std::size_t>((mixed(state_, state_ ^ secret.tag) >> 32) * n >> 32);
    }

private:
    std::uint64_t state_ = 0;
};

} // namespace cenote::detail::hardened
