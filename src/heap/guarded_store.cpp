#include "guarded_store.hpp"

#include "guarded_report.hpp"

#include "cenote/base/bits.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>

namespace cenote::detail {

namespace {

constexpr unsigned char mark = 0xC5;
constexpr std::size_t mark_bytes = 64; // on each side, where the page has room

struct marks {
    std::byte* before;
    std::byte* before_end;
    std::byte* after;
    std::byte* after_end;
};
marks marks_around(const guarded_block& of, std::byte* page) noexcept {
    std::byte* const end = of.at + of.size;
    const auto room_before = static_cast<std::size_t>(of.at - page);
    const auto room_after = static_cast<std::size_t>(page + vm::page_size() - end);
    return {of.at - std::min(room_before, mark_bytes), of.at, end, end + std::min(room_after, mark_bytes)};
}
bool is_marked(std::byte b) noexcept { return b == std::byte{mark}; }

} // namespace

void guarded_store::set_places(std::uint32_t places) noexcept {
    const locked_scope hold{lock};
    if (blocks_ != nullptr) return;
    places_ = std::clamp<std::uint32_t>(places, 1, most_places);
    free_.store(places_, std::memory_order_relaxed);
}

std::size_t guarded_store::records_bytes() const noexcept {
    return round_up(places_ * sizeof(guarded_block), vm::page_size());
}

// Needs the lock. Address space for everything; what is not touched is not resident.
bool guarded_store::open() noexcept {
    const std::size_t page = vm::page_size();
    const std::size_t bytes = round_up(records_bytes() + page + std::size_t{2} * places_ * page, unit);
    // A source of the user's has no pages to forbid.
    auto* const base = static_cast<std::byte*>(from_.is_foreign() ? nullptr : from_.reserve(bytes, unit));
    if (base == nullptr || !map_.cover(address_of(base), bytes) ||
        !vm::forbid(base + records_bytes(), bytes - records_bytes())) {
        if (base != nullptr) from_.release(base, bytes, unit);
        free_.store(0, std::memory_order_relaxed);
        return false;
    }
    blocks_ = reinterpret_cast<guarded_block*>(base);
    for (std::uint32_t i = 0; i != places_; ++i) {
        ::new (&blocks_[i]) guarded_block;
        blocks_[i].next = i + 1 != places_ ? i + 1 : nowhere;
    }
    first_free_ = 0;
    last_free_ = places_ - 1;
    bytes_ = bytes;
    base_.store(base, std::memory_order_relaxed);
    map_.set(address_of(base), bytes / unit, kind_guarded);
    catch_accesses();
    return true;
}

std::byte* guarded_store::page_of(std::uint32_t i) const noexcept {
    return reinterpret_cast<std::byte*>(first_place()) + std::size_t{2} * i * vm::page_size();
}

std::uint32_t guarded_store::index_of(const void* p) const noexcept {
    const std::uintptr_t offset = address_of(p) - first_place(); // below the first place: a large number
    const std::uintptr_t page = offset / vm::page_size();
    return page % 2 == 0 && page / 2 < places_ ? static_cast<std::uint32_t>(page / 2) : nowhere;
}

void* guarded_store::take(std::size_t size, std::size_t alignment, bool at_end, const void* from) noexcept {
    const std::size_t page = vm::page_size();
    size = std::max<std::size_t>(size, 1);
    if (alignment > page || round_up(size, alignment) > page) return nullptr;
    const guarded_event now = guarded_event::now(from);
    const locked_scope hold{lock};
    if (blocks_ == nullptr && !open()) return nullptr;
    const std::uint32_t i = first_free_;
    if (i == nowhere || !vm::permit(page_of(i), page)) return nullptr;
    guarded_block& taken = blocks_[i];
    first_free_ = taken.next;
    if (first_free_ == nowhere) last_free_ = nowhere;
    std::byte* const first = page_of(i);
    taken = {.at = at_end ? first + page - round_up(size, alignment) : first,
             .size = size,
             .alignment = alignment,
             .is_live = true,
             .is_resident = true,
             .next = nowhere,
             .allocated = now,
             .freed = {}};
    const marks around = marks_around(taken, first);
    std::fill(around.before, around.before_end, std::byte{mark});
    std::fill(around.after, around.after_end, std::byte{mark});
    free_.fetch_sub(1, std::memory_order_relaxed);
    ++live_;
    ++taken_;
    live_bytes_ += size;
    return taken.at;
}

// Needs the lock.
void guarded_store::put_last(std::uint32_t i) noexcept {
    blocks_[i].next = nowhere;
    (last_free_ != nowhere ? blocks_[last_free_].next : first_free_) = i;
    last_free_ = i;
    free_.fetch_add(1, std::memory_order_relaxed);
}

void guarded_store::give(void* p, const void* from) noexcept {
    const guarded_event now = guarded_event::now(from);
    std::optional<guarded_block> damaged;
    marks around{};
    {
        const locked_scope hold{lock};
        const std::uint32_t i = index_of(p);
        if (i != nowhere && blocks_[i].is_live && blocks_[i].at == p) {
            guarded_block& b = blocks_[i];
            around = marks_around(b, page_of(i));
            if (std::all_of(around.before, around.before_end, is_marked) &&
                std::all_of(around.after, around.after_end, is_marked)) [[likely]] {
                b.is_live = false;
                b.freed = now;
                --live_;
                live_bytes_ -= b.size;
                // Refused where the process has too many mappings: then nothing is seen that happens to it.
                (void)vm::forbid(page_of(i), vm::page_size());
                return put_last(i);
            }
            damaged = b;
        }
    }
    // Only now: a handler of SIGABRT may fork.
    if (!damaged) report("free of a pointer to no block", p, from);
    report_damage(*damaged, now, around.before, around.after, around.after_end, is_marked);
}

std::size_t guarded_store::bytes_of(const void* p) const noexcept {
    const locked_scope hold{lock};
    const std::uint32_t i = index_of(p);
    return i != nowhere && blocks_[i].is_live && blocks_[i].at == p ? blocks_[i].size : 0;
}

size_class guarded_store::class_of(const void* p) const noexcept {
    const locked_scope hold{lock};
    const guarded_block& b = blocks_[index_of(p)];
    return layout.find(b.size, b.alignment);
}

std::size_t guarded_store::trim() noexcept {
    const locked_scope hold{lock};
    std::size_t given = 0;
    for (std::uint32_t i = first_free_; i != nowhere; i = blocks_[i].next) {
        if (!blocks_[i].is_resident || from_.decommit(page_of(i), vm::page_size()) == 0) continue;
        blocks_[i].is_resident = false;
        given += vm::page_size();
    }
    return given;
}

bool guarded_store::valid() const noexcept {
    const locked_scope hold{lock};
    if (blocks_ == nullptr) return live_ == 0 && live_bytes_ == 0;
    std::size_t free = 0;
    for (std::uint32_t i = first_free_; i != nowhere; i = blocks_[i].next)
        if (++free > places_ || blocks_[i].is_live || (blocks_[i].next == nowhere) != (i == last_free_))
            return false;
    std::size_t bytes = 0;
    std::size_t live = 0;
    for (std::uint32_t i = 0; i != places_; ++i) {
        if (!blocks_[i].is_live) continue;
        if (index_of(blocks_[i].at) != i) return false;
        ++live;
        bytes += blocks_[i].size;
    }
    return live == live_ && bytes == live_bytes_ && live + free == places_ &&
           free == free_.load(std::memory_order_relaxed);
}

void guarded_store::release_all() noexcept {
    std::byte* const base = base_.exchange(nullptr, std::memory_order_relaxed);
    // Who gets the memory next wants to touch it; rather lost than of use to nobody.
    if (base != nullptr && vm::permit(base, bytes_)) from_.release(base, bytes_, unit);
    blocks_ = nullptr;
}

} // namespace cenote::detail
