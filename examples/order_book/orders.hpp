// Where orders live, five times over. Each has
//
//     add(order)     a copy of it with a number of its own, at an address that stays
//     find(id)       the order of that number, nullptr where it is gone
//     remove(order)
#pragma once

#include "book.hpp"

#include <cenote/handle_pool.hpp>
#include <cenote/object_pool.hpp>
#include <cenote/pool_allocator.hpp>

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>

namespace order_book {

// The handle is the number: it says where the order is, and that it is gone.
class by_handle {
public:
    order* add(const order& from) {
        const cenote::handle<order> made = orders_.create(from);
        order* const o = orders_.get(made);
        o->id = made.value();
        return o;
    }
    order* find(std::uint64_t id) { return orders_.get(cenote::handle<order>::from_value(id)); }
    void remove(order* o) { orders_.destroy(cenote::handle<order>::from_value(o->id)); }

private:
    cenote::handle_pool<order> orders_;
};

// A map from numbers to pointers, and the orders in `Memory`, which has create and destroy.
template <class Memory>
class by_pointer {
public:
    by_pointer() = default;
    by_pointer(const by_pointer&) = delete;
    by_pointer& operator=(const by_pointer&) = delete;
    ~by_pointer() {
        for (const auto& [id, o] : map_)
            memory_.destroy(o);
    }

    order* add(const order& from) {
        order* const o = memory_.create(from);
        o->id = ++last_;
        map_.emplace(o->id, o);
        return o;
    }
    order* find(std::uint64_t id) {
        const auto found = map_.find(id);
        return found == map_.end() ? nullptr : found->second;
    }
    void remove(order* o) {
        map_.erase(o->id);
        memory_.destroy(o);
    }

private:
    Memory memory_;
    std::unordered_map<std::uint64_t, order*> map_;
    std::uint64_t last_ = 0;
};

struct new_and_delete {
    order* create(const order& from) { return new order(from); }
    void destroy(order* o) { delete o; }
};

// A map that has the orders themselves; it never moves them.
template <class Map>
class by_value {
public:
    by_value() = default;
    explicit by_value(const typename Map::allocator_type& allocator) : map_(allocator) {}
    by_value(const by_value&) = delete;
    by_value& operator=(const by_value&) = delete;

    order* add(const order& from) {
        order* const o = &map_.emplace(++last_, from).first->second;
        o->id = last_;
        return o;
    }
    order* find(std::uint64_t id) {
        const auto found = map_.find(id);
        return found == map_.end() ? nullptr : &found->second;
    }
    void remove(order* o) { map_.erase(o->id); }

private:
    Map map_;
    std::uint64_t last_ = 0;
};

using in_map = by_value<std::unordered_map<std::uint64_t, order>>;

// The same with its memory in pools: one type more, and the allocator given to the constructor.
struct a_family {
    cenote::pool_family family;
};
using pooled_map = std::unordered_map<std::uint64_t, order, std::hash<std::uint64_t>, std::equal_to<>,
                                      cenote::pool_allocator<std::pair<const std::uint64_t, order>>>;
class in_pooled_map : a_family, public by_value<pooled_map> {
public:
    in_pooled_map() : by_value(pooled_map::allocator_type{family}) {}
};

} // namespace order_book
