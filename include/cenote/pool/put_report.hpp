// Layer: pool. What pools say about a block that was given back wrongly.
#pragma once

#include "cenote/slab/slab_list.hpp"

namespace cenote::detail {

constexpr const char* put_report(put_result result) noexcept {
    switch (result) {
    case put_result::foreign:
        return "destroy of a pointer that is not from this pool";
    case put_result::not_a_block:
        return "destroy of a pointer into the middle of a block";
    default:
        return "double destroy";
    }
}

} // namespace cenote::detail
