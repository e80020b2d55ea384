// Layer: os. Keeps errno over calls of the OS whose failure is none of the caller's: free leaves it as it was.
#pragma once

#include <cerrno>

namespace cenote::detail {

class errno_kept {
public:
    errno_kept() noexcept : kept_(errno) {}
    ~errno_kept() { errno = kept_; }
    errno_kept(const errno_kept&) = delete;
    errno_kept& operator=(const errno_kept&) = delete;

private:
    int kept_;
};

} // namespace cenote::detail
