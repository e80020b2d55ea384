// malloc_leaky: leaves blocks behind, a known number from each of some functions whose names are exported.
#include "override/hidden.hpp"

#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

using cenote_test::hidden;

extern "C" {

[[gnu::noinline]] void* leak_much() {
    void* const p = std::malloc(hidden(1000UL));
    return hidden(p);
}
[[gnu::noinline]] void* leak_little() {
    void* const p = std::malloc(hidden(48UL));
    return hidden(p);
}
[[gnu::noinline]] void* use_for_a_while() {
    void* const p = std::malloc(hidden(1000UL));
    return hidden(p);
}
[[gnu::noinline]] void* keep_to_the_end() {
    void* const p = std::malloc(hidden(20UL << 20U));
    return hidden(p);
}
[[gnu::noinline]] void* leak_a_mapping() {
    void* const p = std::malloc(hidden(5UL << 20U));
    return hidden(p);
}
}

namespace {

// Freed after main, and no leak.
struct until_the_end {
    void* block = nullptr;
    ~until_the_end() { std::free(block); }
};
until_the_end held;

} // namespace

int main() {
    held.block = keep_to_the_end();
    leak_a_mapping();
    std::vector<void*> passing(20);
    const auto work = [&] {
        for (int round = 0; round != 10'000; ++round) {
            leak_much();
            if (round % 2 == 0) leak_little();
            for (void*& p : passing)
                p = use_for_a_while();
            for (void* const p : passing)
                std::free(p);
        }
    };
    work();
    std::thread{work}.join();
}
