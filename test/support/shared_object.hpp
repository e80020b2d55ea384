// An object in memory that a process shares with the children it forks: what they tell.
#pragma once

#include <cstdlib>
#include <new>
#include <sys/mman.h>

namespace cenote_test {

// T is trivially destructible, and may be used by several processes at once.
template <class T>
class shared_object {
public:
    shared_object() {
        void* const p = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) std::abort();
        it_ = ::new (p) T;
    }
    ~shared_object() { ::munmap(it_, sizeof(T)); }
    shared_object(const shared_object&) = delete;
    shared_object& operator=(const shared_object&) = delete;

    T& operator*() const { return *it_; }
    T* operator->() const { return it_; }
    // As it was at first.
    void begin_anew() { it_ = ::new (static_cast<void*>(it_)) T; }

private:
    T* it_;
};

} // namespace cenote_test
