// Where a tree's regions live. All die together, which an arena and a pool know how to use.
#pragma once

#include "tree.hpp"

#include <cenote/arena.hpp>
#include <cenote/object_pool.hpp>

#include <memory_resource>

namespace barnes_hut {

// Those below first.
template <class Destroy>
void one_by_one(region* root, Destroy destroy) {
    for (region* const p : root->parts) {
        if (p != nullptr) one_by_one(p, destroy);
    }
    destroy(root);
}

struct on_arena {
    cenote::arena arena;
    region* create(vec middle, float half) { return arena.create<region>(middle, half); }
    void drop(region*) { arena.reset(cenote::reset_mode::retain_capacity()); }
};

struct on_pool {
    cenote::object_pool<region> pool;
    region* create(vec middle, float half) { return pool.create(middle, half); }
    void drop(region*) { pool.reset(cenote::reset_mode::retain_capacity()); }
};

// The pool used as new and delete are, region by region.
struct on_pool_one_by_one {
    cenote::object_pool<region> pool;
    region* create(vec middle, float half) { return pool.create(middle, half); }
    void drop(region* root) {
        one_by_one(root, [this](region* r) { pool.destroy(r); });
    }
};

struct on_new {
    region* create(vec middle, float half) { return new region(middle, half); }
    void drop(region* root) {
        one_by_one(root, [](region* r) { delete r; });
    }
};

struct on_pmr {
    std::pmr::monotonic_buffer_resource resource;
    region* create(vec middle, float half) {
        return ::new (resource.allocate(sizeof(region), alignof(region))) region(middle, half);
    }
    void drop(region*) { resource.release(); }
};

} // namespace barnes_hut
