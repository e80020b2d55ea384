// Fixtures that hear of what pools and families leave when they die.
#pragma once

#include "cenote/pool/leftover_report.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

namespace cenote_test {

struct told_leftovers {
    std::string kind;
    std::string name; // "" where there is none
    std::size_t block_size;
    std::size_t live;
    std::size_t bytes;
    bool operator==(const told_leftovers&) const = default;
};
inline std::vector<told_leftovers> all_told;

class hears_of_leftovers : public ::testing::Test {
protected:
    hears_of_leftovers() {
        all_told.clear();
        before = cenote::set_leftover_reporter([](const cenote::leftover_report& r) noexcept {
            all_told.push_back({r.kind, r.name == nullptr ? "" : r.name, r.block_size, r.live, r.bytes});
        });
    }
    ~hears_of_leftovers() override { cenote::set_leftover_reporter(before); }

    cenote::leftover_reporter before;
};

} // namespace cenote_test
