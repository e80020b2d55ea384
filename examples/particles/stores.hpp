// Where the objects of one type live, five times over. Each store has
//
//     add(args...)     a new object
//     update(step)     step(object) for each; an object dies when it returns false
#pragma once

#include <cenote/object_pool.hpp>

#include <memory>
#include <memory_resource>
#include <utility>
#include <vector>

namespace particles {

// The pool alone: it knows what is live, so there is no list to keep.
template <class T>
class visited_pool {
public:
    template <class... Args>
    void add(Args... args) {
        static_cast<void>(pool_.create(args...));
    }

    template <class Step>
    void update(Step&& step) {
        // Gathered first: while for_each runs, the pool's magazine is set aside, and each destroy would be a slower one.
        pool_.for_each([this, &step](T& object) {
            if (!step(object)) dead_.push_back(&object);
        });
        pool_.destroy_n(dead_);
        dead_.clear();
    }

private:
    cenote::object_pool<T> pool_;
    std::vector<T*> dead_;
};

// A list of pointers, in which the last one fills the gap that a death leaves, over anything with create and destroy.
template <class T, class Memory>
class listed {
public:
    template <class... Args>
    void add(Args... args) {
        objects_.push_back(memory_.create(args...));
    }

    template <class Step>
    void update(Step&& step) {
        for (std::size_t i = 0; i != objects_.size();) {
            if (step(*objects_[i])) {
                ++i;
                continue;
            }
            memory_.destroy(objects_[i]);
            objects_[i] = objects_.back();
            objects_.pop_back();
        }
    }

    listed() = default;
    listed(const listed&) = delete;
    listed& operator=(const listed&) = delete;
    ~listed() {
        for (T* const object : objects_)
            memory_.destroy(object);
    }

private:
    Memory memory_;
    std::vector<T*> objects_;
};

template <class T>
using listed_pool = listed<T, cenote::object_pool<T>>;

template <class T>
class pmr_memory {
public:
    template <class... Args>
    T* create(Args... args) {
        return ::new (resource_.allocate(sizeof(T), alignof(T))) T{args...};
    }
    void destroy(T* object) { resource_.deallocate(object, sizeof(T), alignof(T)); }

private:
    std::pmr::unsynchronized_pool_resource resource_;
};
template <class T>
using listed_pmr = listed<T, pmr_memory<T>>;

// What a program has that never thought about memory.
template <class T>
class unique_pointers {
public:
    template <class... Args>
    void add(Args... args) {
        objects_.emplace_back(new T{args...});
    }

    template <class Step>
    void update(Step&& step) {
        for (std::size_t i = 0; i != objects_.size();) {
            if (step(*objects_[i])) {
                ++i;
                continue;
            }
            if (i + 1 != objects_.size()) objects_[i] = std::move(objects_.back());
            objects_.pop_back();
        }
    }

private:
    std::vector<std::unique_ptr<T>> objects_;
};

// No allocation per object at all; but objects move, so nobody may keep a pointer to one.
template <class T>
class values {
public:
    template <class... Args>
    void add(Args... args) {
        objects_.push_back(T{args...});
    }

    template <class Step>
    void update(Step&& step) {
        for (std::size_t i = 0; i != objects_.size();) {
            if (step(objects_[i])) {
                ++i;
                continue;
            }
            objects_[i] = objects_.back();
            objects_.pop_back();
        }
    }

private:
    std::vector<T> objects_;
};

} // namespace particles
