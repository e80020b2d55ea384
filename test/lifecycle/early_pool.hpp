// One pool that two files use before main.
#pragma once

#include "cenote/cached_pool.hpp"

#include <cstdint>

struct early_tag {
    static constexpr cenote::growth policy = cenote::growth::up_to(100'000);
};
inline constinit cenote::static_cached_pool<std::uint64_t, early_tag> early_pool;
