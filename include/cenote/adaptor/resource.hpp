// Layer: adaptor. Memory resources, for containers of std::pmr: over a pool family, and over an arena. Headers only.
//
//     cenote::pool_resource pools;
//     std::pmr::map<int, order> orders{&pools};
//
//     cenote::arena frame;
//     cenote::arena_resource in_frame{frame};
//     std::pmr::vector<int> numbers{&in_frame};
#pragma once

#include "cenote/adaptor/pool_family.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/pool/arena.hpp"
#include "cenote/slab/growth.hpp"
#include "cenote/source/source.hpp"
#include "cenote/source/source_watch.hpp"

#include <bit>
#include <cstddef>
#include <memory_resource>
#include <utility>

namespace cenote {

// A family of its own behind the interface of std::pmr. Thread safety and sources are the family's: `pool_resource` is for
// one thread, `shared_pool_resource` for any number. Outlives what it serves, but for what never is freed. Equal to itself
// alone.
//
// allocate throws std::bad_alloc when the source refuses; both are O(1), but for growth, and for blocks above 8 KiB, which the
// upstream serves. An alignment that is no power of two is undefined, as it is for every memory_resource.
template <class Family>
class basic_pool_resource : public std::pmr::memory_resource {
public:
    // Segments from the OS, larger blocks from the default resource of this moment.
    basic_pool_resource() = default;
    // Everything from `upstream`, which outlives this.
    explicit basic_pool_resource(std::pmr::memory_resource* upstream, growth policy = {})
        : family_(upstream, policy) {}
    explicit basic_pool_resource(growth policy) : family_(policy) {}
    ~basic_pool_resource() override { detail::source_dies(this); }

    // All memory goes back, whatever is still out; with many threads when no other uses it. O(capacity / 64).
    void release() noexcept { family_.release(); }
    // Empty segments and pages go back. Returns bytes. O(capacity / 64).
    std::size_t trim() noexcept { return family_.trim(); }

    // What is out, and what is held; O(segments), with many threads also O(threads).
    family_stats stats() const noexcept { return family_.stats(); }
    // For pool_allocators that shall share it.
    Family& family() noexcept { return family_; }

protected:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        return family_.allocate(bytes, alignment);
    }
    void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
        family_.deallocate(p, bytes, alignment);
    }
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

private:
    Family family_;
};

// For one thread, and for any number; see basic_pool_resource.
using pool_resource = basic_pool_resource<pool_family>;
using shared_pool_resource = basic_pool_resource<shared_pool_family>;

// An arena that lives elsewhere and outlives this. What is deallocated stays used until the arena drops it; a container
// must be gone, or never used again, by then. Not thread-safe. Equal to itself alone: without RTTI there is no telling
// whether another resource is of the same arena.
template <memory_source Source = vm_source>
class arena_resource : public std::pmr::memory_resource {
public:
    explicit arena_resource(basic_arena<Source>& in) noexcept : in_(in) {}
    ~arena_resource() override { detail::source_dies(this); }

    // Where the memory comes from.
    basic_arena<Source>& arena() const noexcept { return in_; }

protected:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        return in_.allocate(bytes, alignment);
    }
    void do_deallocate(void*, std::size_t, std::size_t) override {}
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

private:
    basic_arena<Source>& in_;
};

} // namespace cenote
