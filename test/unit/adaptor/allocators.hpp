// Everything that stands behind a container here: where its allocators come from, and what is still out there.
#pragma once

#include "cenote/adaptor/allocator.hpp"
#include "cenote/adaptor/heap_resource.hpp"
#include "cenote/adaptor/pool_allocator.hpp"
#include "cenote/adaptor/resource.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory_resource>
#include <string>
#include <utility>

namespace cenote_test {

// Each: `allocator<T>`; make<T>(), one of it; live(), bytes that are out, as far as that can be told.
struct heap_allocators {
    template <class T>
    using allocator = cenote::allocator<T>;
    template <class T>
    allocator<T> make() {
        return {};
    }
    std::size_t live() const { return cenote::heap::process().stats().live - before_; }

private:
    std::size_t before_ = cenote::heap::process().stats().live;
};

template <class Family>
struct family_allocators {
    template <class T>
    using allocator = cenote::pool_allocator<T, Family>;
    template <class T>
    allocator<T> make() {
        return family;
    }
    std::size_t live() const { return family.stats().live; }

    Family family;
};
using pool_allocators = family_allocators<cenote::pool_family>;
using shared_pool_allocators = family_allocators<cenote::shared_pool_family>;
template <class Resource>
struct resource_allocators {
    template <class T>
    using allocator = std::pmr::polymorphic_allocator<T>;
    template <class T>
    allocator<T> make() {
        return &resource;
    }
    std::size_t live() const { return resource.stats().live; }

    Resource resource;
};
using pool_resources = resource_allocators<cenote::pool_resource>;
using shared_pool_resources = resource_allocators<cenote::shared_pool_resource>;

struct arena_resources {
    template <class T>
    using allocator = std::pmr::polymorphic_allocator<T>;
    template <class T>
    allocator<T> make() {
        return &resource;
    }
    std::size_t live() const { return 0; }

    cenote::arena arena;
    cenote::arena_resource<> resource{arena};
};

struct heap_resources {
    template <class T>
    using allocator = std::pmr::polymorphic_allocator<T>;
    template <class T>
    allocator<T> make() {
        return cenote::heap_resource();
    }
    std::size_t live() const { return cenote::heap::process().stats().live - before_; }

private:
    std::size_t before_ = cenote::heap::process().stats().live;
};

using all_allocators =
    ::testing::Types<heap_allocators, pool_allocators, shared_pool_allocators, pool_resources,
                     shared_pool_resources, arena_resources, heap_resources>;

} // namespace cenote_test
