// Layer: source. A reference to a source of any type, for code that is compiled once: the heap.
#pragma once

#include "cenote/source/source.hpp"

#include <concepts>
#include <cstddef>

namespace cenote {

// Refers to a source that lives elsewhere and outlives whoever uses it. Copyable. Thread safety is that of the source.
class any_source {
public:
    // Not of itself: a copy refers to the same source.
    template <memory_source Source>
    requires(!std::same_as<Source, any_source>) any_source(Source& to)
    noexcept
        : to_(&to), allocate_([](void* s, std::size_t bytes, std::size_t alignment) noexcept {
              return static_cast<Source*>(s)->allocate(bytes, alignment);
          }),
          deallocate_([](void* s, void* p, std::size_t bytes, std::size_t alignment) noexcept {
              static_cast<Source*>(s)->deallocate(p, bytes, alignment);
          }) {
        if constexpr (decommitting_source<Source>)
            decommit_ = [](void* s, void* p, std::size_t bytes) noexcept {
                return static_cast<Source*>(s)->decommit(p, bytes);
            };
        if constexpr (requires { to.call_back(true); })
            call_back_ = [](void* s, bool was_refused) noexcept {
                return static_cast<Source*>(s)->call_back(was_refused);
            };
    }

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        return allocate_(to_, bytes, alignment);
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        deallocate_(to_, p, bytes, alignment);
    }
    // Nothing where the source cannot.
    std::size_t decommit(void* p, std::size_t bytes) noexcept {
        return decommit_ == nullptr ? 0 : decommit_(to_, p, bytes);
    }
    bool call_back(bool was_refused) noexcept {
        return call_back_ != nullptr && call_back_(to_, was_refused);
    }

private:
    void* to_;
    void* (*allocate_)(void*, std::size_t, std::size_t) noexcept;
    void (*deallocate_)(void*, void*, std::size_t, std::size_t) noexcept;
    std::size_t (*decommit_)(void*, void*, std::size_t) noexcept = nullptr;
    bool (*call_back_)(void*, bool) noexcept = nullptr;
};

} // namespace cenote
