// Every pool, arenas, families and handles, while the OS refuses one call after the other.
#include "cenote/cenote.hpp"
#include "cenote/real_time_pool.hpp"
#include "cenote/shared_segment_pool.hpp"
#include "faults/scenario.hpp"
#include "support/pools.hpp"

#include <atomic>
#include <list>
#include <map>
#include <memory_resource>
#include <thread>

namespace cenote_test {
namespace {

using object = stamped<2000, 8>;
constexpr cenote::growth small_steps = cenote::growth::unlimited().steps(16U << 10, 128U << 10);

// Objects with their stamps, some of which may be missing: they were refused.
template <class Pool>
class herd {
public:
    explicit herd(Pool& of) : pool_(of) {}
    void create(std::size_t count) {
        for (std::size_t i = 0; i != count; ++i) {
            object* const p = pool_.try_create(objects_.size());
            if (is_refused(p)) continue;
            objects_.push_back(p);
            p->fill(objects_.size());
        }
    }
    // Every `nth` of them.
    void destroy(std::size_t nth) {
        std::vector<object*> kept;
        for (std::size_t i = 0; i != objects_.size(); ++i) {
            require(objects_[i]->holds(i + 1), "an object was written to by somebody else");
            if (i % nth == 0) {
                pool_.destroy(objects_[i]);
            } else {
                kept.push_back(objects_[i]);
                kept.back()->fill(kept.size());
            }
        }
        objects_.swap(kept);
    }
    std::size_t size() const { return objects_.size(); }
    void forget() { objects_.clear(); }

private:
    Pool& pool_;
    std::vector<object*> objects_;
};

template <class Pools>
void use_pool() {
    using pool_type = typename Pools::template pool<object>;
    pool_type pool{small_steps};
    herd<pool_type> some{pool};
    some.create(300);
    require(pool.live() == some.size(), "the pool counts otherwise");
    some.destroy(2);
    (void)pool.trim();
    (void)pool.trim();
    some.create(100);
    some.destroy(1);
    (void)is_refused(pool.try_preheat(400));
    some.create(50);
    require(pool.valid(), "the pool is not valid");
    (void)pool.reset(cenote::reset_mode::retain_with_limit(200'000));
    some.forget();
    some.create(150);
    (void)pool.reset(cenote::reset_mode::retain_capacity());
    some.forget();
    some.create(150);
    some.destroy(1);
    (void)pool.trim();
    some.create(10);
    some.destroy(1);
    require(pool.live() == 0 && pool.valid(), "the pool is not empty");
}

// Threads come and go, free what others created, and wait for each other.
template <class Pools>
void share_pool() {
    using pool_type = typename Pools::template pool<object>;
    pool_type pool{small_steps};
    for (int round = 0; round != 2; ++round) {
        std::vector<object*> handed[3];
        on_threads_together(3, [&](unsigned t) {
            for (std::size_t i = 0; i != 60; ++i) {
                object* const p = pool.try_create(t);
                if (!is_refused(p)) handed[t].push_back(p);
            }
        });
        on_threads_together(3, [&](unsigned t) {
            for (object* const p : handed[(t + 1) % 3]) {
                require(p->holds((t + 1) % 3), "an object was written to by somebody else");
                pool.destroy(p);
            }
        });
        (void)pool.trim();
    }
    require(pool.live() == 0 && pool.valid(), "the pool is not empty");
}

// As many pools as make a thread's table grow, which all threads use.
void use_many_pools() {
    using pool_type = cenote::cached_pool<std::uint64_t>;
    std::vector<std::unique_ptr<pool_type>> pools;
    for (std::size_t i = 0; i != 600; ++i)
        pools.push_back(std::make_unique<pool_type>(cenote::growth::unlimited().steps(4096, 65536)));
    on_threads_together(2, [&](unsigned) {
        for (std::size_t i = 0; i < pools.size(); i += 37) {
            std::uint64_t* const p = pools[i]->try_create(i);
            if (!is_refused(p)) pools[i]->destroy(p);
        }
        std::uint64_t* const p = pools.back()->try_create(1U);
        if (!is_refused(p)) pools.back()->destroy(p);
    });
}

using static_objects = cenote::static_cached_pool<object, struct os_calls_tag>;
void use_static_pool() {
    static_objects pool;
    on_threads_together(2, [&](unsigned) {
        herd<static_objects> some{pool};
        some.create(150);
        some.destroy(1);
    });
    (void)pool.reset(cenote::reset_mode::free_all());
}

// A source under the pool's lock that takes long, so that other threads sleep in the kernel.
class slow_source : public cenote::vm_source {
public:
    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        ::usleep(1000);
        return vm_source::allocate(bytes, alignment);
    }
};
void wait_for_a_lock() {
    cenote::cached_pool<object, cenote::pool_options{}, slow_source> pool{
        cenote::growth::unlimited().steps(4096, 16U << 10)};
    on_threads_together(3, [&](unsigned) {
        herd<decltype(pool)> some{pool};
        some.create(12);
        some.destroy(1);
    });
    require(pool.live() == 0 && pool.valid(), "the pool is not empty");
}

// So few that the usual RLIMIT_MEMLOCK allows it.
template <class Pool>
void use_real_time_pool() {
    for (int round = 0; round != 3; ++round) {
        Pool pool{10, std::nothrow};
        if (is_refused(pool.is_ready())) continue;
        object* objects[10];
        for (std::size_t i = 0; i != 10; ++i) {
            objects[i] = pool.try_create(i);
            require(objects[i] != nullptr, "there is room for ten");
        }
        for (std::size_t i = 0; i != 10; ++i) {
            require(objects[i]->holds(i), "an object was written to by somebody else");
            pool.destroy(objects[i]);
        }
        pool.reset();
        require(pool.live() == 0 && pool.valid(), "the pool is not empty");
    }
}

void use_arena() {
    cenote::arena arena;
    for (int round = 0; round != 2; ++round) {
        std::vector<object*> objects;
        for (std::size_t i = 0; i != 200; ++i) {
            object* const p = arena.try_create<object>(i);
            if (is_refused(p)) continue;
            objects.push_back(p);
            p->fill(objects.size());
        }
        (void)is_refused(arena.try_allocate(3U << 20, 64));
        for (std::size_t i = 0; i != objects.size(); ++i)
            require(objects[i]->holds(i + 1), "a piece was written to by somebody else");
        const auto mark = arena.get_mark();
        (void)is_refused(arena.try_allocate(300'000, 4096));
        arena.rewind(mark);
        arena.reset(round == 0 ? cenote::reset_mode::retain_with_limit(500'000)
                               : cenote::reset_mode::free_all());
    }
}

void use_handles() {
    cenote::handle_pool<object> pool{small_steps};
    std::vector<cenote::handle<object>> handles;
    for (std::size_t i = 0; i != 250; ++i) {
        const auto made = pool.try_create(i);
        if (!is_refused(bool{made})) {
            handles.push_back(made);
            pool.get(made)->fill(handles.size());
        }
    }
    for (std::size_t i = 0; i != handles.size(); ++i) {
        const object* const p = pool.get(handles[i]);
        require(p != nullptr && p->holds(i + 1), "an object was written to by somebody else");
        require(pool.destroy(handles[i]) && pool.get(handles[i]) == nullptr, "an object did not go");
    }
    (void)pool.trim();
}

template <class Family>
void use_family() {
    Family family{small_steps};
    struct piece {
        void* p;
        std::size_t size;
    };
    std::vector<piece> pieces;
    for (std::size_t round = 0; round != 8; ++round)
        for (const std::size_t size : {1U, 24U, 100U, 700U, 3000U, 8000U, 50'000U}) {
            void* const p = family.try_allocate(size, 8);
            if (is_refused(p)) continue;
            std::memset(p, static_cast<int>(size % 251), size);
            pieces.push_back({p, size});
        }
    for (const piece& each : pieces) {
        for (std::size_t i = 0; i != each.size; ++i)
            require(static_cast<unsigned char*>(each.p)[i] == each.size % 251,
                    "a block was written to by somebody else");
        family.deallocate(each.p, each.size, 8);
    }
    family.trim();
    family.release();
}

// What throws leaves containers as they were.
template <class Family, class Resource>
void use_containers() {
    using pool_allocator =
        typename std::conditional_t<std::is_same_v<Family, cenote::pool_family>,
                                    std::type_identity<cenote::pool_allocator<int>>,
                                    std::type_identity<cenote::shared_pool_allocator<int>>>::type;
    Family family{small_steps};
    std::list<int, pool_allocator> list{pool_allocator{family}};
    Resource resource{small_steps};
    std::pmr::map<int, int> map{&resource};
    for (int i = 0; i != 600; ++i) {
        const std::size_t before = list.size() + map.size();
        try {
            list.push_back(i);
            map.emplace(i, i);
        } catch (const std::bad_alloc&) {
            require(any_failed(), "refused, though no call of the OS failed");
            require(list.size() + map.size() <= before + 1, "a container is not as it was");
        }
    }
}

// The child works on, and the parent.
void fork_with_pools() {
    cenote::cached_pool<object> pool{small_steps};
    cenote::locked_pool<object> other{small_steps};
    herd<decltype(pool)> some{pool};
    herd<decltype(other)> others{other};
    some.create(60);
    others.create(60);
    const pid_t child = ::fork();
    if (child == 0) {
        some.create(60);
        others.create(60);
        some.destroy(1);
        others.destroy(1);
        require(pool.live() == 0 && other.live() == 0, "a pool of the child is not empty");
        ::_exit(0);
    }
    int status = -1;
    if (child > 0) require(::waitpid(child, &status, 0) == child && status == 0, "the child failed");
    some.destroy(1);
    others.destroy(1);
    require(pool.live() == 0 && pool.valid() && other.live() == 0, "a pool is not empty");
}

// Their records are mapped when the first one tells, and tried for again.
void use_named_pools() {
    for (const char* const name : {"one", "two", "three"}) {
        cenote::object_pool<object> pool{small_steps.named(name)};
        herd<decltype(pool)> some{pool};
        some.create(100);
        some.destroy(1);
        (void)pool.trim();
    }
}

void use_segment() {
    struct shared {
        std::uint64_t words[4];
    };
    for (std::uint64_t round = 0; round != 2; ++round) {
        cenote::shared_segment_pool<shared> pool;
        const char* const no_name = nullptr;
        if (is_refused(pool.try_open(no_name, {.capacity = 64}) == cenote::segment_error::none)) continue;
        const auto made = pool.try_create(shared{{round}});
        require(pool.get(made)->words[0] == round, "an object is not what was made");
        // Another participant, by the descriptor.
        cenote::shared_segment_pool<shared> other;
        const int descriptor = pool.new_descriptor();
        if (!is_refused(other.try_open(cenote::segment_descriptor{descriptor}) ==
                        cenote::segment_error::none))
            require(other.get(made)->words[0] == round, "an object is not what another made");
        ::close(descriptor);
        pool.destroy(made);
    }
}

constexpr scenario pool_scenarios[] = {
    {"object_pool", use_pool<object_pools>},
    {"block_pool", use_pool<block_pools>},
    {"intrusive_pool", use_pool<intrusive_pools>},
    {"locked_pool", use_pool<locked_pools>},
    {"lockfree_pool", use_pool<lockfree_pools>},
    {"cached_pool", use_pool<cached_pools>},
    {"locked_pool_and_threads", share_pool<locked_pools>},
    {"lockfree_pool_and_threads", share_pool<lockfree_pools>},
    {"cached_pool_and_threads", share_pool<cached_pools>},
    {"many_pools", use_many_pools, 16U << 10},
    {"static_cached_pool", use_static_pool},
    {"a_lock_that_is_waited_for", wait_for_a_lock},
    {"real_time_pool", use_real_time_pool<cenote::real_time_pool<object>>},
    {"shared_real_time_pool", use_real_time_pool<cenote::shared_real_time_pool<object>>},
    {"arena", use_arena},
    {"handle_pool", use_handles},
    {"pool_family", use_family<cenote::pool_family>},
    {"shared_pool_family", use_family<cenote::shared_pool_family>},
    {"containers", use_containers<cenote::pool_family, cenote::pool_resource>},
    {"containers_of_shared_families",
     use_containers<cenote::shared_pool_family, cenote::shared_pool_resource>},
    {"named_pools", use_named_pools, 64U << 10},
    {"shared_segment_pool", use_segment},
    {"fork", fork_with_pools}};

INSTANTIATE_TEST_SUITE_P(of_pools, failing_os_calls, testing::ValuesIn(pool_scenarios), scenario_name);

} // namespace
} // namespace cenote_test
