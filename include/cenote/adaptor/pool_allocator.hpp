// Layer: adaptor. The allocator over a pool family of one's own. Headers only: nothing to link.
//
//     cenote::pool_family family;                          // outlives the containers
//     std::list<int, cenote::pool_allocator<int>> numbers{family};
//     auto one = std::allocate_shared<order>(cenote::pool_allocator<order>{family}, 17);
#pragma once

#include "cenote/adaptor/array_bytes.hpp"
#include "cenote/adaptor/pool_family.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/heap/size_class.hpp"

#include <cstddef>
#include <type_traits>

namespace cenote {

// One pointer. Equal to another where both are of one family, whatever their types. Thread safety is that of the family.
//
// Move assignment and swap of containers take the allocator along, so that both are O(1) and never undefined: afterwards a
// container is in the family where its elements were made. Copy assignment leaves the target in its own family; a copy
// constructed from a container is in the family of the original.
template <class T, class Family = pool_family>
class pool_allocator {
public:
    using value_type = T;
    using propagate_on_container_copy_assignment = std::false_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;
    using is_always_equal = std::false_type;
    template <class U>
    struct rebind {
        using other = pool_allocator<U, Family>;
    };

    pool_allocator(Family& family) noexcept : family_(&family) {}
    // Of the same memory, for another type.
    template <class U>
    pool_allocator(const pool_allocator<U, Family>& other) noexcept : family_(&other.family()) {}

    // Room for `n` objects. Throws std::bad_array_new_length for more than max_size(), std::bad_alloc when the family's
    // source refuses. O(1), but for growth. One object has its pool known at compile time.
    [[nodiscard]] CENOTE_ALWAYS_INLINE T* allocate(std::size_t n) {
        void* p;
        if (n == 1 && class_of_one != detail::no_class) {
            p = family_->try_allocate_class(class_of_one);
        } else {
            p = family_->try_allocate(detail::array_bytes<T>(n), alignof(T));
        }
        if (p == nullptr) [[unlikely]]
            family_->throw_exhausted(n * sizeof(T), alignof(T));
        return static_cast<T*>(p);
    }

    // What allocate(n) of an equal allocator returned, of whatever type it was; anything else is reported as the family says.
    CENOTE_ALWAYS_INLINE void deallocate(T* p, std::size_t n) noexcept {
        if (n == 1 && class_of_one != detail::no_class)
            family_->deallocate_class(class_of_one, p);
        else
            family_->deallocate(p, n * sizeof(T), alignof(T));
    }

    static constexpr std::size_t max_size() noexcept { return detail::most_objects<T>; }

    // Where the memory comes from.
    Family& family() const noexcept { return *family_; }

    // Whether either may free what the other allocated.
    template <class U>
    friend bool operator==(const pool_allocator& a, const pool_allocator<U, Family>& b) noexcept {
        return &a.family() == &b.family();
    }

private:
    static constexpr detail::size_class class_of_one = Family::class_of(sizeof(T), alignof(T));

    Family* family_;
};

// For containers that several threads allocate from, each its own, or one under a lock of the caller's.
template <class T>
using shared_pool_allocator = pool_allocator<T, shared_pool_family>;

} // namespace cenote
