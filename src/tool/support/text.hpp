// Layer: tool. Figures as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cenote::tool {

std::string with_commas(std::uint64_t n);                        // 1,234,567
std::string counted(std::uint64_t n, const std::string& things); // 1 event, 1,234 events: `things` is "event"
std::string bytes_text(double bytes);                            // 12.3 MiB
constexpr double share(double part, double of) { return of > 0 ? part / of : 0; }
std::string percent_text(double share);              // .123 is 12.3 %
std::string seconds_text(double seconds);            // 1.23 s, 45.6 ms, 7.89 us, 12 ns
std::string fixed_text(double value, int decimals);  // 1.23
std::string bar_text(double share, unsigned length); // # for each part of `length`
// What other processes and files say may have anything in it, and a terminal does what it is told: a ? for each control
// character, and each byte that is no UTF-8.
std::string printable(std::string_view text);
// At most `most` bytes of it and "...", never a part of a character.
std::string shortened(std::string text, std::size_t most);
// As one would type it in a shell, printable; at most about `most` characters.
std::string command_text(const std::vector<std::string>& words, std::size_t most = 70);

// Columns that line up: the first to the left, others to the right, unless their heading ends with "<".
class text_table {
public:
    explicit text_table(std::vector<std::string> headings);
    void add(std::vector<std::string> row); // of as many columns at most
    bool is_empty() const noexcept { return rows_.size() == 1; }
    std::string text(std::string_view indent = "") const;

private:
    std::vector<bool> is_left_;
    std::vector<std::vector<std::string>> rows_;
};

} // namespace cenote::tool
