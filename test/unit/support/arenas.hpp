// Arenas over the books, and objects that tell of their death.
#pragma once

#include "cenote/pool/arena.hpp"
#include "unit/support/ledger.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace cenote_test {

using cenote::arena_growth;
using cenote::reset_mode;
using booked_arena = cenote::basic_arena<ledger_source>;

// What AddressSanitizer says of memory that the arena has not handed out.
inline constexpr bool hidden = CENOTE_ASAN != 0;
inline constexpr std::size_t header_bytes = 24; // of every slab of an arena: 3 words

// The source is asked for slabs of just this size.
inline constexpr arena_growth slabs_of_1000{.first_bytes = 1000, .largest_bytes = 1000};

// Appends its number to a list when it dies.
class mourned {
public:
    mourned(std::vector<int>& deaths, int number) noexcept : deaths_(&deaths), number_(number) {}
    mourned(const mourned&) = delete;
    mourned& operator=(const mourned&) = delete;
    ~mourned() { deaths_->push_back(number_); }

private:
    std::vector<int>* deaths_;
    int number_;
};

// All bytes are the program's to write.
inline void fill(void* p, std::size_t bytes) {
    std::fill_n(static_cast<unsigned char*>(p), bytes, static_cast<unsigned char>(0xEE));
}

} // namespace cenote_test
