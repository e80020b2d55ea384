// Layer: source. Memory that is resident from the start and stays so: every piece is locked, and with that faulted in, before
// anybody has it.
#pragma once

#include "cenote/os/vm.hpp"
#include "cenote/source/decorators.hpp"

#include <cstddef>

namespace cenote {

// What the OS does not lock, for RLIMIT_MEMLOCK as a rule, counts as refused, and goes back. An upstream that gives less than whole
// OS pages has others' bytes in them, which are locked, and unlocked, too. There is no decommit: that is what is not wanted.
// Thread-safe as its upstream is, but for the count.
template <memory_source Upstream>
class locked_source : public source_decorator<Upstream> {
public:
    using source_decorator<Upstream>::source_decorator;

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        void* const p = this->upstream_.allocate(bytes, alignment);
        if (p == nullptr || vm::lock(p, bytes)) return p;
        ++not_locked_;
        vm::unlock(p, bytes); // a part of it may be locked
        this->upstream_.deallocate(p, bytes, alignment);
        return nullptr;
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        vm::unlock(p, bytes);
        this->upstream_.deallocate(p, bytes, alignment);
    }
    void decommit(void*, std::size_t) = delete;

    // Times that the OS did not lock what the upstream gave.
    std::size_t not_locked() const noexcept { return not_locked_; }

private:
    std::size_t not_locked_ = 0;
};

} // namespace cenote
