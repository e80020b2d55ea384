// malloc_profiled MODE: a right program, which tells what check_profile.py looks at.
//
//     sizes      SIZE:USABLE for some sizes, then ALIGNMENT:USABLE for some alignments, each block at such a multiple
//     swing      allocates and frees 3,000 blocks of 48 bytes, 20 times
//     fork       as sizes, of a child
//     early      how much is usable of a block of 17 bytes, the first that this process asked for
//     work       works in two threads; says whether the contents of all blocks were right
#include "override/exercise.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <string_view>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern "C" std::size_t usable_of_the_first_block; // profiled_early.cpp

namespace {

using cenote_test::hidden;

int sizes() {
    for (const std::size_t size : {1UL, 16UL, 17UL, 48UL, 49UL, 1024UL, 1025UL, 4360UL, 4480UL, 65536UL}) {
        void* const p = std::malloc(hidden(size));
        std::memset(p, 1, size);
        std::printf("%zu:%zu ", size, malloc_usable_size(p));
        std::free(p);
    }
    for (std::size_t alignment = 32; alignment <= 4096; alignment *= 2) {
        void* p = nullptr;
        if (posix_memalign(&p, alignment, hidden(std::size_t{20})) != 0) return 1;
        if (reinterpret_cast<std::uintptr_t>(p) % alignment != 0) return 1;
        std::printf("%zu:%zu ", alignment, malloc_usable_size(p));
        std::free(p);
    }
    std::puts("");
    return 0;
}

int swing() {
    std::vector<void*> blocks(3'000);
    for (int i = 0; i != 20; ++i) {
        for (void*& p : blocks)
            p = std::malloc(hidden(std::size_t{48}));
        for (void* const p : blocks)
            std::free(p);
    }
    return 0;
}

int in_child() {
    std::free(std::malloc(hidden(std::size_t{48})));
    const pid_t child = ::fork();
    if (child == 0) {
        const int result = sizes();
        std::fflush(stdout);
        ::_exit(result);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    return status;
}

int work() {
    const char* wrong = nullptr;
    std::thread{[&] { wrong = cenote_test::exercise(1); }}.join();
    if (wrong == nullptr) wrong = cenote_test::exercise(2);
    std::puts(wrong == nullptr ? "done" : wrong);
    return wrong == nullptr ? 0 : 1;
}

} // namespace

int main(int, char** arguments) {
    const std::string_view mode{arguments[1]};
    if (mode == "sizes") return sizes();
    if (mode == "swing") return swing();
    if (mode == "fork") return in_child();
    if (mode == "early") return std::printf("%zu\n", usable_of_the_first_block) < 0 ? 1 : 0;
    return work();
}
