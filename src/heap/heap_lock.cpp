#include "heap_lock.hpp"

namespace cenote::detail {

void heap_lock::lock() noexcept {
    thread_heaps& mine = this_thread_heaps;
    mine.begin_work();
    if (lock_.try_lock()) [[likely]]
        return;
    if (!passes(mine)) lock_.lock();
}

bool heap_lock::try_lock() noexcept {
    thread_heaps& mine = this_thread_heaps;
    mine.begin_work();
    if (lock_.try_lock()) return true;
    mine.end_work();
    return false;
}

void heap_lock::unlock() noexcept {
    thread_heaps& mine = this_thread_heaps;
    if (!passes(mine)) [[likely]]
        lock_.unlock();
    mine.end_work();
}

} // namespace cenote::detail
