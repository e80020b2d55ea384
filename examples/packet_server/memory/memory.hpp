// The memory of one server: a policy (where blocks come from) behind a meter (what happens to them).
//
// What is in this file belongs to one thread. Behind it a policy has a part that the threads have in common,
// `Policy::objects<T>::common`: with several threads the pool itself, with one no more than how to make it.
#pragma once

#include "byte_budget.hpp"
#include "kinds.hpp"
#include "meter.hpp"
#include "pool_report.hpp"

#include <cstddef>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace packet_server {

// Objects of one type.
template <class T, class Policy>
class object_memory {
public:
    using policy_objects = typename Policy::template objects<T>;

    object_memory(meter& counts, object_kind kind, typename policy_objects::common& common)
        : meter_(counts), kind_(kind), objects_(common) {}

    // nullptr when no memory is left, or `limit` objects live.
    template <class... Arguments>
    T* create(Arguments&&... arguments) noexcept {
        return meter_.allocate(kind_, sizeof(T),
                               [&] { return objects_.create(std::forward<Arguments>(arguments)...); });
    }
    void destroy(T* p) noexcept {
        meter_.free(kind_, p, [&] { objects_.destroy(p); });
    }
    std::size_t live() const noexcept { return static_cast<std::size_t>(meter_.tally(kind_).live()); }
    std::size_t trim() noexcept { return objects_.trim(); }
    void report(std::vector<pool_report>& rows) const { objects_.report(name_of(kind_), rows); }

private:
    meter& meter_;
    object_kind kind_;
    policy_objects objects_;
};

// Buffers of any size. Every free names the size that was asked for.
template <class Policy>
class buffer_memory {
public:
    using policy_buffers = typename Policy::buffers;

    buffer_memory(meter& counts, object_kind kind, typename policy_buffers::common& common)
        : meter_(counts), kind_(kind), buffers_(common) {}

    // `bytes` is above 0. nullptr when no memory is left.
    void* allocate(std::size_t bytes) noexcept {
        return meter_.allocate(kind_, bytes, [&] { return buffers_.allocate(bytes); });
    }
    void free(void* p, std::size_t bytes) noexcept {
        meter_.free(kind_, p, [&] { buffers_.free(p, bytes); });
    }
    std::size_t live() const noexcept { return static_cast<std::size_t>(meter_.tally(kind_).live()); }
    std::size_t trim() noexcept { return buffers_.trim(); }
    void report(std::vector<pool_report>& rows) const { buffers_.report(name_of(kind_), rows); }

private:
    meter& meter_;
    object_kind kind_;
    policy_buffers buffers_;
};

namespace detail {
template <class Common>
struct common_holder {
    template <class... Arguments>
    explicit common_holder(Arguments&&... arguments) : common(std::forward<Arguments>(arguments)...) {}
    Common common;
};
} // namespace detail

// The same with nothing in common with others: used by one thread at a time.
template <class T, class Policy>
class own_object_memory : private detail::common_holder<typename Policy::template objects<T>::common>,
                          public object_memory<T, Policy> {
    using holder = detail::common_holder<typename Policy::template objects<T>::common>;

public:
    // At most `limit` objects live at a time.
    own_object_memory(meter& counts, object_kind kind, byte_budget& budget,
                      std::size_t limit = byte_budget::no_limit)
        : holder(budget, limit), object_memory<T, Policy>(counts, kind, holder::common) {}
};
template <class Policy>
class own_buffer_memory : private detail::common_holder<typename Policy::buffers::common>,
                          public buffer_memory<Policy> {
    using holder = detail::common_holder<typename Policy::buffers::common>;

public:
    own_buffer_memory(meter& counts, object_kind kind, byte_budget& budget)
        : holder(budget), buffer_memory<Policy>(counts, kind, holder::common) {}
};

// What Asio allocates the state of a waiting operation with.
template <class T, class Policy>
class handler_allocator {
public:
    using value_type = T;

    explicit handler_allocator(buffer_memory<Policy>& from) noexcept : from_(&from) {}
    template <class Other>
    handler_allocator(const handler_allocator<Other, Policy>& other) noexcept : from_(other.from()) {}

    T* allocate(std::size_t n) {
        void* const p = from_->allocate(n * sizeof(T));
        if (p == nullptr) throw std::bad_alloc();
        return static_cast<T*>(p);
    }
    void deallocate(T* p, std::size_t n) noexcept { from_->free(p, n * sizeof(T)); }

    buffer_memory<Policy>* from() const noexcept { return from_; }
    friend bool operator==(const handler_allocator& a, const handler_allocator& b) noexcept {
        return a.from_ == b.from_;
    }

private:
    buffer_memory<Policy>* from_;
};

} // namespace packet_server
