// Our pools for many threads, and what they are measured against: one pool per thread, shared by nobody.
#pragma once

#include "peers/cenote.hpp"

#include <array>
#include <cstddef>

namespace bench {

template <class T>
using default_cached_pool = cenote::cached_pool<T>;
template <class T>
using default_locked_pool = cenote::locked_pool<T>;
template <class T>
using default_lockfree_pool = cenote::lockfree_pool<T>;
struct by_benchmark;
template <class T>
using default_static_cached_pool = cenote::static_cached_pool<T, by_benchmark>;

struct cached_pool : cenote_typed<default_cached_pool> {
    static constexpr std::string_view name = "cached_pool";
};
struct static_cached_pool : cenote_typed<default_static_cached_pool> {
    static constexpr std::string_view name = "static_cached_pool";
};
struct locked_pool : cenote_typed<default_locked_pool> {
    static constexpr std::string_view name = "locked_pool";
    static constexpr traits is{.from = origin::ours, .divisor_shared = 10};
};
struct lockfree_pool : cenote_typed<default_lockfree_pool> {
    static constexpr std::string_view name = "lockfree_pool";
    static constexpr traits is{.from = origin::ours, .divisor_shared = 10};
};

// What sharing costs at least: every thread has an object_pool of its own. Only where each frees what it allocated.
struct unshared {
    static constexpr std::string_view name = "object_pool per thread";
    static constexpr traits is{.from = origin::ours, .frees_elsewhere = false};
    static facts describe() { return cenote_facts(); }

    template <class T>
    class pool {
    public:
        explicit pool(std::size_t) {}
        cenote::object_pool<T>& of_thread(std::size_t thread) { return pools_[thread].pool; }

    private:
        struct alignas(128) own {
            cenote::object_pool<T> pool;
        };
        std::array<own, most_threads> pools_;
    };
};

} // namespace bench
