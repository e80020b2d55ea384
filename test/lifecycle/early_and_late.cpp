// A static pool is used by globals' constructors in two files, by main and its threads, by atexit and by globals'
// destructors, whatever their order.
#include "lifecycle/early_pool.hpp"

#include <cstdio>
#include <cstdlib>
#include <thread>

std::uint64_t value_of_early_user();

namespace {

[[noreturn]] void wrong(const char* what) {
    std::fprintf(stderr, "early_and_late: %s\n", what);
    std::_Exit(1);
}

struct global {
    std::uint64_t* held = early_pool.create(22U);
    ~global() {
        if (*held != 22) wrong("an object did not survive until static destruction");
        early_pool.destroy(held);
        std::uint64_t* const late = early_pool.create(33U);
        if (late == nullptr || *late != 33) wrong("no create in static destruction");
        early_pool.destroy(late);
        std::puts("late destroy done");
        std::fflush(stdout);
    }
};
const global here;

} // namespace

int main() {
    if (*here.held != 22 || value_of_early_user() != 11) wrong("objects made before main are gone");
    if (early_pool.live() != 2) wrong("live is not 2 in main");
    if (early_pool.stats().limit != 100'000) wrong("the tag's policy is not used");
    std::thread{[] { early_pool.destroy(early_pool.create(1U)); }}.join();
    std::atexit([] {
        std::uint64_t* const p = early_pool.create(44U);
        early_pool.destroy(p);
    });
}
