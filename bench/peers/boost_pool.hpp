// Boost.Pool: pool, object_pool and fast_pool_allocator.
#pragma once

#include "peers/subject.hpp"

#include <boost/pool/object_pool.hpp>
#include <boost/pool/pool.hpp>
#include <boost/pool/pool_alloc.hpp>
#include <boost/version.hpp>

namespace bench {

inline std::string boost_version() {
    return std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000) + "." +
           std::to_string(BOOST_VERSION % 100);
}

struct boost_pool {
    static constexpr std::string_view name = "boost::pool";
    static constexpr traits is{};
    static facts describe() {
        return {boost_version(), "default growth (32 blocks, then doubling), unordered malloc and free"};
    }

    class raw {
    public:
        explicit raw(std::size_t block_size) : pool_(block_size) {}
        void* allocate() { return pool_.malloc(); }
        void deallocate(void* p) { pool_.free(p); }

    private:
        boost::pool<> pool_;
    };

    template <class T>
    class pool : public typed<T, raw> {
    public:
        explicit pool(std::size_t) : typed<T, raw>(sizeof(T)) {}
    };
};

struct boost_object_pool {
    static constexpr std::string_view name = "boost::object_pool";
    static constexpr traits is{.largest_live = 1'000, .divisor = 20};
    static facts describe() {
        return {boost_version(), "default growth; its free keeps the list ordered by address"};
    }

    template <class T>
    class pool {
    public:
        explicit pool(std::size_t) {}
        T* create(std::uint64_t first) { return pool_.construct(first); }
        void destroy(T* p) { pool_.destroy(p); }

    private:
        boost::object_pool<T> pool_;
    };
};

struct boost_fast_pool_allocator {
    static constexpr std::string_view name = "boost::fast_pool_allocator";
    static constexpr traits is{};
    static facts describe() {
        return {boost_version(), "null_mutex, as its documentation advises for one thread"};
    }

    template <class T>
    class pool {
    public:
        explicit pool(std::size_t) {}
        pool(const pool&) = delete;
        pool& operator=(const pool&) = delete;
        // The allocator's memory is a singleton of the program: without this a visit would find the last
        // one's list.
        ~pool() { singleton::purge_memory(); }

        T* create(std::uint64_t first) { return ::new (static_cast<void*>(allocator::allocate())) T(first); }
        void destroy(T* p) {
            p->~T();
            allocator::deallocate(p);
        }

    private:
        using upstream = boost::default_user_allocator_new_delete;
        using mutex = boost::details::pool::null_mutex;
        using allocator = boost::fast_pool_allocator<T, upstream, mutex>;
        using singleton = boost::singleton_pool<boost::fast_pool_allocator_tag, sizeof(T), upstream, mutex>;
    };
};

} // namespace bench
