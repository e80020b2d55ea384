// Work done in a process of its own, whose answer comes back as text.
#pragma once

#include <functional>
#include <string>

namespace bench {

// Runs `work` in a forked child and returns what it returned. What the child allocated, mapped or broke is
// gone with it. Throws std::runtime_error, with the child's own message where there is one, when it threw or
// died. Call it from a process with one thread.
std::string in_child(const std::function<std::string()>& work);

} // namespace bench
