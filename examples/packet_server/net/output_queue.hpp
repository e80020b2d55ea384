// Replies that wait to be written to one client, in blocks from the buffers, oldest first.
//
//     head --> [ next | capacity | filled | bytes ... ] --> [ ... ] --> tail
//               sent_ of its bytes are written
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>

namespace packet_server {

template <class Buffers>
class output_queue {
    struct block {
        block* next;
        std::size_t capacity;
        std::size_t filled;
        char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
    };

public:
    static constexpr std::size_t first_block = 2048;  // most clients wait for one small reply
    static constexpr std::size_t later_block = 16384; // bytes, the block's head included
    static constexpr std::size_t sure = 64;           // what `prepare` makes room for

    // At most `limit` bytes wait at a time; what would exceed it is dropped and `overflowed` set.
    output_queue(Buffers& buffers, std::size_t limit) noexcept : buffers_(buffers), limit_(limit) {}
    ~output_queue() { clear(); }
    output_queue(const output_queue&) = delete;
    output_queue& operator=(const output_queue&) = delete;

    // Room for a reply of `sure` bytes, which then can't fail: before a command that changes something runs.
    bool prepare() noexcept {
        return (tail_ != nullptr && tail_->capacity - tail_->filled >= sure) || add_block(sure);
    }

    // On failure nothing more is added until `rollback`.
    void append(std::string_view bytes) noexcept {
        if (failed_ || overflowed_) return;
        if (bytes.size() > limit_ - size_) {
            overflowed_ = true;
            return;
        }
        while (!bytes.empty()) {
            if (tail_ == nullptr || tail_->filled == tail_->capacity) {
                if (!add_block(bytes.size())) {
                    failed_ = true;
                    return;
                }
            }
            const std::size_t part = std::min(bytes.size(), tail_->capacity - tail_->filled);
            std::memcpy(tail_->bytes() + tail_->filled, bytes.data(), part);
            tail_->filled += part;
            size_ += part;
            bytes.remove_prefix(part);
        }
    }

    // Where a reply begins, to undo it with if it can't be completed. Valid until `consume`.
    struct mark {
        void* tail;
        std::size_t filled;
        std::size_t size;
    };
    mark here() const noexcept { return {tail_, tail_ == nullptr ? 0 : tail_->filled, size_}; }
    void rollback(const mark& to) noexcept {
        block* const keep = static_cast<block*>(to.tail);
        if (keep == nullptr) {
            clear();
        } else {
            free_from(keep->next);
            keep->next = nullptr;
            keep->filled = to.filled;
            tail_ = keep;
            size_ = to.size;
        }
        failed_ = false;
    }

    // The bytes to write next, as pieces that `make(address, size)` turns into what the caller needs.
    template <class Piece, std::size_t Count, class Make>
    std::span<Piece> pieces(std::array<Piece, Count>& into, Make&& make) const noexcept {
        std::size_t used = 0;
        std::size_t skip = sent_;
        for (block* each = head_; each != nullptr && used < Count; each = each->next) {
            into[used++] = make(each->bytes() + skip, each->filled - skip);
            skip = 0;
        }
        return {into.data(), used};
    }

    // Drops the first `bytes` bytes, which are written.
    void consume(std::size_t bytes) noexcept {
        size_ -= bytes;
        sent_ += bytes;
        while (head_ != nullptr && sent_ >= head_->filled) {
            sent_ -= head_->filled;
            block* const done = head_;
            head_ = done->next;
            free_block(done);
        }
        if (head_ == nullptr) tail_ = nullptr;
    }

    void clear() noexcept {
        free_from(head_);
        head_ = tail_ = nullptr;
        sent_ = size_ = 0;
        failed_ = false;
    }

    std::size_t size() const noexcept { return size_; } // bytes that wait
    bool empty() const noexcept { return size_ == 0; }
    bool failed() const noexcept { return failed_; }
    bool overflowed() const noexcept { return overflowed_; }

private:
    bool add_block(std::size_t wanted) noexcept {
        const std::size_t usual = head_ == nullptr ? first_block : later_block;
        const std::size_t bytes = std::max(usual, std::min(wanted, limit_) + sizeof(block));
        void* const memory = buffers_.allocate(bytes);
        if (memory == nullptr) return false;
        block* const added = new (memory) block{nullptr, bytes - sizeof(block), 0};
        (tail_ == nullptr ? head_ : tail_->next) = added;
        tail_ = added;
        return true;
    }
    void free_block(block* p) noexcept { buffers_.free(p, p->capacity + sizeof(block)); }
    void free_from(block* p) noexcept {
        while (p != nullptr) {
            block* const next = p->next;
            free_block(p);
            p = next;
        }
    }

    Buffers& buffers_;
    std::size_t limit_; // bytes
    block* head_ = nullptr;
    block* tail_ = nullptr;
    std::size_t sent_ = 0;
    std::size_t size_ = 0;
    bool failed_ = false;
    bool overflowed_ = false;
};

} // namespace packet_server
