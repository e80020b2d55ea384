// What the two soak programs share. Each says what it allocates from (its loads) and how calls of the OS are made to fail; the
// harness lets threads come and go over all loads, hand blocks to each other, fork, trim, meet limits and failures, until the
// time is over. Every block carries a stamp that is checked before it is freed.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace cenote_soak {

// Numbers in no order: splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
class dice {
public:
    explicit dice(std::uint64_t seed) noexcept : state_(seed) {}
    std::uint64_t roll() noexcept {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31U);
    }
    std::size_t below(std::size_t most) noexcept { return roll() % most; }

private:
    std::uint64_t state_;
};

// One place that blocks come from. Every function may be called by any thread.
struct load {
    const char* name;
    std::size_t least; // bytes in a block; 32 or more
    std::size_t most;
    bool is_limited; // may refuse although nothing fails
    void* (*allocate)(std::size_t bytes);
    void (*free)(void* p, std::size_t bytes);
    void (*trim)();
    std::size_t (*live)(); // what is allocated, in whatever measure; nullptr where nobody counts
};

// What a program says.
extern const load* const all_loads;
extern const std::size_t load_count;
// What a thread does with what is its own: returns how many operations that were. Faults end the program.
std::size_t alone(dice& with);
// From now on one call of the OS in so many fails, and the program's sources refuse as often; 0: none.
void fail_one_in(unsigned calls) noexcept;
// How many did.
unsigned long failures() noexcept;

// Says so, and ends the program with 1.
[[noreturn]] void fault(const char* what) noexcept;

// Runs for so many seconds; memory may have grown by `kept` KiB, beyond a quarter and 2 MiB. The program's exit code.
int run(unsigned seconds, std::size_t kept = 0);

} // namespace cenote_soak
