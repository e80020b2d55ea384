// Layer: adaptor. Owning pointers into pools, and into whatever an allocator serves. Headers only.
//
//     cenote::object_pool<order> orders;
//     auto a = cenote::make_unique(orders, 17);                 // std::unique_ptr
//     auto b = cenote::make_shared(orders, 17);                 // std::shared_ptr
//     auto c = cenote::allocate_unique<order>(cenote::allocator<order>{}, 17);
//     auto d = std::allocate_shared<order>(cenote::allocator<order>{}, 17); // object and counts in one block
//
// Such a pointer has to be gone before its pool is. What happens else is up to the pool's leftovers:
//
//     abort     the pool's death reports an object that is alive, and aborts
//     destroy   the pool ends the object's life; a pointer that ends, or is used, later is undefined
//     leave     the object's memory goes with the pool; the same
//
// Pointers that may outlive the pool are those of adaptor/shared_pool.hpp, and the handles of adaptor/handle_pool.hpp.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/pool/construct.hpp"

#include <memory>
#include <type_traits>
#include <utility>

namespace cenote {

namespace detail {
template <class Pool>
struct make_unique_needs_cenote_smart_ptr_hpp<pool_deleter<Pool>> {
    using type = std::unique_ptr<typename Pool::value_type, pool_deleter<Pool>>;
};
} // namespace detail

// object_pool, locked_pool, lockfree_pool, cached_pool, static_cached_pool, intrusive_pool.
template <class Pool>
concept pool_of_objects = requires(Pool& pool, typename Pool::value_type* p) {
    typename Pool::deleter;
    pool.destroy(p);
};

// What owns an object of a pool.
template <pool_of_objects Pool>
using pool_ptr = std::unique_ptr<typename Pool::value_type, typename Pool::deleter>;

// A new object of the pool. Throws what create throws. O(1).
template <pool_of_objects Pool, class... Args>
[[nodiscard]] auto make_unique(Pool& pool, Args&&... args) {
    return pool.make_unique(std::forward<Args>(args)...);
}

// A new object of the pool; its counts are allocated by `alloc`. Throws what create throws, and what the allocator throws,
// with nothing left behind. O(1).
template <pool_of_objects Pool, class Allocator, class... Args>
[[nodiscard]] std::shared_ptr<typename Pool::value_type>
make_shared(std::allocator_arg_t, const Allocator& alloc, Pool& pool, Args&&... args) {
    using T = typename Pool::value_type;
    return std::shared_ptr<T>(pool.create(std::forward<Args>(args)...), typename Pool::deleter{pool}, alloc);
}
// The same; its counts are allocated by operator new.
template <pool_of_objects Pool, class... Args>
[[nodiscard]] std::shared_ptr<typename Pool::value_type> make_shared(Pool& pool, Args&&... args) {
    return cenote::make_shared(std::allocator_arg, std::allocator<typename Pool::value_type>{}, pool,
                               std::forward<Args>(args)...);
}

// Gives an object back to the allocator that it is from. Empty where the allocator is.
template <class Allocator>
class allocator_deleter {
    using traits = std::allocator_traits<Allocator>;

public:
    using pointer = typename traits::pointer;

    allocator_deleter() requires std::is_default_constructible_v<Allocator>
    = default;
    explicit allocator_deleter(const Allocator& alloc) noexcept : alloc_(alloc) {}

    void operator()(pointer p) noexcept {
        traits::destroy(alloc_, std::to_address(p));
        traits::deallocate(alloc_, p, 1);
    }

private:
    CENOTE_NO_UNIQUE_ADDRESS Allocator alloc_;
};

// What owns an object of an allocator.
template <class T, class Allocator>
using allocated_ptr =
    std::unique_ptr<T,
                    allocator_deleter<typename std::allocator_traits<Allocator>::template rebind_alloc<T>>>;

// A new T(args...) from the allocator, rebound to T. Throws what the allocator and T's constructor throw, with nothing left
// behind. Memory that the allocator needs has to outlive the pointer.
template <class T, class Allocator, class... Args>
[[nodiscard]] allocated_ptr<T, Allocator> allocate_unique(const Allocator& alloc, Args&&... args) {
    static_assert(std::is_object_v<T> && !std::is_array_v<T>,
                  "allocate_unique makes one object: no arrays; take a container for many");
    using own = typename std::allocator_traits<Allocator>::template rebind_alloc<T>;
    using traits = std::allocator_traits<own>;
    struct unfinished {
        own alloc;
        typename traits::pointer p;
        bool done = false;
        ~unfinished() {
            if (!done) traits::deallocate(alloc, p, 1);
        }
    };
    own mine(alloc);
    unfinished made{mine, traits::allocate(mine, 1)};
    traits::construct(mine, std::to_address(made.p), std::forward<Args>(args)...);
    made.done = true;
    return allocated_ptr<T, Allocator>(made.p, allocator_deleter<own>(mine));
}

} // namespace cenote
