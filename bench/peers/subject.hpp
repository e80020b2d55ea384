// What a subject is: the one small interface behind which every pool and every malloc stands.
//
//     struct some_family {
//         static constexpr std::string_view name = "...";       // as it stands in the results
//         static constexpr traits is{.from = origin::peer};
//         static facts describe();                              // version and options, as used
//         template <class T> class pool {
//             // `live` is the most objects there will be at once; only what cannot grow may use it.
//             explicit pool(std::size_t live);
//             T* create(std::uint64_t first);
//             void destroy(T* p);  // or, where is.frees_singly is false, void reset()
//         };
//     };
//
// Where threads share a subject, each calls create and destroy of of_thread(subject, its number).
#pragma once

#include "support/rows.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

// A block as the allocator hands it out: nobody writes to it, so that what is measured is the allocator alone.
template <std::size_t Size>
struct untouched_object {
    explicit untouched_object(std::uint64_t) noexcept {}
    std::uint64_t first;
    std::byte rest[Size - sizeof(std::uint64_t)];
};

// What a program would keep in a block. The constructor writes the first 8 bytes and leaves the rest, for
// every subject alike.
template <std::size_t Size>
struct object {
    static_assert(Size > sizeof(std::uint64_t));
    explicit object(std::uint64_t value) noexcept : first(value) {}
    std::uint64_t first;
    std::byte rest[Size - sizeof(std::uint64_t)];
};

struct traits {
    origin from = origin::peer;
    bool frees_singly = true;
    // Frees take time linear in the free blocks: not measured with more live objects than this, and with only
    // one call's worth in `divisor` of the operations.
    std::size_t largest_live = std::numeric_limits<std::size_t>::max();
    std::size_t divisor = 1;
    bool frees_elsewhere = true; // a thread may free what another allocated
    // So slow between two threads that calls have only so large a part of the operations.
    std::size_t divisor_shared = 1;
};

struct facts {
    std::string version;
    std::string options;
};

// What a malloc is, in the suite `heap`: functions for blocks of any size, as a program that uses it would call them.
//
//     struct some_family {
//         static constexpr std::chrono::milliseconds decay{500};   // as documented; 0: nothing is
//         static void* allocate(std::size_t bytes);
//         static void deallocate(void* p);
//         static void deallocate(void* p, std::size_t bytes);      // where it has a free that is told the size
//         static void* reallocate(void* p, std::size_t bytes);
//     };
template <class Family>
concept frees_sized = requires(void* p, std::size_t bytes) {
    Family::deallocate(p, bytes);
};

// Typed use of what hands out raw memory through allocate() and deallocate(void*).
template <class T, class Raw>
class typed : public Raw {
public:
    using Raw::Raw;
    [[gnu::always_inline]] T* create(std::uint64_t first) { return ::new (Raw::allocate()) T(first); }
    [[gnu::always_inline]] void destroy(T* p) {
        p->~T();
        Raw::deallocate(p);
    }
};

// A subject may have its state moved into the registers of the loop that measures it: only the limit does.
template <class Pool>
concept held_in_registers = requires(Pool& pool) {
    pool.return_registers(pool.lend_registers());
};

// `auto&& pool = hold(subject)` at the start of a measuring loop and `give_back(subject, pool)` at its end.
template <class Pool>
decltype(auto) hold(Pool& subject) {
    if constexpr (held_in_registers<Pool>) {
        return subject.lend_registers();
    } else {
        return (subject);
    }
}

template <class Pool, class Held>
void give_back(Pool& subject, Held& held) {
    if constexpr (held_in_registers<Pool>) subject.return_registers(held);
}

// No workload has more threads.
inline constexpr std::size_t most_threads = 32;

// What the thread of this number, from 0, uses: the subject itself, or the part of it that is the thread's own.
template <class Pool>
auto& of_thread(Pool& subject, std::size_t thread) {
    if constexpr (requires { subject.of_thread(thread); }) {
        return subject.of_thread(thread);
    } else {
        return subject;
    }
}

template <class... Families>
struct subject_list {};

// Calls visitor.operator()<Family>() for each of them, in order.
template <class... Families, class Visitor>
void for_each_subject(subject_list<Families...>, Visitor&& visitor) {
    (visitor.template operator()<Families>(), ...);
}

} // namespace bench
