#include "class_store.hpp"

#include <algorithm>

namespace cenote::detail {

void class_store::open(size_class c, unit_store& units, supply& from) noexcept {
    ::new (static_cast<void*>(slabs_))
        class_slabs(runtime_geometry{layout.size(c), layout.alignment(c)},
                    growth::unlimited().steps(layout.first_bytes(c), layout.segment_bytes(c)),
                    class_source{units, from, c});
    is_open_ = true;
}

void class_store::release_all(size_class c) noexcept {
    if (depot_ != nullptr) vm::release(depot_, depot_bytes(c));
    depot_ = nullptr;
    batches_ = 0;
    // It would call the live blocks leaked.
    if (running_on_valgrind()) slabs().for_each_taken([](std::byte* p) { valgrind_freed(p); });
    slabs().~class_slabs();
    is_open_ = false;
}

bool class_store::put_batch(size_class c, std::byte* const* blocks, std::size_t count) noexcept {
    if (batches_ == depot_batches) return false;
    if (depot_ == nullptr) {
        depot_ = static_cast<std::byte**>(vm::map_anywhere(depot_bytes(c)));
        if (depot_ == nullptr) return false;
        depot_stride_ = static_cast<std::uint16_t>(layout.exchange_limit(c));
    }
    std::copy_n(blocks, count, batch(batches_));
    batch_size_[batches_++] = static_cast<std::uint16_t>(count);
    ++flushes;
    return true;
}

std::size_t class_store::take_batch(std::byte** out, std::size_t most) noexcept {
    std::uint16_t& size = batch_size_[batches_ - 1];
    const std::size_t count = std::min<std::size_t>(size, most);
    size = static_cast<std::uint16_t>(size - count);
    std::copy_n(batch(batches_ - 1) + size, count, out);
    if (size == 0) --batches_;
    return count;
}

class_slabs::put_outcome class_store::empty_depot() noexcept {
    while (batches_ != 0) {
        --batches_;
        const auto outcome = put(batch(batches_), batch_size_[batches_]);
        if (outcome.result != put_result::ok) return outcome;
    }
    return {};
}

std::size_t class_store::in_depot() const noexcept {
    std::size_t blocks = 0;
    for (std::size_t i = 0; i != batches_; ++i)
        blocks += batch_size_[i];
    return blocks;
}

bool class_store::depot_holds(const void* p) const noexcept {
    for (std::size_t i = 0; i != batches_; ++i)
        if (std::find(batch(i), batch(i) + batch_size_[i], p) != batch(i) + batch_size_[i]) return true;
    return false;
}

} // namespace cenote::detail
