// Layer: base. Apart from the other errors, since <stdexcept> takes longer to compile than they all do.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"

#if CENOTE_EXCEPTIONS
#include <stdexcept>
#endif

namespace cenote::detail {

[[noreturn]] CENOTE_COLD inline void throw_invalid_argument(const char* what) {
#if CENOTE_EXCEPTIONS
    throw std::invalid_argument{what};
#else
    fail(what);
#endif
}

} // namespace cenote::detail
