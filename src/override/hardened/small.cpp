#include "small.hpp"

#include "features.hpp"
#include "report.hpp"
#include "seal.hpp"
#include "waiting.hpp"

#include "heap/process_heap.hpp"

#include "cenote/base/bits.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace cenote::detail::hardened {

namespace {

constexpr std::size_t least_page = 4096; // pages of the OS are this large, or multiples

// An atomic, since two threads may free one block at once, and only one is to be right.
std::atomic_ref<std::uint64_t> seal_of(const void* p, size_class c) noexcept {
    auto* const block = static_cast<std::byte*>(const_cast<void*>(p));
    return std::atomic_ref{*reinterpret_cast<std::uint64_t*>(block + layout.size(c) - seal_bytes)};
}

seal::content content_of(const void* p, size_class c) noexcept {
    return seal{p, c}.open(seal_of(p, c).load(std::memory_order_relaxed));
}

// A freed block that nobody wrote to, and whose pages the heap never had.
bool is_junk(const std::byte* p, size_class c) noexcept {
    return content_of(p, c).state == block_state::freed &&
           is_filled(p, layout.size(c) - seal_bytes, freed_junk);
}
void check_junk(const std::byte* p, size_class c) noexcept {
    if (!is_junk(p, c)) report_write_after_free(p, layout.size(c));
}

// Of a block that comes from the heap: true where all of it is zero. See the top of small.hpp.
bool check_reused(const std::byte* p, size_class c) noexcept {
    const std::uint64_t word = seal_of(p, c).load(std::memory_order_relaxed);
    if (word != 0 && content_of(p, c).state != block_state::freed) report_write_after_free(p, layout.size(c));
    if (!has(feature::fill)) return false;
    const std::byte* const end = p + layout.size(c) - seal_bytes;
    bool is_zero = true;
    for (const std::byte* at = p; at < end;) {
        const auto rest = static_cast<std::size_t>(end - at);
        const std::size_t bytes = std::min(rest, least_page - address_of(at) % least_page);
        // The seal's own page is as old as the seal.
        const bool has_seal = address_of(at) / least_page == address_of(end) / least_page;
        const bool junk = has_seal ? word != 0 : *at != std::byte{0};
        if (!is_filled(at, bytes, junk ? freed_junk : 0)) report_write_after_free(p, layout.size(c));
        is_zero = is_zero && !junk;
        at += bytes;
    }
    return is_zero;
}

void close(void* p, size_class c, std::size_t size) noexcept {
    const seal s{p, c};
    if (has(feature::canary))
        std::memset(static_cast<std::byte*>(p) + size, s.canary(), layout.size(c) - seal_bytes - size);
    seal_of(p, c).store(s.word(block_state::live, size), std::memory_order_relaxed);
}

void check_canary(const void* p, size_class c, std::size_t size) noexcept {
    if (!has(feature::canary)) return;
    const auto* const from = static_cast<const std::byte*>(p) + size;
    if (!is_filled(from, layout.size(c) - seal_bytes - size, seal{p, c}.canary())) report_overflow(p, size);
}

} // namespace

void* allocate_small(size_class c, std::size_t size, bool zeroed) noexcept {
    std::byte* const p = draw(c);
    if (p == nullptr) return nullptr;
    const bool is_zero = check_reused(p, c);
    if (zeroed || has(feature::zero)) {
        if (!is_zero) std::memset(p, 0, size);
    } else if (has(feature::junk)) {
        std::memset(p, new_junk, size);
    }
    close(p, c, size);
    return p;
}

std::size_t size_of_small(const void* p, size_class c, const complaint& say) noexcept {
    if (process_heap.taken_bytes(p) == 0) process_heap.report(say.of_no_block, p, c);
    const seal::content found = content_of(p, c);
    if (found.state == block_state::live) [[likely]]
        return found.size;
    if (found.state == block_state::freed) process_heap.report(say.of_freed, p, c);
    // Never handed out, or written over.
    if (seal_of(p, c).load(std::memory_order_relaxed) == 0) process_heap.report(say.of_no_block, p, c);
    report_overflow_of_class(p, layout.size(c));
}

void deallocate_small(void* p, size_class c, std::size_t size) noexcept {
    check_canary(p, c, size);
    const seal s{p, c};
    std::uint64_t live = s.word(block_state::live, size);
    // Relaxed: who is second finds another word, and needs no more.
    if (!seal_of(p, c).compare_exchange_strong(live, s.word(block_state::freed, size),
                                               std::memory_order_relaxed))
        process_heap.report("double free", p, c);
    auto* block = static_cast<std::byte*>(p);
    if (has(feature::fill)) std::memset(block, freed_junk, layout.size(c) - seal_bytes);
    if (has(feature::delay)) {
        block = wait_for_owner(c, block);
        if (block == nullptr) return;
        if (has(feature::fill)) check_junk(block, c);
    }
    process_heap.give(process_cache(), block, c);
}

bool resize_small(void* p, size_class c, std::size_t size, std::size_t wanted) noexcept {
    const std::size_t room = layout.size(c) - seal_bytes;
    if (wanted > room || wanted < room / 2) return false;
    check_canary(p, c, size);
    if (wanted > size && has(feature::zero)) std::memset(static_cast<std::byte*>(p) + size, 0, wanted - size);
    close(p, c, wanted);
    return true;
}

std::size_t release_waiting_small() noexcept {
    std::size_t blocks = 0;
    for (size_class c = 1; c <= last_class; ++c) {
        while (std::byte* const p = take_waiting(c)) {
            if (has(feature::fill)) check_junk(p, c);
            process_heap.give(process_cache(), p, c);
            ++blocks;
        }
        while (std::byte* const p = take_shelved(c)) {
            process_heap.give(process_cache(), p, c);
            ++blocks;
        }
    }
    return blocks;
}

void check_waiting_small() noexcept {
    if (!has(feature::fill)) return;
    for (size_class c = 1; c <= last_class; ++c)
        // Reported without the lock: a handler of SIGABRT may allocate.
        if (const std::byte* const p = find_unsound(c, is_junk)) report_write_after_free(p, layout.size(c));
}

} // namespace cenote::detail::hardened
