// Where the loop's records come from. `prepare` is what a program does before its loop begins.
#pragma once

#include "loop.hpp"

#include <cenote/object_pool.hpp>

#include <malloc.h>

#include <cstddef>
#include <memory_resource>
#include <new>
#include <vector>

namespace control_loop {

// Takes and gives back as many records as there will ever be, so that each page was written once and is resident.
template <class Memory>
void touch(Memory& memory, std::size_t records) {
    std::vector<record*> all(records);
    for (record*& r : all)
        r = memory.create();
    for (record* const r : all)
        memory.destroy(r);
}

// Room for exactly as many records as there may be, taken once: no call of the source afterwards.
class fixed_pool {
public:
    explicit fixed_pool(std::size_t records) : pool_(cenote::growth::fixed(records)), records_(records) {}
    void prepare() { touch(*this, records_); }
    record* create() { return pool_.create(); }
    void destroy(record* r) { pool_.destroy(r); }

private:
    cenote::object_pool<record> pool_;
    std::size_t records_;
};

class plain_new {
public:
    explicit plain_new(std::size_t) {}
    void prepare() {}
    record* create() { return new record; }
    void destroy(record* r) { delete r; }
};

// What glibc has for this: never trim, never map, and touch everything once.
class prepared_new {
public:
    explicit prepared_new(std::size_t records) : records_(records) {}
    void prepare() {
        mallopt(M_TRIM_THRESHOLD, -1); // NOLINT(concurrency-mt-unsafe): before there is a second thread
        mallopt(M_MMAP_MAX, 0);        // NOLINT(concurrency-mt-unsafe): as above
        touch(*this, records_);
    }
    record* create() { return new record; }
    void destroy(record* r) { delete r; }

private:
    std::size_t records_;
};

class prepared_pmr {
public:
    explicit prepared_pmr(std::size_t records) : records_(records) {}
    void prepare() { touch(*this, records_); }
    record* create() { return ::new (resource_.allocate(sizeof(record), alignof(record))) record; }
    void destroy(record* r) { resource_.deallocate(r, sizeof(record), alignof(record)); }

private:
    std::pmr::unsynchronized_pool_resource resource_;
    std::size_t records_;
};

// No memory at all: the same record again and again. What is left is the loop and the machine it runs on.
class no_memory {
public:
    explicit no_memory(std::size_t records) : ring_(records) {}
    void prepare() {}
    record* create() {
        if (++next_ == ring_.size()) next_ = 0;
        return ::new (&ring_[next_]) record;
    }
    void destroy(record*) {}

private:
    std::vector<record> ring_;
    std::size_t next_ = 0;
};

} // namespace control_loop
