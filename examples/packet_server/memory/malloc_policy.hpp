// The server's memory from new and malloc: the yardstick for pools_policy.hpp, with the same interface.
#pragma once

#include "byte_budget.hpp"
#include "pool_report.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace packet_server {

struct malloc_policy {
    static constexpr std::string_view name = "malloc";
    static constexpr bool has_pools = false;

    // Bytes a buffer of `bytes` can grow to without moving: the C library promises no more than was asked
    // for.
    static constexpr std::size_t room(std::size_t bytes) noexcept { return bytes; }

    // What a limit is charged for an allocation: glibc puts a size in front and rounds up to 16 bytes.
    static constexpr std::size_t footprint(std::size_t bytes) noexcept {
        return (std::max<std::size_t>(bytes, 24) + 8 + 15) & ~std::size_t{15};
    }

    template <class T>
    class objects {
    public:
        // At most `limit` objects at a time.
        objects(byte_budget& budget, std::size_t limit) noexcept : budget_(budget), limit_(limit) {}

        template <class... Arguments>
        T* create(Arguments&&... arguments) noexcept {
            if (live_ == limit_ || !budget_.charge(footprint(sizeof(T)))) return nullptr;
            T* const p = new (std::nothrow) T(std::forward<Arguments>(arguments)...);
            if (p == nullptr) {
                budget_.give_back(footprint(sizeof(T)));
            } else {
                ++live_;
            }
            return p;
        }
        void destroy(T* p) noexcept {
            delete p;
            --live_;
            budget_.give_back(footprint(sizeof(T)));
        }
        std::size_t trim() noexcept { return 0; }
        void report(std::string_view, std::vector<pool_report>&) const {}

    private:
        byte_budget& budget_;
        std::size_t limit_;
        std::size_t live_ = 0;
    };

    class buffers {
    public:
        explicit buffers(byte_budget& budget) noexcept : budget_(budget) {}

        void* allocate(std::size_t bytes) noexcept {
            if (!budget_.charge(footprint(bytes))) return nullptr;
            void* const p = std::malloc(bytes);
            if (p == nullptr) budget_.give_back(footprint(bytes));
            return p;
        }
        void free(void* p, std::size_t bytes) noexcept {
            std::free(p);
            budget_.give_back(footprint(bytes));
        }
        std::size_t trim() noexcept { return 0; }
        void report(std::string_view, std::vector<pool_report>&) const {}

    private:
        byte_budget& budget_;
    };
};

} // namespace packet_server
