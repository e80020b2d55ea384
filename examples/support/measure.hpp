// What the measured examples share: a stopwatch, medians, the table, and the one option.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace measure {

// Processor seconds of this thread since it was made or last asked: on a machine with others the clock on the wall would
// count their work, too.
class stopwatch {
public:
    double lap() {
        const double now = seconds();
        return now - std::exchange(since_, now);
    }

private:
    static double seconds() {
        timespec t;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
    }

    double since_ = seconds();
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

// The same with how long it took, divided by `parts`, added to the subject's `seconds`.
template <class Subjects, class Work>
void timed(int rounds, int parts, Subjects& subjects, Work&& work) {
    interleaved(rounds, subjects, [parts, &work](auto& subject) {
        stopwatch watch;
        work(subject);
        subject.seconds.push_back(watch.lap() / parts);
    });
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
