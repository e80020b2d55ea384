// The server's memory from Cenote, for one thread: objects from an object_pool of their type, buffers from one
// block_pool for each size class, larger buffers from malloc. Same interface as malloc_policy.hpp.
#pragma once

#include "budgeted_source.hpp"
#include "large_buffers.hpp"
#include "size_classes.hpp"
#include "threading.hpp"

#include <array>
#include <cenote/cenote.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace packet_server {

struct pools_policy {
    static constexpr std::string_view name = "pools";
    static constexpr bool has_pools = true;
    using threading = one_thread;

    // Bytes a buffer of `bytes` can grow to without moving.
    static constexpr std::size_t room(std::size_t bytes) noexcept { return size_classes::room(bytes); }

    template <class T>
    class objects {
    public:
        // One thread has nothing in common with others: this says how to make its pool.
        struct common {
            common(byte_budget& from, std::size_t most) noexcept : budget(from), limit(most) {}
            byte_budget& budget;
            std::size_t limit; // objects that live at a time
        };

        explicit objects(common& as) : pool_(growth_for(as.budget, as.limit), budgeted_source(as.budget)) {}

        template <class... Arguments>
        T* create(Arguments&&... arguments) noexcept {
            return pool_.try_create(std::forward<Arguments>(arguments)...);
        }
        void destroy(T* p) noexcept { pool_.destroy(p); }
        std::size_t trim() noexcept { return pool_.trim(); }
        void report(std::string_view title, std::vector<pool_report>& rows) const {
            rows.push_back(report_of(pool_, std::string(title)));
        }

    private:
        cenote::object_pool<T, cenote::pool_options{}, budgeted_source> pool_;
    };

    class buffers {
    public:
        struct common {
            explicit common(byte_budget& from) noexcept : budget(from) {}
            byte_budget& budget;
        };

        explicit buffers(common& as)
            : pools_(make_pools(as.budget, std::make_index_sequence<size_classes::count>{})),
              large_(as.budget) {}

        void* allocate(std::size_t bytes) noexcept {
            if (bytes > size_classes::largest) [[unlikely]]
                return large_.allocate(bytes);
            return pools_[size_classes::of(bytes)].try_allocate();
        }
        void free(void* p, std::size_t bytes) noexcept {
            if (bytes > size_classes::largest) [[unlikely]]
                return large_.free(p, bytes);
            pools_[size_classes::of(bytes)].deallocate(p);
        }
        std::size_t trim() noexcept {
            std::size_t bytes = 0;
            for (pool& each : pools_)
                bytes += each.trim();
            return bytes;
        }
        void report(std::string_view title, std::vector<pool_report>& rows) const {
            for (const pool& each : pools_) {
                pool_report row = report_of(each, {});
                if (row.capacity == 0) continue;
                row.name = std::string(title) + " " + std::to_string(row.block_size);
                rows.push_back(std::move(row));
            }
            large_.report(title, rows);
        }

    private:
        using pool = cenote::block_pool<budgeted_source>;
        using pool_array = std::array<pool, size_classes::count>;

        template <std::size_t... Index>
        static pool_array make_pools(byte_budget& budget, std::index_sequence<Index...>) {
            return {
                pool(size_classes::block_size(Index), 16, growth_for(budget), budgeted_source(budget))...};
        }

        pool_array pools_;
        large_buffers<one_thread> large_;
    };
};

} // namespace packet_server
