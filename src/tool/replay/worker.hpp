// Layer: tool. Carries a plan out, in a process of its own, whose malloc is whichever was preloaded.
#pragma once

namespace cenote::tool {

// What `cenote` is started with for that: this word, and the number of the open file with the plan.
inline constexpr const char* replay_worker_word = "replay-worker";

// Whether the command line is such a one; then what main returns.
bool is_replay_worker(int argc, char** argv) noexcept;
int work_on_replay(char** argv) noexcept;

} // namespace cenote::tool
