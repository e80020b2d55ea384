// Soaks the replacement of malloc that it runs on, with the interposer of test/faults before it. usage: soak_malloc SECONDS [KIB]:
// so much more may be resident in the end than in the beginning.
#include "soak/soak.hpp"

#include "override/hidden.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include <dlfcn.h>
#include <malloc.h>

namespace cenote_soak {
namespace {

using cenote_test::hidden;

template <class Function>
Function* of_interposer(const char* name) noexcept {
    return reinterpret_cast<Function*>(::dlsym(RTLD_DEFAULT, name));
}

void* by_malloc(std::size_t bytes) { return std::malloc(hidden(bytes)); }
void* by_calloc(std::size_t bytes) {
    void* const p = std::calloc(1, hidden(bytes));
    if (p != nullptr && bytes <= 5000 && !cenote_test::pattern{p, bytes}.is_zero())
        fault("calloc's memory is not zero");
    return p;
}
// Grows to its size, shrinks to it, or is aligned.
void* by_realloc(std::size_t bytes) {
    void* const p = std::malloc(hidden(bytes % 2 == 0 ? bytes / 2 + 1 : 2 * bytes));
    if (p == nullptr) return nullptr;
    void* const moved = std::realloc(p, hidden(bytes));
    if (moved == nullptr) std::free(p);
    return moved;
}
void* aligned(std::size_t bytes) {
    const std::size_t alignment = std::size_t{16} << bytes % 9;
    void* const p = std::aligned_alloc(alignment, hidden((bytes + alignment - 1) / alignment * alignment));
    if (!cenote_test::is_aligned(p, alignment)) fault("a block is not aligned");
    return p;
}
void by_free(void* p, std::size_t) { std::free(p); }
void* by_new(std::size_t bytes) { return ::operator new(hidden(bytes), std::nothrow); }
void by_delete(void* p, std::size_t bytes) { ::operator delete(p, bytes); }
void trim() { ::malloc_trim(0); }

// All by the limit that CENOTE_LIMIT sets.
constexpr load loads[] = {
    {"malloc", 32, 4'000'000, true, by_malloc, by_free, trim, nullptr},
    {"calloc", 32, 300'000, true, by_calloc, by_free, trim, nullptr},
    {"realloc", 32, 6'000'000, true, by_realloc, by_free, trim, nullptr},
    {"aligned_alloc", 32, 100'000, true, aligned, by_free, trim, nullptr},
    {"operator new", 32, 8'000, true, by_new, by_delete, trim, nullptr},
};

} // namespace

const load* const all_loads = loads;
const std::size_t load_count = std::size(loads);

std::size_t alone(dice& with) {
    // What the C library allocates for itself, and may be refused.
    char* text = nullptr;
    std::size_t length = 0;
    std::FILE* const to = ::open_memstream(&text, &length);
    if (to == nullptr) return 1;
    const std::size_t count = with.below(500);
    for (std::size_t i = 0; i != count; ++i)
        std::fprintf(to, "%zu;", i);
    std::fclose(to);
    std::free(text);
    return count;
}
void fail_one_in(unsigned calls) noexcept {
    static auto* const fail = of_interposer<void(unsigned)>("cenote_test_fail_one_in");
    if (fail == nullptr) fault("the interposer is not preloaded");
    fail(calls);
}
unsigned long failures() noexcept {
    static auto* const count = of_interposer<unsigned long()>("cenote_test_failures");
    return count == nullptr ? 0 : count();
}

} // namespace cenote_soak

int main(int argc, char** argv) {
    return cenote_soak::run(argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 60,
                            argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 0);
}
