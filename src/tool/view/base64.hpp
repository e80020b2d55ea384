// Layer: tool. Bytes as text, for JSON (RFC 4648).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cenote::tool {

inline std::string base64(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto at = [&](std::size_t i) {
        return i < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[i])) : 0U;
    };
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const unsigned three = at(i) << 16U | at(i + 1) << 8U | at(i + 2);
        for (unsigned shift = 24; shift != 0;)
            text += digits[three >> (shift -= 6) & 63U];
    }
    const std::size_t filling = (3 - bytes.size() % 3) % 3;
    text.replace(text.size() - filling, filling, filling, '=');
    return text;
}

} // namespace cenote::tool
