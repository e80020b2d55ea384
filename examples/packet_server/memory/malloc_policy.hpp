// The server's memory from new and malloc: the yardstick for pools_policy.hpp and, with several threads, for
// cached_policy.hpp, with the same interface.
#pragma once

#include "byte_budget.hpp"
#include "object_limit.hpp"
#include "pool_report.hpp"
#include "threading.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace packet_server {

template <class Threading>
struct basic_malloc_policy {
    static constexpr std::string_view name = "malloc";
    static constexpr bool has_pools = false;
    using threading = Threading;

    // Bytes a buffer of `bytes` can grow to without moving: the C library promises no more than was asked
    // for.
    static constexpr std::size_t room(std::size_t bytes) noexcept { return bytes; }

    // What a limit is charged for an allocation: glibc puts a size in front and rounds up to 16 bytes.
    static constexpr std::size_t footprint(std::size_t bytes) noexcept {
        return (std::max<std::size_t>(bytes, 24) + 8 + 15) & ~std::size_t{15};
    }

    template <class T>
    class objects {
        using limit_type = std::conditional_t<Threading::several, limit_share, own_limit>;

    public:
        struct common {
            // At most `most` objects at a time.
            common(byte_budget& from, std::size_t most) noexcept : budget(from), limit(most) {}
            byte_budget& budget;
            typename limit_type::common limit;
        };

        explicit objects(common& of) noexcept : budget_(of.budget), limit_(of.limit) {}

        template <class... Arguments>
        T* create(Arguments&&... arguments) noexcept {
            if (!limit_.take()) return nullptr;
            T* p = nullptr;
            if (budget_.charge(footprint(sizeof(T)))) {
                p = new (std::nothrow) T(std::forward<Arguments>(arguments)...);
                if (p == nullptr) budget_.give_back(footprint(sizeof(T)));
            }
            if (p == nullptr) limit_.give_back();
            return p;
        }
        void destroy(T* p) noexcept {
            delete p;
            limit_.give_back();
            budget_.give_back(footprint(sizeof(T)));
        }
        std::size_t trim() noexcept { return 0; }
        void report(std::string_view, std::vector<pool_report>&) const {}

    private:
        byte_budget& budget_;
        limit_type limit_;
    };

    class buffers {
    public:
        struct common {
            explicit common(byte_budget& from) noexcept : budget(from) {}
            byte_budget& budget;
        };

        explicit buffers(common& of) noexcept : budget_(of.budget) {}

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

using malloc_policy = basic_malloc_policy<one_thread>;
using shared_malloc_policy = basic_malloc_policy<several_threads>;

} // namespace packet_server
