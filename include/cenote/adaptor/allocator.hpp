// Layer: adaptor. In the place of std::allocator: the heap of the process. Link cenote::heap.
//
//     std::map<int, order, std::less<>, cenote::allocator<std::pair<const int, order>>> orders;
#pragma once

#include "cenote/adaptor/array_bytes.hpp"
#include "cenote/heap/heap.hpp"

#include <cstddef>
#include <type_traits>

namespace cenote {

// Empty; all are equal, so containers move and swap in O(1) whatever they propagate. Any thread may free what another
// allocated.
template <class T>
class allocator {
public:
    using value_type = T;
    using propagate_on_container_move_assignment = std::true_type;
    using is_always_equal = std::true_type;

    constexpr allocator() noexcept = default;
    // Of the same memory, for another type.
    template <class U>
    constexpr allocator(const allocator<U>&) noexcept {}

    // Room for `n` objects, at multiples of alignof(T). Throws std::bad_array_new_length for more than max_size(),
    // std::bad_alloc when the OS or the heap's limit refuses. O(1), as heap::allocate.
    [[nodiscard]] T* allocate(std::size_t n) {
        return static_cast<T*>(heap::process().allocate(detail::array_bytes<T>(n), alignof(T)));
    }

    // What allocate(n) returned; anything else is reported as the heap says. Up to 64 KiB without a look-up.
    void deallocate(T* p, std::size_t n) noexcept {
        heap::process().deallocate(p, n * sizeof(T), alignof(T));
    }

    static constexpr std::size_t max_size() noexcept { return detail::most_objects<T>; }

    // Whether either may free what the other allocated.
    template <class U>
    friend constexpr bool operator==(const allocator&, const allocator<U>&) noexcept {
        return true;
    }
};

} // namespace cenote
