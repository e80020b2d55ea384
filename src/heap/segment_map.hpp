// Layer: heap. What every 64 KiB of the address space are to one heap: a byte each, so that any pointer's size class is
// two loads away and a foreign pointer is recognised without touching what it points to.
//
//     address   47 ........ 32 | 31 ........ 16 | 15 ......... 0
//               roots_[ i ] ---> leaf[ j ]        within the unit
//
// A leaf covers 4 GiB: 64 KiB of address space, of which only OS pages that were written are resident (one for each
// 256 MiB of heap). Leaves are given back when the heap dies: one that moved on keeps 64 KiB of address space for every
// 4 GiB it was ever in.
//
// Reading takes no lock. Who frees a block got it from an allocation, which happened after the entry was written; who
// asks about any other pointer gets an answer of some moment. Writing takes none either: units have one owner.
#pragma once

#include "class_layout.hpp"

#include "cenote/base/bits.hpp"
#include "cenote/base/config.hpp"
#include "cenote/os/vm.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cenote::detail {

class segment_map {
public:
    // Half a MiB of zeroes, and better never written: `constinit` at namespace scope, or begun without initialisation
    // in memory from the OS.
    segment_map() noexcept = default;
    segment_map(const segment_map&) = delete;
    segment_map& operator=(const segment_map&) = delete;

    // Any pointer may be asked. The bits above the 48 that a user's address has are not looked at.
    CENOTE_ALWAYS_INLINE unit_kind kind_of(const void* p) const noexcept {
        const std::uintptr_t address = address_of(p);
        // Acquire: pairs with cover(); the leaf's zeroes are seen. An address that was handed out has its leaf already.
        leaf* const found = root(address).load(std::memory_order_acquire);
        if (found == nullptr) [[unlikely]]
            return kind_foreign;
        // Relaxed: see above.
        return entry(*found, address).load(std::memory_order_relaxed);
    }

    // Makes room for entries of [first, first + bytes). False where the OS refuses.
    bool cover(std::uintptr_t first, std::size_t bytes) noexcept {
        const std::uintptr_t last = first + bytes - 1;
        if (last >> 48 != 0) return false;
        for (std::uintptr_t i = first >> 32; i <= last >> 32; ++i) {
            const auto to = root(i << 32);
            // Acquire: pairs with the exchange below, for set().
            if (to.load(std::memory_order_acquire) != nullptr) continue;
            void* const memory = vm::map_anywhere(sizeof(leaf));
            if (memory == nullptr) return false;
            leaf* none = nullptr;
            // Release: pairs with kind_of(), and with whoever covers the same 4 GiB at this moment.
            if (!to.compare_exchange_strong(none, static_cast<leaf*>(memory), std::memory_order_release,
                                            std::memory_order_acquire))
                vm::release(memory, sizeof(leaf));
        }
        return true;
    }

    // Needs cover().
    void set(std::uintptr_t first, std::size_t units, unit_kind kind) noexcept {
        for (std::uintptr_t at = first; at != first + units * unit; at += unit)
            // Relaxed: whoever gets to know an address in these units gets to know it from a later action.
            entry(*root(at).load(std::memory_order_relaxed), at).store(kind, std::memory_order_relaxed);
    }

    // The number of units from the first of a large block to its end. Needs a live large block.
    std::size_t large_units(std::uintptr_t first) const noexcept {
        std::size_t n = 1;
        while (kind_of(reinterpret_cast<const void*>(first + n * unit)) == kind_inner)
            ++n;
        return n;
    }

    // Needs a heap that nobody uses any more.
    void release_all() noexcept {
        for (leaf*& l : roots_) {
            if (l == nullptr) continue;
            vm::release(l, sizeof(leaf));
            l = nullptr;
        }
    }

private:
    struct leaf {
        unit_kind kinds[65536];
    };
    // Plain memory, read and written as atomics: see the constructor.
    CENOTE_ALWAYS_INLINE std::atomic_ref<leaf*> root(std::uintptr_t address) const noexcept {
        return std::atomic_ref<leaf*>{roots_[static_cast<std::uint16_t>(address >> 32)]};
    }
    CENOTE_ALWAYS_INLINE static std::atomic_ref<unit_kind> entry(leaf& in, std::uintptr_t address) noexcept {
        return std::atomic_ref<unit_kind>{in.kinds[static_cast<std::uint16_t>(address >> 16)]};
    }

    mutable leaf* roots_[65536];
};

} // namespace cenote::detail
