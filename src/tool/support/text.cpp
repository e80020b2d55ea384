#include "text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace cenote::tool {

std::string fixed_text(double value, int decimals) {
    std::array<char, 400> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

std::string with_commas(std::uint64_t n) {
    std::string text = std::to_string(n);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, ",");
    }
    return text;
}

namespace {
// Three digits that count.
std::string three_digits(double value) {
    const double size = std::fabs(value);
    return fixed_text(value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}
} // namespace

std::string bytes_text(double bytes) {
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t at = 0;
    while (std::fabs(bytes) >= 1000 && at + 1 != units.size()) {
        bytes /= 1024;
        ++at;
    }
    return (at == 0 ? fixed_text(bytes, 0) : three_digits(bytes)) + " " + units[at];
}

std::string percent_text(double share) { return fixed_text(100 * share, 1) + " %"; }

std::string seconds_text(double seconds) {
    const double size = std::fabs(seconds);
    if (size >= 1) return three_digits(seconds) + " s";
    if (size >= 1e-3) return three_digits(seconds * 1e3) + " ms";
    if (size >= 1e-6) return three_digits(seconds * 1e6) + " us";
    return fixed_text(seconds * 1e9, 0) + " ns";
}

std::string bar_text(double share, unsigned length) {
    const double full = std::clamp(share, 0.0, 1.0) * length;
    return std::string(static_cast<std::size_t>(std::ceil(full - 0.01)), '#');
}

std::string command_text(const std::vector<std::string>& words, std::size_t most) {
    std::string text;
    for (const std::string& word : words) {
        constexpr std::string_view harmless =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=+,@%";
        std::string shown = word;
        if (word.empty() || word.find_first_not_of(harmless) != std::string::npos) {
            shown = "'";
            for (const char c : word)
                shown += c == '\'' ? std::string("'\\''") : std::string(1, c == '\n' ? ' ' : c);
            shown += "'";
        }
        text += (text.empty() ? "" : " ") + shown;
    }
    if (text.size() > most) text.replace(most, std::string::npos, "...");
    return text;
}

text_table::text_table(std::vector<std::string> headings) {
    for (std::string& heading : headings) {
        const bool left = is_left_.empty() || heading.ends_with('<');
        is_left_.push_back(left);
        if (heading.ends_with('<')) heading.pop_back();
    }
    rows_.push_back(std::move(headings));
}

void text_table::add(std::vector<std::string> row) {
    row.resize(is_left_.size());
    rows_.push_back(std::move(row));
}

std::string text_table::text(std::string_view indent) const {
    // In characters, not bytes: those of UTF-8 that continue one take no room.
    const auto width_of = [](const std::string& s) {
        return static_cast<std::size_t>(
            std::count_if(s.begin(), s.end(), [](char c) { return (c & 0xC0) != 0x80; }));
    };
    std::vector<std::size_t> widths(is_left_.size(), 0);
    for (const auto& row : rows_)
        for (std::size_t c = 0; c != row.size(); ++c)
            widths[c] = std::max(widths[c], width_of(row[c]));
    std::string result;
    for (const auto& row : rows_) {
        std::string line(indent);
        for (std::size_t c = 0; c != row.size(); ++c) {
            const std::string padding(widths[c] - width_of(row[c]), ' ');
            line += (c == 0 ? "" : "  ") + (is_left_[c] ? row[c] + padding : padding + row[c]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        result += line + "\n";
    }
    return result;
}

} // namespace cenote::tool
