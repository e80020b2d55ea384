// Layer: override. The profile that the environment names: see profile.cpp.
#pragma once

namespace cenote::detail {

// For when there is an environment.
void say_if_profile_was_missed() noexcept;

} // namespace cenote::detail
