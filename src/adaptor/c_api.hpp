// Layer: adaptor. What the three parts of the C API share: sources made of functions, what options must meet, reset modes, and the
// making of things in the heap of the process.
#pragma once

#include "cenote/cenote.h"

#include "cenote/base/budget.hpp"
#include "cenote/heap/heap.hpp"
#include "cenote/pool/options.hpp"
#include "cenote/source/decorators.hpp"
#include "cenote/source/vm_source.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <new>
#include <utility>

namespace cenote::detail {

// Whether what is reserved is as it must be.
template <class Options>
bool sound_reserved(const Options& options) noexcept {
    return std::all_of(std::begin(options.reserved), std::end(options.reserved),
                       [](std::size_t word) { return word == 0; });
}

inline std::size_t unless_zero(std::size_t value, std::size_t otherwise) noexcept {
    return value == 0 ? otherwise : value;
}

// Limits as C has them, where budgets call them: lies beside what they are of.
class c_limits {
public:
    constexpr c_limits() noexcept = default;

    // `Limited` has set_limit(), set_soft_limit() and on_limit().
    template <class Limited>
    cenote_result set(const cenote_limits* limits, Limited& of) noexcept {
        if (limits != nullptr && !sound_reserved(*limits)) return CENOTE_INVALID_ARGUMENT;
        of.on_limit(nullptr, nullptr);
        limits_ = limits == nullptr ? cenote_limits{} : *limits;
        of.set_limit(unless_zero(limits_.hard, budget::no_limit));
        of.set_soft_limit(unless_zero(limits_.soft, budget::no_limit));
        if (limits_.reached != nullptr) of.on_limit(&pass_on, this);
        return CENOTE_OK;
    }

private:
    static void pass_on(const limit_event& event, void* self) {
        const cenote_limits& to = static_cast<const c_limits*>(self)->limits_;
        to.reached(to.context, event.kind == limit_kind::soft ? CENOTE_SOFT_LIMIT : CENOTE_HARD_LIMIT,
                   event.held, event.limit);
    }

    cenote_limits limits_{};
};

// A memory_source of a caller's functions, or the OS.
class c_functions {
public:
    explicit c_functions(const cenote_source* functions) noexcept
        : functions_(functions == nullptr ? cenote_source{} : *functions) {}

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        if (is_os()) return vm_source{}.allocate(bytes, alignment);
        return functions_.allocate(functions_.context, bytes, alignment);
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        if (is_os()) return vm_source{}.deallocate(p, bytes, alignment);
        functions_.deallocate(functions_.context, p, bytes, alignment);
    }
    std::size_t decommit(void* p, std::size_t bytes) noexcept {
        if (is_os()) return vm_source{}.decommit(p, bytes);
        return functions_.decommit == nullptr ? 0 : functions_.decommit(functions_.context, p, bytes);
    }
    bool call_back(bool was_refused) noexcept { return is_os() && vm_source{}.call_back(was_refused); }

private:
    bool is_os() const noexcept { return functions_.allocate == nullptr; }

    cenote_source functions_;
};

// That with a budget.
class c_source : public limiting_source<c_functions> {
public:
    explicit c_source(const cenote_source* functions) noexcept
        : limiting_source(cenote::budget::no_limit, c_functions{functions}) {}

    static bool complete(const cenote_source* functions) noexcept {
        return functions == nullptr || (functions->allocate != nullptr && functions->deallocate != nullptr);
    }
};

// Whether what every struct of options has is as it must be.
template <class Options>
bool sound(const Options& options) noexcept {
    return c_source::complete(options.source) && sound_reserved(options);
}

// What an alignment of 0 stands for.
inline std::size_t alignment_or_default(std::size_t alignment) noexcept {
    return unless_zero(alignment, alignof(std::max_align_t));
}

// Resets what has C++'s three modes.
template <class Resettable>
cenote_result reset_by(Resettable& what, cenote_reset_mode mode, std::size_t keep_bytes) noexcept {
    switch (mode) {
    case CENOTE_FREE_ALL:
        what.reset(reset_mode::free_all());
        return CENOTE_OK;
    case CENOTE_RETAIN_CAPACITY:
        what.reset(reset_mode::retain_capacity());
        return CENOTE_OK;
    case CENOTE_RETAIN_WITH_LIMIT:
        what.reset(reset_mode::retain_with_limit(keep_bytes));
        return CENOTE_OK;
    }
    return CENOTE_INVALID_ARGUMENT;
}

// A T in the heap of the process, in *out.
template <class T, class Shown, class... Args>
cenote_result make_in_heap(Shown** out, Args&&... args) noexcept {
    void* const memory = heap::process().try_allocate(sizeof(T), alignof(T));
    if (memory == nullptr) return CENOTE_OUT_OF_MEMORY;
    *out = ::new (memory) T(std::forward<Args>(args)...);
    return CENOTE_OK;
}

} // namespace cenote::detail
