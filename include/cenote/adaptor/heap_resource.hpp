// Layer: adaptor. The heap behind the interface of std::pmr. Link cenote::heap.
//
//     std::pmr::vector<int> numbers{cenote::heap_resource()};
//     std::pmr::set_default_resource(cenote::heap_resource());
#pragma once

#include "cenote/heap/heap.hpp"
#include "cenote/source/source_watch.hpp"

#include <cstddef>
#include <memory_resource>

namespace cenote {

// On a heap of one's own, which outlives it. As thread-safe as the heap. Equal to itself alone.
class own_heap_resource : public std::pmr::memory_resource {
public:
    explicit own_heap_resource(heap& on) noexcept : on_(on) {}
    ~own_heap_resource() override { detail::source_dies(this); }

protected:
    // Throws std::bad_alloc when the heap refuses.
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        return on_.allocate(bytes, alignment);
    }
    void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
        on_.deallocate(p, bytes, alignment);
    }
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

private:
    heap& on_;
};

// On the heap of the process: always the same resource, from the first call to the end of the process; any thread may use
// it at any time.
inline std::pmr::memory_resource* heap_resource() noexcept {
    // Never destroyed: what static destruction frees may come after it.
    static union undying {
        own_heap_resource it;
        undying() noexcept : it(heap::process()) {}
        ~undying() {}
    } the;
    return &the.it;
}

} // namespace cenote
