#include "memory_map.hpp"

#include <algorithm>

namespace cenote::tool {

namespace {

constexpr std::uint64_t least_square = 256;

// How many slabs of a size cover the ranges; the slabs, where they are wanted.
std::uint64_t cover(const address_ranges& ranges, std::uint64_t slab_bytes,
                    std::vector<std::uint64_t>* slabs) {
    const std::uint64_t each = slab_bytes / address_ranges::slab_bytes;
    std::uint64_t count = 0;
    std::uint64_t next = 0; // the first that is not counted yet
    for (const auto& [begin, end] : ranges.slabs()) {
        const std::uint64_t first = std::max(begin / each, next);
        next = std::max((end - 1) / each + 1, next);
        count += next - first;
        for (std::uint64_t i = first; slabs != nullptr && i != next; ++i)
            slabs->push_back(i * slab_bytes);
    }
    return count;
}

} // namespace

memory_map::memory_map(const trace_survey& of, std::uint64_t page_bytes)
    : page_bytes_(page_bytes), square_bytes_(least_square) {
    const address_ranges& ranges = of.small.is_empty() ? of.all : of.small;
    for (;; square_bytes_ *= 2) {
        slab_bytes_ = std::max(square_bytes_, address_ranges::slab_bytes);
        if (cover(ranges, slab_bytes_, nullptr) <= most_squares / (slab_bytes_ / square_bytes_)) break;
    }
    cover(ranges, slab_bytes_, &slabs_);
    levels_.resize(slabs_.size() * (slab_bytes_ / square_bytes_));
    edges_.resize(levels_.size());
    interior_.resize(levels_.size() + 1);
}

std::size_t memory_map::slab_at(std::uint64_t address) const noexcept {
    const auto behind = std::upper_bound(slabs_.begin(), slabs_.end(), address);
    if (behind != slabs_.begin() && address - *std::prev(behind) < slab_bytes_)
        return static_cast<std::size_t>(std::prev(behind) - slabs_.begin());
    return static_cast<std::size_t>(behind - slabs_.begin());
}

void memory_map::change(const view_block& b, bool is_new) {
    now_.live += is_new ? b.size : 0 - b.size;
    if (b.size != 0) change_squares(b.address, b.end(), is_new);
    count_pages(b, is_new);
}

void memory_map::change_squares(std::uint64_t begin, std::uint64_t end, bool is_new) {
    const auto squares_a_slab = static_cast<std::size_t>(slab_bytes_ / square_bytes_);
    const std::size_t first_slab = slab_at(begin);
    if (first_slab == slabs_.size() || slabs_[first_slab] >= end) return;
    begin = std::max(begin, slabs_[first_slab]);
    std::size_t last_slab = first_slab;
    if (end - slabs_[first_slab] > slab_bytes_) {
        last_slab = slab_at(end - 1);
        if (last_slab == slabs_.size() || slabs_[last_slab] >= end) { // ends in a gap
            --last_slab;
            end = slabs_[last_slab] + slab_bytes_;
        }
    }
    const auto square_of = [&](std::size_t slab, std::uint64_t address) {
        return slab * squares_a_slab + static_cast<std::size_t>((address - slabs_[slab]) / square_bytes_);
    };
    const std::size_t first = square_of(first_slab, begin);
    const std::size_t last = square_of(last_slab, end - 1);
    const std::uint64_t one = is_new ? 1 : ~std::uint64_t{0};
    if (first == last) {
        edges_[first] += one * (end - begin);
        return;
    }
    edges_[first] += one * (square_bytes_ - begin % square_bytes_);
    edges_[last] += one * ((end - 1) % square_bytes_ + 1);
    interior_[first + 1] += one;
    interior_[last] -= one;
}

void memory_map::count_pages(const view_block& b, bool is_new) {
    // Of pages and slabs that a block does not cover alone, others may have the rest.
    const auto count = [&](std::uint64_t unit, std::unordered_map<std::uint64_t, std::uint32_t>& shared,
                           std::uint64_t& bytes) {
        const std::uint64_t first = b.address / unit;
        const std::uint64_t last = (b.end() - 1) / unit;
        const std::uint64_t between = last - first < 2 ? 0 : last - first - 1;
        bytes += (is_new ? between : 0 - between) * unit;
        for (const std::uint64_t each : {first, last}) {
            if (is_new) {
                if (shared[each]++ == 0) bytes += unit;
            } else if (const auto found = shared.find(each); found != shared.end() && --found->second == 0) {
                shared.erase(found);
                bytes -= unit;
            }
            if (first == last) break;
        }
    };
    count(page_bytes_, page_blocks_, now_.pages);
    count(address_ranges::slab_bytes, slab_blocks_, now_.slabs);
}

void memory_map::take_moment() {
    std::uint64_t covering = 0;
    unsigned skipped = 0;
    for (std::size_t i = 0; i != levels_.size(); ++i) {
        covering += interior_[i];
        const std::uint64_t live = edges_[i] + covering * square_bytes_;
        // Two blocks of one place, in a damaged trace, are no more than full.
        const auto level = static_cast<unsigned char>(
            live == 0 ? 0
                      : std::clamp<double>(static_cast<double>(full) * static_cast<double>(live) /
                                               static_cast<double>(square_bytes_),
                                           1, full));
        if (level == levels_[i]) {
            ++skipped;
            continue;
        }
        for (; skipped >= 15; skipped -= 15)
            moments_ += static_cast<char>(0xf0);
        moments_ += static_cast<char>(skipped << 4U | level);
        levels_[i] = level;
        skipped = 0;
    }
    moments_ += static_cast<char>(0xff);
}

} // namespace cenote::tool
