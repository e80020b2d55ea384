// Layer: heap. Records about pieces of address space, by address: what segments and mappings are kept in, apart from the
// memory itself. In OS pages of its own; grows by doubling.
//
// `Record` is trivially copyable and has a `base`. Not thread-safe.
#pragma once

#include "cenote/base/bits.hpp"
#include "cenote/base/units.hpp"
#include "cenote/os/vm.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cenote::detail {

template <class Record>
class record_list {
    static_assert(std::is_trivially_copyable_v<Record>);

public:
    constexpr record_list() noexcept = default;
    record_list(const record_list&) = delete;
    record_list& operator=(const record_list&) = delete;

    Record* begin() const noexcept { return first_; }
    Record* end() const noexcept { return first_ + size_; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }

    // The record of `base`, or nullptr. O(log size).
    Record* find(std::uintptr_t base) const noexcept {
        Record* const at = place_of(base);
        return at != end() && at->base == base ? at : nullptr;
    }

    // Makes room for one more. False, and nothing changed, where the OS refuses.
    bool reserve_one() noexcept {
        if (size_ != room_) return true;
        const std::size_t bytes = room_ == 0 ? vm::page_size() : 2 * room_bytes();
        auto* const larger = static_cast<Record*>(vm::map_anywhere(bytes));
        if (larger == nullptr) return false;
        std::copy(begin(), end(), larger);
        if (first_ != nullptr) vm::release(first_, room_bytes());
        first_ = larger;
        room_ = bytes / sizeof(Record);
        return true;
    }

    // Needs reserve_one; no record has that base. O(size), in moved bytes.
    Record* insert(const Record& r) noexcept {
        Record* const at = place_of(r.base);
        std::copy_backward(at, end(), end() + 1);
        *at = r;
        ++size_;
        return at;
    }
    void remove(Record* at) noexcept {
        std::copy(at + 1, end(), at);
        --size_;
    }

    void release_all() noexcept {
        if (first_ != nullptr) vm::release(first_, room_bytes());
        first_ = nullptr;
        size_ = room_ = 0;
    }

private:
    std::size_t room_bytes() const noexcept { return round_up(room_ * sizeof(Record), vm::page_size()); }
    Record* place_of(std::uintptr_t base) const noexcept {
        return std::lower_bound(begin(), end(), base,
                                [](const Record& r, std::uintptr_t b) { return r.base < b; });
    }

    Record* first_ = nullptr;
    std::size_t size_ = 0;
    std::size_t room_ = 0;
};

} // namespace cenote::detail
