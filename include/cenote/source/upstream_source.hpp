// Layer: source. Memory from any std::pmr::memory_resource.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/source/source.hpp"
#include "cenote/source/source_watch.hpp"

#include <memory_resource>

namespace cenote {

inline namespace CENOTE_LEVEL {

// The resource must outlive every pool on it; its thread safety is the pool's. A resource that throws counts as one
// that has no memory. With full checks a resource of this library that dies before is reported. Compiled without exceptions, a resource that cannot serve must abort by itself.
class upstream_source {
public:
    upstream_source(std::pmr::memory_resource* resource = std::pmr::get_default_resource()) noexcept
        : resource_(resource) {}

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        void* const p = ask(bytes, alignment);
        if (checks_full && p != nullptr) detail::watched_sources.took(resource_);
        return p;
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        resource_->deallocate(p, bytes, alignment);
        if (checks_full) detail::watched_sources.gave(resource_);
    }

    std::pmr::memory_resource* resource() const noexcept { return resource_; }

private:
    void* ask(std::size_t bytes, std::size_t alignment) noexcept {
#if CENOTE_EXCEPTIONS
        try {
            return resource_->allocate(bytes, alignment);
        } catch (...) {
            return nullptr;
        }
#else
        return resource_->allocate(bytes, alignment);
#endif
    }

    std::pmr::memory_resource* resource_;
};

} // namespace CENOTE_LEVEL

} // namespace cenote
