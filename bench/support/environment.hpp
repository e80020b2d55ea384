// Conditions under which figures would mean something else than they say.
#pragma once

namespace bench {

// Throws std::runtime_error when malloc of this process is not the C library's (LD_PRELOAD, or a peer whose
// symbols leaked): every subject that allocates through malloc would then be measured over somebody else's.
void require_malloc_of_the_c_library();

} // namespace bench
