// What a policy says about threads: whether the server's memory and its store belong to one or to several. What
// only several need, a lock above all, is not there for one.
#pragma once

#include <atomic>
#include <mutex>

namespace packet_server {

struct one_thread {
    static constexpr bool several = false;
    struct mutex {
        void lock() noexcept {}
        void unlock() noexcept {}
    };
    template <class Number>
    using number = Number; // that every thread changes
};

struct several_threads {
    static constexpr bool several = true;
    using mutex = std::mutex;
    template <class Number>
    using number = std::atomic<Number>;
};

} // namespace packet_server
