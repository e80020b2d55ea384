// Layer: tool. Stacks that begin alike, merged: a flame graph. What is too small to be seen is left out of it, and is still in the
// sums of its callers.
#pragma once

#include "measures.hpp"
#include "stack_names.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace cenote::tool {

struct call_tree_frame {
    std::uint32_t parent;   // its place in the tree; of the root, its own
    std::uint32_t function; // of the root: none
    measures sum;           // with all that it calls
};

class call_tree {
public:
    static constexpr double least_share = 0.001;
    static constexpr std::size_t most_frames = 5'000;

    // `of` has the measures of each of `stacks`.
    call_tree(std::span<const view_stack> stacks, std::span<const measures> of);

    // Each before those that it calls; the first is the root, which calls what is outermost.
    const std::vector<call_tree_frame>& frames() const noexcept { return frames_; }

private:
    void add(const view_stack& stack, const measures& m);
    void prune();

    std::vector<call_tree_frame> frames_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> places_; // by parent and function
};

} // namespace cenote::tool
