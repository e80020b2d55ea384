// Layer: base. A parameter for what std::span takes, whose header alone compiles as long as a pool's.
#pragma once

#include <cstddef>

namespace cenote::detail {

// Refers to `size` elements that lie side by side: to an array, a std::span<T>, std::vector<T>, std::array, or anything else with
// data() and size().
template <class T>
class array_view {
public:
    constexpr array_view(T* first, std::size_t count) noexcept : first_(first), count_(count) {}
    template <std::size_t Count>
    constexpr array_view(T (&array)[Count]) noexcept : array_view(array, Count) {}
    template <class Array>
    requires requires(Array& a, T*& first, std::size_t& count) {
        first = a.data();
        count = a.size();
    }
    // NOLINTNEXTLINE(bugprone-forwarding-reference-overload): a copy made through it is the same
    constexpr array_view(Array&& of) noexcept : array_view(of.data(), of.size()) {}

    constexpr T* data() const noexcept { return first_; }
    constexpr T* begin() const noexcept { return first_; }
    constexpr T* end() const noexcept { return first_ + count_; }
    constexpr std::size_t size() const noexcept { return count_; }
    constexpr T& operator[](std::size_t i) const noexcept { return first_[i]; }
    constexpr array_view first(std::size_t count) const noexcept { return {first_, count}; }

private:
    T* first_;
    std::size_t count_;
};

} // namespace cenote::detail
