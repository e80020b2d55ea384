// The pools under one roof for the conformance suite: each struct names a pool template and says what it can do.
#pragma once

#include "cenote/cenote.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace cenote_test {

// block_pool with the face of a typed pool, as a user would write it who keeps one type in raw blocks.
template <class T, std::size_t Alignment, class Source>
class typed_block_pool {
public:
    explicit typed_block_pool(cenote::growth policy = {}, Source source = {})
        : blocks_(sizeof(T), std::max(alignof(T), Alignment), policy, std::move(source)) {}

    template <class... Args>
    T* create(Args&&... args) {
        return construct(blocks_.allocate(), std::forward<Args>(args)...);
    }
    template <class... Args>
    T* try_create(Args&&... args) {
        void* const p = blocks_.try_allocate();
        return p == nullptr ? nullptr : construct(p, std::forward<Args>(args)...);
    }
    void destroy(T* p) {
        if (p != nullptr) p->~T();
        blocks_.deallocate(p);
    }
    template <class Visitor>
    void for_each(Visitor&& visit) {
        blocks_.for_each([&](void* p) { visit(*static_cast<T*>(p)); });
    }
    void preheat(std::size_t n) { blocks_.preheat(n); }
    bool try_preheat(std::size_t n) { return blocks_.try_preheat(n); }
    std::size_t trim() { return blocks_.trim(); }
    bool reset(cenote::reset_mode mode) { return blocks_.reset(mode); }
    bool contains(const T* p) const { return blocks_.contains(p); }
    bool is_live(const T* p) const { return blocks_.is_live(p); }
    std::size_t live() const { return blocks_.live(); }
    std::size_t capacity() const { return blocks_.capacity(); }
    cenote::pool_stats stats() const { return blocks_.stats(); }
    Source& source() { return blocks_.source(); }
    bool valid() const { return blocks_.valid(); }

private:
    template <class... Args>
    T* construct(void* p, Args&&... args) {
        return cenote::detail::construct_in<T>(blocks_, p, std::forward<Args>(args)...);
    }
    cenote::block_pool<Source> blocks_;
};

struct object_pools {
    template <class T, std::size_t Alignment = 0, class Source = cenote::vm_source>
    using pool = cenote::object_pool<T, cenote::pool_options{.alignment = Alignment}, Source>;
    static constexpr bool knows_its_objects = true; // for_each, is_live
    static constexpr bool destroys_leftovers = true;
    static constexpr std::size_t link_bytes = 0; // that a block has beyond its object
};

struct locked_pools {
    template <class T, std::size_t Alignment = 0, class Source = cenote::vm_source>
    using pool = cenote::locked_pool<T, cenote::pool_options{.alignment = Alignment}, Source>;
    static constexpr bool knows_its_objects = true;
    static constexpr bool destroys_leftovers = true;
    static constexpr std::size_t link_bytes = 0;
};

struct lockfree_pools {
    template <class T, std::size_t Alignment = 0, class Source = cenote::vm_source>
    using pool = cenote::lockfree_pool<T, cenote::pool_options{.alignment = Alignment}, Source>;
    static constexpr bool knows_its_objects = true;
    static constexpr bool destroys_leftovers = true;
    static constexpr std::size_t link_bytes = 8;
};

struct cached_pools {
    template <class T, std::size_t Alignment = 0, class Source = cenote::vm_source>
    using pool = cenote::cached_pool<T, cenote::pool_options{.alignment = Alignment}, Source>;
    static constexpr bool knows_its_objects = true;
    static constexpr bool destroys_leftovers = true;
    static constexpr std::size_t link_bytes = 0;
};

struct block_pools {
    template <class T, std::size_t Alignment = 0, class Source = cenote::vm_source>
    using pool = typed_block_pool<T, Alignment, Source>;
    static constexpr bool knows_its_objects = true;
    static constexpr bool destroys_leftovers = false;
    static constexpr std::size_t link_bytes = 0;
};

struct intrusive_pools {
    template <class T>
    static constexpr cenote::leftovers at_death =
        std::is_trivially_destructible_v<T> ? cenote::leftovers::leave : cenote::leftovers::abort;
    template <class T, std::size_t Alignment = 0, class Source = cenote::vm_source>
    using pool =
        cenote::intrusive_pool<T, cenote::pool_options{.alignment = Alignment, .at_death = at_death<T>},
                               Source>;
    static constexpr bool knows_its_objects = false;
    static constexpr bool destroys_leftovers = false;
    static constexpr std::size_t link_bytes = 0;
};

} // namespace cenote_test
