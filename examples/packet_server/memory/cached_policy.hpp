// The server's memory from Cenote, for several threads: one set of cached_pools that all of them use. What one thread
// creates any other may free. Same interface as pools_policy.hpp.
#pragma once

#include "budgeted_source.hpp"
#include "large_buffers.hpp"
#include "size_classes.hpp"
#include "sized_pools.hpp"
#include "threading.hpp"

#include <cenote/cenote.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace packet_server {

struct cached_policy {
    static constexpr std::string_view name = "pools";
    static constexpr bool has_pools = true;
    using threading = several_threads;

    static constexpr std::size_t room(std::size_t bytes) noexcept { return size_classes::room(bytes); }

    // What one thread has of the pool: the pool itself keeps the threads' magazines apart.
    template <class T>
    class objects {
    public:
        struct common {
            common(byte_budget& budget, std::size_t limit)
                : pool(growth_for(budget, limit), budgeted_source(budget)) {}
            cenote::cached_pool<T, cenote::pool_options{}, budgeted_source> pool;
        };

        explicit objects(common& of) noexcept : common_(of) {}

        template <class... Arguments>
        T* create(Arguments&&... arguments) noexcept {
            return common_.pool.try_create(std::forward<Arguments>(arguments)...);
        }
        void destroy(T* p) noexcept { common_.pool.destroy(p); }
        std::size_t trim() noexcept { return common_.pool.trim(); }
        void report(std::string_view title, std::vector<pool_report>& rows) const {
            rows.push_back(report_of(common_.pool, std::string(title)));
        }

    private:
        common& common_;
    };

    class buffers {
    public:
        struct common {
            explicit common(byte_budget& budget) : pools(budget), large(budget) {}
            sized_pools pools;
            large_buffers<several_threads> large;
        };

        explicit buffers(common& of) noexcept : common_(of) {}

        void* allocate(std::size_t bytes) noexcept {
            if (bytes > size_classes::largest) [[unlikely]]
                return common_.large.allocate(bytes);
            return common_.pools.allocate(size_classes::of(bytes));
        }
        void free(void* p, std::size_t bytes) noexcept {
            if (bytes > size_classes::largest) [[unlikely]]
                return common_.large.free(p, bytes);
            common_.pools.free(size_classes::of(bytes), p);
        }
        std::size_t trim() noexcept { return common_.pools.trim(); }
        void report(std::string_view title, std::vector<pool_report>& rows) const {
            common_.pools.report(title, rows);
            common_.large.report(title, rows);
        }

    private:
        common& common_;
    };
};

} // namespace packet_server
