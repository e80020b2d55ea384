// expect: (no matching|could not convert|no viable conversion)
#include "cenote/arena.hpp"

#include <array>

#ifndef CENOTE_FIXED
const std::array<std::byte, 1024> buffer{};
#else
std::array<std::byte, 1024> buffer{};
#endif

cenote::arena arena{buffer};
