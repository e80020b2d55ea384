// Which library a program of this folder runs under, for the few places where glibc or libstdc++ is known to be wrong, or
// where only Cenote promises something.
#pragma once

#include <cstdlib>
#include <string_view>

namespace cenote_test {

inline std::string_view library_under_test() noexcept { // a path, or "glibc"; "" when nobody said
    const char* const value = std::getenv("CENOTE_TEST_MALLOC");
    return value == nullptr ? "" : value;
}
inline bool under_glibc() noexcept { return library_under_test() == "glibc"; }

} // namespace cenote_test
