// Every pool against a list of what is live. The first byte says which pool, of which objects.
#include "support/pools.hpp"
#include "fuzz/input.hpp"
#include "fuzz/source.hpp"
#include "support/objects.hpp"

#include <array>
#include <set>
#include <vector>

namespace cenote_fuzz {
namespace {

using namespace cenote_test;

template <class Pools, class Object>
class run {
public:
    run(input from, std::size_t capacity) : from_(from), pool_(policy(capacity), booked_source{books_}) {}

    void all() {
        while (!from_.is_over())
            step();
        books_.refuses = false;
        require(pool_.valid(), "the pool is not valid at the end");
        while (!live_.empty())
            destroy(live_.size() - 1);
        require(pool_.live() == 0, "objects live that nobody created");
    }

private:
    using pool_type = typename Pools::template pool<Object, 0, booked_source>;
    struct entry {
        Object* p;
        std::size_t seed;
    };

    static cenote::growth policy(std::size_t capacity) {
        return capacity == 0 ? cenote::growth{} : cenote::growth::up_to(capacity);
    }

    void step() {
        switch (from_.below(12)) {
        case 0:
        case 1:
        case 2:
            return create(from_.below(300) + 1);
        case 3:
        case 4:
            for (std::size_t n = from_.below(300) + 1; n != 0 && !live_.empty(); --n)
                destroy(from_.byte() % live_.size());
            return;
        case 5:
            while (!live_.empty())
                destroy(live_.size() - 1);
            return;
        case 6:
            return create_many(from_.below(64));
        case 7:
            return (void)pool_.trim();
        case 8:
            return (void)pool_.try_preheat(from_.below(2000));
        case 9:
            books_.refuses = from_.byte() % 2 != 0;
            return;
        case 10:
            return reset(from_.byte());
        default:
            return look();
        }
    }

    void keep(Object* p) {
        require(addresses_.insert(p).second, "handed out twice");
        live_.push_back({p, next_seed_++});
        pattern{p, sizeof(Object)}.fill(live_.back().seed);
    }
    void create(std::size_t count) {
        for (; count != 0; --count) {
            Object* const p = pool_.try_create();
            if (p == nullptr) return require(pool_.live() == live_.size(), "a refusal left something behind");
            keep(p);
        }
    }
    void create_many(std::size_t count) {
        if constexpr (requires(Object * *out) { pool_.try_create_n({out, 1}); }) {
            std::array<Object*, 64> made{};
            if (!pool_.try_create_n({made.data(), count})) return;
            for (std::size_t i = 0; i != count; ++i)
                keep(made[i]);
        }
    }
    void destroy(std::size_t i) {
        const entry e = take_out(live_, i);
        require(pattern{e.p, sizeof(Object)}.holds(e.seed), "somebody else wrote to a live object");
        addresses_.erase(e.p);
        pool_.destroy(e.p);
    }
    void reset(std::size_t how) {
        const bool was_refused = books_.refuses;
        (void)pool_.reset(how % 3 == 0   ? cenote::reset_mode::free_all()
                          : how % 3 == 1 ? cenote::reset_mode::retain_capacity()
                                         : cenote::reset_mode::retain_with_limit(how << 10U));
        books_.refuses = was_refused;
        live_.clear();
        addresses_.clear();
        require(pool_.live() == 0, "objects survive a reset");
    }
    void look() {
        require(pool_.valid(), "the pool is not valid");
        require(pool_.live() == live_.size(), "the pool counts otherwise");
        if constexpr (Pools::knows_its_objects) {
            std::size_t seen = 0;
            pool_.for_each([&](Object& each) {
                ++seen;
                require(addresses_.contains(&each), "for_each visits what is not live");
            });
            require(seen == live_.size(), "for_each misses objects");
            if (!live_.empty()) {
                const Object* const p = live_[from_.byte() % live_.size()].p;
                require(pool_.is_live(p) && pool_.contains(p), "a live object is not known");
                const auto* const inside =
                    reinterpret_cast<const Object*>(reinterpret_cast<const char*>(p) + 1);
                require(!pool_.is_live(inside), "a place inside an object is taken for one");
            }
            Object elsewhere;
            require(!pool_.is_live(&elsewhere) && !pool_.contains(&elsewhere), "a foreign object is known");
        }
    }

    source_books books_; // after the pool's end
    input from_;
    std::vector<entry> live_;
    std::set<const void*> addresses_;
    std::size_t next_seed_ = 1;
    pool_type pool_;
};

template <class Pools>
void with(std::size_t which, input from) {
    const std::size_t capacity = from.byte() % 4 == 0 ? from.below(5000) + 1 : 0;
    if (which % 2 == 0)
        run<Pools, stamped<24, 8>>{from, capacity}.all();
    else
        run<Pools, stamped<3000, 8>>{from, capacity}.all();
}

} // namespace
} // namespace cenote_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace cenote_fuzz;
    input from{bytes, size};
    const std::size_t which = from.byte();
    switch (which / 2 % 6) {
    case 0:
        with<object_pools>(which, from);
        break;
    case 1:
        with<block_pools>(which, from);
        break;
    case 2:
        with<intrusive_pools>(which, from);
        break;
    case 3:
        with<locked_pools>(which, from);
        break;
    case 4:
        with<lockfree_pools>(which, from);
        break;
    default:
        with<cached_pools>(which, from);
        break;
    }
    return 0;
}
