// Layer: base. The little that the pools need of <algorithm>, which takes nearly as long to compile as <unordered_map> does.
#pragma once

#include <cstddef>
#include <type_traits>

namespace cenote::detail {

template <class T>
constexpr T min(std::type_identity_t<T> a, T b) noexcept {
    return b < a ? b : a;
}
template <class T>
constexpr T max(std::type_identity_t<T> a, T b) noexcept {
    return a < b ? b : a;
}
// `low` <= `high`.
template <class T>
constexpr T clamp(T value, std::type_identity_t<T> low, std::type_identity_t<T> high) noexcept {
    return value < low ? low : high < value ? high : value;
}

// For what may be copied byte by byte. Both ranges may overlap. Called as nothing in std is: pointers to std::byte would choose that.
template <class T>
void copy_items(const T* from, std::size_t count, T* to) noexcept {
    static_assert(std::is_trivially_copyable_v<T>);
    __builtin_memmove(to, from, count * sizeof(T));
}

// For numbers.
template <class T>
void zero_n(T* p, std::size_t count) noexcept {
    static_assert(std::is_integral_v<T>);
    __builtin_memset(p, 0, count * sizeof(T));
}

} // namespace cenote::detail
