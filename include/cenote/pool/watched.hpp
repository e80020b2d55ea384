// Layer: pool. What stands between a pool's face and its engine, in builds that look more closely.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/source/source.hpp"

#include <cstddef>

#if CENOTE_STAND_INS
#include "cenote/pool/stand_in.hpp"

#include <type_traits>
#elif CENOTE_CHECKS == CENOTE_CHECKS_FULL && !CENOTE_ASAN && !CENOTE_MSAN
#include "cenote/pool/checked_engine.hpp"
#endif

namespace cenote::detail {

#if CENOTE_STAND_INS
template <class Engine, memory_source Source>
using watched = std::conditional_t<is_callers_memory<Source>, Engine, stand_in_engine<Engine>>;
#else
#if CENOTE_CHECKS == CENOTE_CHECKS_FULL && !CENOTE_ASAN && !CENOTE_MSAN
template <class Engine, memory_source Source>
using watched = checked_engine<Engine>;
#else
template <class Engine, memory_source Source>
using watched = Engine;
#endif

// For code that asks at compile time whether there are any.
struct no_stand_ins {
    static void* make(void* block, std::size_t, std::size_t) noexcept { return block; }
    static void* other(const void*) noexcept { return nullptr; }
    static void* retire(void* p) noexcept { return p; }
    template <class Predicate>
    static void free_where(Predicate&&) noexcept {}
};
inline namespace without_stand_ins { // so that nobody links it in the place of the table
inline constexpr no_stand_ins stand_ins;
inline void describe_no_stand_in(const void*) noexcept {}
} // namespace without_stand_ins
#endif

} // namespace cenote::detail
