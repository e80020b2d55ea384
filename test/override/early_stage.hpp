// Stages of a process's life, from before the first constructor to after the last destructor. Each allocates in all sizes,
// and checks and frees what the stages before it left behind.
#pragma once

#include "override/exercise.hpp"

#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace cenote_test {

// Blocks that one stage allocates and a later one frees. In the shared library, so that it is there from the first to
// the last stage; constant-initialised, so that nothing has to run before it is.
struct left_behind {
    static constexpr std::size_t count = 40;
    void* blocks[count];
    std::size_t sizes[count];
    int stages;
};
extern left_behind early_blocks;

// Nothing but write: stdio may not be there yet, or no longer.
inline void say(const char* text) noexcept { (void)!::write(1, text, std::strlen(text)); }

// One line on stdout for each stage that went well; the first that did not ends the process.
inline void stage(const char* name) noexcept {
    left_behind& all = early_blocks;
    const char* wrong = exercise(static_cast<std::uint64_t>(all.stages));
    for (std::size_t i = 0; i != left_behind::count && wrong == nullptr; ++i) {
        const pattern before{all.blocks[i], all.sizes[i]};
        if (all.blocks[i] != nullptr && !before.holds(i))
            wrong = "a block of an earlier stage was overwritten";
        // Some stay for several stages.
        if ((i + static_cast<std::size_t>(all.stages)) % 3 != 0) continue;
        std::free(all.blocks[i]);
        all.sizes[i] = sizes_of_all_regions[(i * 5 + static_cast<std::size_t>(all.stages)) % 50];
        all.blocks[i] = std::malloc(hidden(all.sizes[i]));
        if (all.blocks[i] == nullptr)
            wrong = "no memory";
        else
            pattern{all.blocks[i], all.sizes[i]}.fill(i);
    }
    ++all.stages;
    say(name);
    say(wrong == nullptr ? "\n" : ": ");
    if (wrong == nullptr) return;
    say(wrong);
    say("\n");
    ::_exit(1);
}

} // namespace cenote_test
