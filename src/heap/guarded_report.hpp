// Layer: heap. What is said of a guarded block that was used wrongly: a line that names what, where and how large, and who
// had to do with it.
#pragma once

#include "guarded_store.hpp"

#include "cenote/base/config.hpp"

#include <cstddef>

namespace cenote::detail {

// The marks around a live block, from `before` to the block and from its end, `after`, to `after_end`, are not all as they
// were written.
[[noreturn]] CENOTE_COLD void report_damage(const guarded_block& block, const guarded_event& now,
                                            const std::byte* before, const std::byte* after,
                                            const std::byte* after_end,
                                            bool (*is_marked)(std::byte)) noexcept;

} // namespace cenote::detail
