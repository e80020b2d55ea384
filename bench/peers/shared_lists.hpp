// What people write themselves when threads share a pool, and what Boost and the standard library offer them.
#pragma once

#include "peers/boost_pool.hpp"
#include "peers/cenote.hpp"

#include <atomic>
#include <boost/lockfree/detail/freelist.hpp>
#include <boost/pool/singleton_pool.hpp>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <vector>

namespace bench {

// A mutex around a free list.
struct mutex_list {
    static constexpr std::string_view name = "std::mutex and a list";
    static constexpr traits is{.divisor_shared = 10};
    static facts describe() { return {"", "std::mutex around our intrusive_pool"}; }

    template <class T>
    class alignas(64) pool {
    public:
        explicit pool(std::size_t) {}
        T* create(std::uint64_t first) {
            const std::lock_guard hold{mutex_};
            return pool_.create(first);
        }
        void destroy(T* p) {
            const std::lock_guard hold{mutex_};
            pool_.destroy(p);
        }

    private:
        std::mutex mutex_;
        cenote::intrusive_pool<T> pool_;
    };
};

// The textbook's lock-free list: compare-and-swap on the head, no tag. It is wrong: under ABA it hands blocks out twice
// and loses others. Blocks are numbers here and links lie beside them, so that it survives its own fault.
struct untagged_list {
    static constexpr std::string_view name = "untagged CAS list";
    static constexpr traits is{.from = origin::control, .divisor_shared = 10};
    static facts describe() { return {"", "compare-and-swap without a tag: not correct, for comparison"}; }

    template <class T>
    class pool {
    public:
        explicit pool(std::size_t live)
            : blocks_(std::make_unique<block[]>(2 * live + spare)), next_(2 * live + spare),
              count_(static_cast<std::uint32_t>(2 * live + spare)) {
            for (std::uint32_t i = 0; i != count_; ++i)
                next_[i].store(i + 1 == count_ ? none : i + 1, std::memory_order_relaxed);
        }
        T* create(std::uint64_t first) {
            std::uint32_t head = head_.load(std::memory_order_acquire);
            while (head != none &&
                   !head_.compare_exchange_weak(head, next_[head].load(std::memory_order_relaxed),
                                                std::memory_order_acq_rel, std::memory_order_acquire)) {
            }
            if (head == none) head = lost_.fetch_add(1, std::memory_order_relaxed) % count_;
            return ::new (blocks_[head].bytes) T(first);
        }
        void destroy(T* p) {
            const auto at = static_cast<std::uint32_t>(reinterpret_cast<block*>(p) - blocks_.get());
            std::uint32_t head = head_.load(std::memory_order_relaxed);
            do
                next_[at].store(head, std::memory_order_relaxed);
            while (
                !head_.compare_exchange_weak(head, at, std::memory_order_release, std::memory_order_relaxed));
        }

    private:
        static constexpr std::uint32_t none = ~0U;
        static constexpr std::size_t spare = 10'000;
        struct block {
            alignas(T) std::byte bytes[sizeof(T)];
        };
        std::unique_ptr<block[]> blocks_;
        std::vector<std::atomic<std::uint32_t>> next_;
        std::uint32_t count_;
        std::atomic<std::uint32_t> lost_{0};
        alignas(64) std::atomic<std::uint32_t> head_{0};
    };
};

struct boost_lockfree_list {
    static constexpr std::string_view name = "boost::lockfree free list";
    static constexpr traits is{.divisor_shared = 10};
    static facts describe() { return {boost_version(), "freelist_stack, unbounded, thread-safe"}; }

    template <class T>
    class alignas(64) pool {
    public:
        explicit pool(std::size_t) : list_(std::allocator<T>{}) {}
        T* create(std::uint64_t first) { return list_.template construct<true, false>(first); }
        void destroy(T* p) { list_.template destruct<true>(p); }

    private:
        boost::lockfree::detail::freelist_stack<T, std::allocator<T>> list_;
    };
};

struct boost_singleton_pool {
    static constexpr std::string_view name = "boost::singleton_pool";
    static constexpr traits is{.divisor_shared = 10};
    static facts describe() { return {boost_version(), "default mutex and growth"}; }

    template <class T>
    class pool {
    public:
        explicit pool(std::size_t) {}
        pool(const pool&) = delete;
        pool& operator=(const pool&) = delete;
        ~pool() { all::purge_memory(); } // a singleton: or a visit would find the last one's list
        T* create(std::uint64_t first) { return ::new (all::malloc()) T(first); }
        void destroy(T* p) {
            p->~T();
            all::free(p);
        }

    private:
        struct tag;
        using all = boost::singleton_pool<tag, sizeof(T)>;
    };
};

struct pmr_synchronized_pool {
    static constexpr std::string_view name = "std::pmr::synchronized_pool_resource";
    static constexpr traits is{.divisor_shared = 50};
    static facts describe() {
        return {"libstdc++ " + std::to_string(__GLIBCXX__), "default options, over new_delete_resource()"};
    }

    template <class T>
    class raw {
    public:
        explicit raw(std::size_t) {}
        void* allocate() { return pool_.allocate(sizeof(T), alignof(T)); }
        void deallocate(void* p) { pool_.deallocate(p, sizeof(T), alignof(T)); }

    private:
        std::pmr::synchronized_pool_resource pool_{std::pmr::new_delete_resource()};
    };
    template <class T>
    class pool : public typed<T, raw<T>> {
        using typed<T, raw<T>>::typed;
    };
};

} // namespace bench
