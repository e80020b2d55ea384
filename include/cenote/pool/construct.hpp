// Layer: pool. What every typed pool does the same way: construct in a block, give the block back if that throws,
// and delete through a pointer to the pool.
#pragma once

#include "cenote/base/config.hpp"

#include <new>
#include <type_traits>
#include <utility>

namespace cenote::detail {

// The block an object lies in, whatever its constness.
inline void* block_of(const volatile void* object) noexcept { return const_cast<void*>(object); }

// T(args...) at `p`; T{args...} for aggregates, where the compiler does not know parentheses for them.
template <class T, class... Args>
CENOTE_ALWAYS_INLINE T* construct_at(void* p,
                                     Args&&... args) noexcept(std::is_nothrow_constructible_v<T, Args...>) {
    if constexpr (std::is_constructible_v<T, Args...>)
        return ::new (p) T(std::forward<Args>(args)...);
    else
        return ::new (p) T{std::forward<Args>(args)...};
}

// The same in a block that `from` allocated. If the constructor throws, the block goes back first.
template <class T, class Pool, class... Args>
CENOTE_ALWAYS_INLINE T* construct_in([[maybe_unused]] Pool& from, void* p,
                                     Args&&... args) noexcept(std::is_nothrow_constructible_v<T, Args...>) {
#if CENOTE_EXCEPTIONS
    if constexpr (!std::is_nothrow_constructible_v<T, Args...>) {
        try {
            return construct_at<T>(p, std::forward<Args>(args)...);
        } catch (...) {
            from.deallocate(p);
            throw;
        }
    }
#endif
    return construct_at<T>(p, std::forward<Args>(args)...);
}

// What make_unique returns; defined in cenote/smart_ptr.hpp, since <memory> takes longer to compile than a pool does.
template <class Deleter>
struct make_unique_needs_cenote_smart_ptr_hpp;

// Destroys into the pool it was made with.
template <class Pool>
class pool_deleter {
public:
    pool_deleter() = default; // for an empty unique_ptr
    explicit pool_deleter(Pool& pool) noexcept : pool_(&pool) {}
    void operator()(typename Pool::value_type* p) const noexcept { pool_->destroy(p); }

private:
    Pool* pool_ = nullptr;
};

} // namespace cenote::detail
