// Layer: tool. Which parts of the address space blocks lay in, in slabs of 64 KiB.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

namespace cenote::tool {

class address_ranges {
public:
    static constexpr std::uint64_t slab_bytes = 65'536;

    // Bytes from `begin` to before `end`.
    void add(std::uint64_t begin, std::uint64_t end) {
        const std::uint64_t first = begin / slab_bytes;
        const std::uint64_t last = (end - 1) / slab_bytes;
        std::uint64_t& known = known_[first % known_.size()];
        if (first == last && known == first + 1) return;
        known = first + 1;
        insert(first, last + 1);
    }
    bool is_empty() const noexcept { return ranges_.empty(); }
    // Slab numbers, from each key to before its value; none touches the next.
    const std::map<std::uint64_t, std::uint64_t>& slabs() const noexcept { return ranges_; }

private:
    void insert(std::uint64_t begin, std::uint64_t end) {
        auto at = ranges_.upper_bound(begin);
        if (at != ranges_.begin() && std::prev(at)->second >= begin) --at;
        while (at != ranges_.end() && at->first <= end) {
            begin = at->first < begin ? at->first : begin;
            end = at->second > end ? at->second : end;
            at = ranges_.erase(at);
        }
        ranges_.emplace(begin, end);
    }

    std::map<std::uint64_t, std::uint64_t> ranges_;
    std::array<std::uint64_t, 4096>
        known_{}; // slabs that are in it, plus 1: most blocks lie where others did
};

} // namespace cenote::tool
