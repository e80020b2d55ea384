// Layer: adaptor. The source of a family that is not told where its memory comes from, or is told at run time.
#pragma once

#include "cenote/source/upstream_source.hpp"
#include "cenote/source/vm_source.hpp"

#include <cstddef>
#include <memory_resource>

namespace cenote {

// From a std::pmr::memory_resource, or from the OS where none is named. Thread safety is that of the resource.
class system_source {
public:
    system_source(std::pmr::memory_resource* resource = nullptr) noexcept : resource_(resource) {}

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        return resource_ == nullptr ? vm_source{}.allocate(bytes, alignment)
                                    : upstream_source{resource_}.allocate(bytes, alignment);
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        if (resource_ == nullptr)
            vm_source{}.deallocate(p, bytes, alignment);
        else
            upstream_source{resource_}.deallocate(p, bytes, alignment);
    }
    std::size_t decommit(void* p, std::size_t bytes) noexcept {
        return resource_ == nullptr ? vm_source{}.decommit(p, bytes) : 0;
    }

private:
    std::pmr::memory_resource* resource_;
};

} // namespace cenote
