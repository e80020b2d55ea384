#include "features.hpp"

#include "heap/guard.hpp"

#include <algorithm>
#include <string_view>

namespace cenote::detail::hardened {

namespace {

struct named {
    std::string_view name;
    std::uint32_t value;
};
constexpr named names[] = {
    {"canary", static_cast<std::uint32_t>(feature::canary)},
    {"zero", static_cast<std::uint32_t>(feature::zero)},
    {"junk", static_cast<std::uint32_t>(feature::junk)},
    {"fill", static_cast<std::uint32_t>(feature::fill)},
    {"delay", static_cast<std::uint32_t>(feature::delay)},
    {"shuffle", static_cast<std::uint32_t>(feature::shuffle)},
    {"guard", static_cast<std::uint32_t>(feature::guard)},
};

std::uint32_t value_of(std::string_view name) noexcept {
    for (const named& n : names)
        if (n.name == name) return n.value;
    return 0;
}

} // namespace

bool read_features(const char* text, std::size_t& to) noexcept {
    std::string_view rest{text};
    to = 0;
    if (rest == "none") return true;
    if (rest == "all") {
        to = default_features;
        return true;
    }
    for (;;) {
        const std::size_t comma = rest.find(',');
        // Not substr, which may throw, and so needs the C++ runtime.
        const std::uint32_t value = value_of({rest.data(), std::min(comma, rest.size())});
        if (value == 0) return false;
        to |= value;
        if (comma == std::string_view::npos) return true;
        rest.remove_prefix(comma + 1);
    }
}

void use_features(std::size_t these) noexcept {
    features.store(static_cast<std::uint32_t>(these), std::memory_order_relaxed);
    guards_are_on.store(has(feature::guard), std::memory_order_relaxed);
}

} // namespace cenote::detail::hardened
