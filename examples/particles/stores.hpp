// Where the objects of one type live, five times over. Each store has
//
//     add(args...)     a new object
//     update(step)     step(object) for each; an object dies when it returns false
#pragma once

#include <cenote/object_pool.hpp>

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <utility>
#include <vector>

namespace particles {

// Calls lives_on(object) for each; the last one fills the gap that a death leaves.
template <class Objects, class Step>
void update_each(Objects& objects, Step&& lives_on) {
    for (std::size_t i = 0; i != objects.size();) {
        if (lives_on(objects[i])) {
            ++i;
            continue;
        }
        if (i + 1 != objects.size()) objects[i] = std::move(objects.back());
        objects.pop_back();
    }
}

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

// A list of pointers, over anything with create and destroy.
template <class T, class Memory>
class listed {
public:
    template <class... Args>
    void add(Args... args) {
        objects_.push_back(memory_.create(args...));
    }

    template <class Step>
    void update(Step&& step) {
        update_each(objects_, [this, &step](T* object) {
            if (step(*object)) return true;
            memory_.destroy(object);
            return false;
        });
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
        update_each(objects_, [&step](const std::unique_ptr<T>& object) { return step(*object); });
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
        update_each(objects_, step);
    }

private:
    std::vector<T> objects_;
};

} // namespace particles
