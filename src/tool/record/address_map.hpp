// Layer: tool. Which object lies at an address: a hash table, open addressing with linear probing, at most half full, of
// 16 bytes a place; bounded by what is live.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace cenote::tool {

class address_map {
public:
    // The object that was there before; 0 for none. Addresses and objects are not 0.
    std::uint64_t put(std::uint64_t address, std::uint64_t object) {
        if (used_ * 2 >= places_.size()) grow();
        place& at = places_[find(address)];
        if (at.address != 0) return std::exchange(at.object, object);
        at = {address, object};
        ++used_;
        return 0;
    }
    // The object there, which is no longer in it; 0 for none.
    std::uint64_t take(std::uint64_t address) {
        if (places_.empty()) return 0;
        std::size_t hole = find(address);
        if (places_[hole].address == 0) return 0;
        const std::uint64_t object = places_[hole].object;
        // What comes behind moves up, where it was to lie before the hole: Knuth 6.4, algorithm R.
        for (std::size_t i = (hole + 1) & mask_; places_[i].address != 0; i = (i + 1) & mask_) {
            const std::size_t wanted = first(places_[i].address);
            if (((i - wanted) & mask_) >= ((i - hole) & mask_)) {
                places_[hole] = places_[i];
                hole = i;
            }
        }
        places_[hole] = {};
        --used_;
        return object;
    }
    void clear() {
        places_.clear();
        used_ = 0;
        mask_ = 0;
    }
    std::size_t size() const noexcept { return used_; }
    // For who will ask soon.
    void prefetch(std::uint64_t address) const noexcept {
        if (!places_.empty()) __builtin_prefetch(&places_[first(address)]);
    }

private:
    struct place {
        std::uint64_t address = 0;
        std::uint64_t object = 0;
    };

    // Pages lie anywhere, what is in one lies side by side: neighbours in memory are often allocated one after the other, and
    // share lines of the cache here.
    std::size_t first(std::uint64_t address) const noexcept {
        const std::uint64_t page = (address >> 12U) * 0x9e37'79b9'7f4a'7c15U >> 32U;
        return static_cast<std::size_t>(page + ((address >> 4U) & 0xffU)) & mask_;
    }
    std::size_t find(std::uint64_t address) const noexcept {
        std::size_t i = first(address);
        while (places_[i].address != 0 && places_[i].address != address)
            i = (i + 1) & mask_;
        return i;
    }
    void grow() {
        std::vector<place> before(places_.empty() ? 4096 : places_.size() * 2);
        before.swap(places_);
        mask_ = places_.size() - 1;
        for (const place& each : before)
            if (each.address != 0) places_[find(each.address)] = each;
    }

    std::vector<place> places_;
    std::size_t mask_ = 0;
    std::size_t used_ = 0;
};

} // namespace cenote::tool
