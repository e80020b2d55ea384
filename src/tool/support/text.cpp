#include "text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

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

std::string counted(std::uint64_t n, const std::string& things) {
    return with_commas(n) + " " + things + (n == 1 ? "" : things.ends_with('s') ? "es" : "s");
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

namespace {
// Of the character of UTF-8 that the text begins with; 0 where that is none.
std::size_t length_of_character(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    const std::size_t length = first < 0x80                     ? 1
                               : first >= 0xC2 && first <= 0xDF ? 2
                               : first >= 0xE0 && first <= 0xEF ? 3
                               : first >= 0xF0 && first <= 0xF4 ? 4
                                                                : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i != length; ++i)
        if ((byte(i) & 0xC0U) != 0x80) return 0;
    // What a shorter one says, surrogates, and numbers that there are not (RFC 3629).
    if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
        (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F))
        return 0;
    return length;
}
} // namespace

std::string printable(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = length_of_character(text);
        const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
        const bool is_control = (length == 1 && (byte(0) < 0x20 || byte(0) == 0x7F)) ||
                                (length == 2 && byte(0) == 0xC2 && byte(1) < 0xA0);
        const std::size_t taken = std::max<std::size_t>(length, 1);
        if (length == 0 || is_control)
            result += '?';
        else
            result += text.substr(0, taken);
        text.remove_prefix(taken);
    }
    return result;
}

std::string shortened(std::string text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most != 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80)
        --most;
    return text.replace(most, std::string::npos, "...");
}

std::string command_text(const std::vector<std::string>& words, std::size_t most) {
    std::string text;
    for (const std::string& word : words) {
        constexpr std::string_view harmless =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=+,@%";
        std::string shown = word;
        if (word.empty() || word.find_first_not_of(harmless) != std::string::npos) {
            shown = "'";
            std::string one_line = word;
            std::replace(one_line.begin(), one_line.end(), '\n', ' ');
            for (const char c : printable(one_line))
                shown += c == '\'' ? std::string("'\\''") : std::string(1, c);
            shown += "'";
        }
        text += (text.empty() ? "" : " ") + shown;
    }
    return shortened(std::move(text), most);
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
