// What the measured examples share: a stopwatch, medians, the table, and the one option.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace measure {

// Seconds since it was made or last asked.
class stopwatch {
public:
    double lap() {
        const auto now = std::chrono::steady_clock::now();
        const std::chrono::duration<double> passed = now - since_;
        since_ = now;
        return passed.count();
    }

private:
    std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

// The middle one, so that what else the machine did now and then does not count. Needs at least one.
inline double median(std::vector<double> of) {
    const auto middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
    std::nth_element(of.begin(), middle, of.end());
    return *middle;
}

// Calls work(subject) for each of them `rounds` times, one after the other and each time beginning with another one, so
// that a slow minute of the machine falls on all alike.
template <class Subjects, class Work>
void interleaved(int rounds, Subjects& subjects, Work&& work) {
    for (int round = 0; round != rounds; ++round) {
        for (std::size_t i = 0; i != subjects.size(); ++i)
            work(subjects[(i + static_cast<std::size_t>(round)) % subjects.size()]);
    }
}

// One row of a Markdown table.
inline void print_row(const std::vector<std::string>& columns) {
    for (const std::string& column : columns)
        std::printf("| %s ", column.c_str());
    std::printf("|\n");
}
inline void print_head(const std::vector<std::string>& columns) {
    print_row(columns);
    print_row(std::vector<std::string>(columns.size(), "---"));
}

inline std::string number(double value, int digits = 2) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

// `--quick`: small enough for a test.
inline bool quick(int count, char** arguments) {
    return count > 1 && std::strcmp(arguments[1], "--quick") == 0;
}

} // namespace measure
