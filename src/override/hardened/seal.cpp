#include "seal.hpp"

#include "cenote/os/clock.hpp"
#include "cenote/os/errno_kept.hpp"

#include <cstring>
#include <sys/auxv.h>
#include <sys/random.h>

namespace cenote::detail::hardened {

constinit secret_words secret;

// Where the kernel has no randomness yet, what it gave the program to start with, and the time.
void draw_secret() noexcept {
    const errno_kept kept;
    secret_words drawn;
    if (::getrandom(&drawn, sizeof drawn, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof drawn)) {
        const auto* const given = reinterpret_cast<const void*>(::getauxval(AT_RANDOM));
        if (given != nullptr) std::memcpy(&drawn, given, 16);
        drawn.tag ^= mixed(drawn.address ^ coarse_milliseconds(), drawn.place | 1);
        drawn.address = mixed(drawn.address, drawn.tag | 1);
        drawn.place = mixed(drawn.place, drawn.tag | 1);
    }
    drawn.tag |= 1; // a factor: not zero
    secret = drawn;
}

} // namespace cenote::detail::hardened
