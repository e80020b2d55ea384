// Layer: adaptor. What stands for an object of a pool that knows whether it is still there.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace cenote {

// Says which object of a handle_pool<T> or shared_segment_pool<T>: the number of its slot, and how often that slot has been filled.
// All zeroes is no object. To be kept, compared, hashed, sent; never followed without the pool.
template <class T>
class handle {
public:
    constexpr handle() noexcept = default;
    // That of which value() was this.
    static constexpr handle from_value(std::uint64_t value) noexcept {
        return {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)};
    }
    // Of these two parts.
    constexpr handle(std::uint32_t index, std::uint32_t generation) noexcept
        : index_(index), generation_(generation) {}

    // The number of the slot, how often it has been filled, and both in one number: the generation in its upper half.
    constexpr std::uint32_t index() const noexcept { return index_; }
    constexpr std::uint32_t generation() const noexcept { return generation_; }
    constexpr std::uint64_t value() const noexcept { return std::uint64_t{generation_} << 32 | index_; }
    // Whether it was ever an object's; the pool knows whether it still is.
    explicit constexpr operator bool() const noexcept { return generation_ != 0; }

    friend constexpr auto operator<=>(const handle&, const handle&) noexcept = default;

private:
    std::uint32_t index_ = 0;
    std::uint32_t generation_ = 0;
};

} // namespace cenote

// Of both parts.
template <class T>
struct std::hash<cenote::handle<T>> {
    std::size_t operator()(const cenote::handle<T>& h) const noexcept {
        return std::hash<std::uint64_t>{}(h.value());
    }
};
