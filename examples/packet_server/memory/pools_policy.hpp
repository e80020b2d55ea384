// The server's memory from Cenote: objects from an object_pool of their type, buffers from one block_pool for
// each size class, larger buffers from malloc. Same interface as malloc_policy.hpp.
#pragma once

#include "byte_budget.hpp"
#include "pool_report.hpp"
#include "size_classes.hpp"

#include <array>
#include <cenote/cenote.hpp>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace packet_server {

// Memory from the operating system as long as the budget lasts: one limit over the segments of many pools.
class budgeted_source : public cenote::source_decorator<cenote::vm_source> {
public:
    explicit budgeted_source(byte_budget& budget) noexcept : budget_(&budget) {}

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        if (!budget_->charge(bytes)) return nullptr;
        void* const p = upstream().allocate(bytes, alignment);
        if (p == nullptr) budget_->give_back(bytes);
        return p;
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        upstream().deallocate(p, bytes, alignment);
        budget_->give_back(bytes);
    }

private:
    byte_budget* budget_;
};

struct pools_policy {
    static constexpr std::string_view name = "pools";
    static constexpr bool has_pools = true;

    // Bytes a buffer of `bytes` can grow to without moving.
    static constexpr std::size_t room(std::size_t bytes) noexcept { return size_classes::room(bytes); }

    // Under a limit that all pools share, none may take much at a time.
    static cenote::growth growth_for(const byte_budget& budget) noexcept {
        using namespace cenote::literals;
        const cenote::growth any = cenote::growth::unlimited();
        return budget.limited() ? any.steps(64_KiB, 128_KiB) : any;
    }

    template <class Pool>
    static pool_report report_of(const Pool& pool, std::string title) {
        const cenote::pool_stats stats = pool.stats();
        return {std::move(title), stats.block_size, stats.live, stats.capacity, stats.bytes, stats.slabs};
    }

    template <class T>
    class objects {
    public:
        // At most `limit` objects at a time.
        objects(byte_budget& budget, std::size_t limit)
            : pool_(limited(growth_for(budget), limit), budgeted_source(budget)) {}

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
        static cenote::growth limited(cenote::growth growth, std::size_t limit) noexcept {
            growth.max_objects = limit;
            return growth;
        }

        cenote::object_pool<T, cenote::pool_options{}, budgeted_source> pool_;
    };

    class buffers {
    public:
        explicit buffers(byte_budget& budget)
            : budget_(budget), pools_(make_pools(budget, std::make_index_sequence<size_classes::count>{})) {}

        void* allocate(std::size_t bytes) noexcept {
            if (bytes > size_classes::largest) [[unlikely]]
                return allocate_large(bytes);
            return pools_[size_classes::of(bytes)].try_allocate();
        }
        void free(void* p, std::size_t bytes) noexcept {
            if (bytes > size_classes::largest) [[unlikely]] {
                std::free(p);
                large_bytes_ -= bytes;
                --large_;
                budget_.give_back(bytes);
                return;
            }
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
            if (large_ != 0)
                rows.push_back({std::string(title) + " malloc", 0, large_, large_, large_bytes_, 0});
        }

    private:
        using pool = cenote::block_pool<budgeted_source>;
        using pool_array = std::array<pool, size_classes::count>;

        template <std::size_t... Index>
        static pool_array make_pools(byte_budget& budget, std::index_sequence<Index...>) {
            return {
                pool(size_classes::block_size(Index), 16, growth_for(budget), budgeted_source(budget))...};
        }

        [[gnu::noinline]] void* allocate_large(std::size_t bytes) noexcept {
            if (!budget_.charge(bytes)) return nullptr;
            void* const p = std::malloc(bytes);
            if (p == nullptr) {
                budget_.give_back(bytes);
                return nullptr;
            }
            large_bytes_ += bytes;
            ++large_;
            return p;
        }

        byte_budget& budget_;
        pool_array pools_;
        std::size_t large_ = 0; // buffers from malloc
        std::size_t large_bytes_ = 0;
    };
};

} // namespace packet_server
