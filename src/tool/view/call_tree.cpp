#include "call_tree.hpp"

#include <algorithm>

namespace cenote::tool {

call_tree::call_tree(std::span<const view_stack> stacks, std::span<const measures> of) {
    frames_.push_back({.parent = 0, .function = 0, .sum = {}});
    for (std::size_t i = 0; i != stacks.size(); ++i)
        add(stacks[i], of[i]);
    places_.clear();
    prune();
}

void call_tree::add(const view_stack& stack, const measures& m) {
    std::uint32_t at = 0;
    frames_[0].sum += m;
    for (const std::uint32_t function : stack.functions) {
        const auto [found, is_new] =
            places_.try_emplace({at, function}, static_cast<std::uint32_t>(frames_.size()));
        if (is_new) frames_.push_back({.parent = at, .function = function, .sum = {}});
        at = found->second;
        frames_[at].sum += m;
    }
}

void call_tree::prune() {
    const measures whole = frames_[0].sum;
    // Whoever is large enough has callers that are.
    const auto is_kept = [&](const call_tree_frame& f, double share) {
        return &f == frames_.data() || f.sum.is_share_of(whole, share);
    };
    double share = least_share;
    const auto count = [&] {
        return static_cast<std::size_t>(std::count_if(
            frames_.begin(), frames_.end(), [&](const call_tree_frame& f) { return is_kept(f, share); }));
    };
    while (count() > most_frames)
        share *= 1.5;
    std::vector<call_tree_frame> kept;
    std::vector<std::uint32_t> now_at(frames_.size());
    for (std::size_t i = 0; i != frames_.size(); ++i) {
        if (!is_kept(frames_[i], share)) continue;
        now_at[i] = static_cast<std::uint32_t>(kept.size());
        kept.push_back(frames_[i]);
        kept.back().parent = now_at[frames_[i].parent];
    }
    frames_ = std::move(kept);
}

} // namespace cenote::tool
