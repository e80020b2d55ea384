// Buffers for many threads: a cached_pool is typed, so there is one type of raw bytes for each size class, and a table
// of functions that leads from the class to its pool.
#pragma once

#include "budgeted_source.hpp"
#include "size_classes.hpp"

#include <array>
#include <cenote/cenote.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace packet_server {

template <class Indices>
class basic_sized_pools;

template <std::size_t... Index>
class basic_sized_pools<std::index_sequence<Index...>> {
public:
    explicit basic_sized_pools(byte_budget& budget) : pools_(budget) {}

    // Any thread may call these.
    void* allocate(std::size_t size_class) noexcept { return take_from[size_class](pools_); }
    void free(std::size_t size_class, void* p) noexcept { give_to[size_class](pools_, p); }
    std::size_t trim() noexcept { return (pool<Index>(pools_).trim() + ...); }
    void report(std::string_view title, std::vector<pool_report>& rows) const {
        (add_row(pool<Index>(pools_), title, rows), ...);
    }

private:
    // Says nothing about its bytes, and so creating one writes none.
    template <std::size_t Bytes>
    struct alignas(16) raw_block {
        raw_block() noexcept {} // NOLINT: not `= default`, which would clear the bytes
        std::byte bytes[Bytes];
    };
    template <std::size_t I>
    using block = raw_block<size_classes::block_size(I)>;
    template <std::size_t I>
    using pool_type = cenote::cached_pool<block<I>, cenote::pool_options{}, budgeted_source>;

    // One base for each class: a pool cannot be moved, so they are made in place.
    template <std::size_t I>
    struct holder {
        explicit holder(byte_budget& budget) : pool(growth_for(budget), budgeted_source(budget)) {}
        pool_type<I> pool;
    };
    struct all_pools : holder<Index>... {
        explicit all_pools(byte_budget& budget) : holder<Index>(budget)... {}
    };

    template <std::size_t I>
    static pool_type<I>& pool(all_pools& of) noexcept {
        return static_cast<holder<I>&>(of).pool;
    }
    template <std::size_t I>
    static const pool_type<I>& pool(const all_pools& of) noexcept {
        return static_cast<const holder<I>&>(of).pool;
    }
    template <std::size_t I>
    static void* take(all_pools& from) noexcept {
        return pool<I>(from).try_create();
    }
    template <std::size_t I>
    static void give(all_pools& to, void* p) noexcept {
        pool<I>(to).destroy(static_cast<block<I>*>(p));
    }
    template <class Pool>
    static void add_row(const Pool& from, std::string_view title, std::vector<pool_report>& rows) {
        pool_report row = report_of(from, {});
        if (row.capacity == 0) return;
        row.name = std::string(title) + " " + std::to_string(row.block_size);
        rows.push_back(std::move(row));
    }

    static constexpr std::array<void* (*)(all_pools&) noexcept, sizeof...(Index)> take_from = {
        &take<Index>...};
    static constexpr std::array<void (*)(all_pools&, void*) noexcept, sizeof...(Index)> give_to = {
        &give<Index>...};

    all_pools pools_;
};

using sized_pools = basic_sized_pools<std::make_index_sequence<size_classes::count>>;

} // namespace packet_server
