// When a suite ran, of which version of the sources, and how busy the machine was at both ends.
#pragma once

#include "support/report.hpp"

#include <chrono>

namespace bench {

class run_record {
public:
    // Describes the machine as it is before anything is measured.
    explicit run_record(report& to);

    // After the last measurement.
    void finish(report& to) const;

private:
    std::chrono::steady_clock::time_point start_;
};

} // namespace bench
