// Layer: source. Memory from any std::pmr::memory_resource.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/source/source.hpp"

#include <memory_resource>

namespace cenote {

// The resource must outlive every pool on it; its thread safety is the pool's. A resource that throws counts as one
// that has no memory. Compiled without exceptions, a resource that cannot serve must abort by itself.
class upstream_source {
public:
    upstream_source(std::pmr::memory_resource* resource = std::pmr::get_default_resource()) noexcept
        : resource_(resource) {}

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
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
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        resource_->deallocate(p, bytes, alignment);
    }

    std::pmr::memory_resource* resource() const noexcept { return resource_; }

private:
    std::pmr::memory_resource* resource_;
};

} // namespace cenote
