// A hash table of entries, linked through the entries themselves: it owns none and allocates only its slots.
//
// Growing and shrinking take no long pause: the new slots stand beside the old ones, and each later operation
// moves the entries of a few slots over. Until that is done an entry is in either.
//
//     current_  [ slot ][ slot ] ...      all entries, or those already moved
//     old_      [ null ][ null ][ slot ]  those not yet moved, from slot moved_ on; empty most of the time
#pragma once

#include "entry.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace packet_server {

template <class Buffers>
class entry_table {
public:
    static constexpr std::size_t least_slots = 16; // in the table itself: an empty one allocates nothing

    explicit entry_table(Buffers& buffers) noexcept : buffers_(buffers) {
        current_ = {least_.data(), least_slots};
    }
    ~entry_table() {
        release(old_);
        release(current_);
    }
    entry_table(const entry_table&) = delete;
    entry_table& operator=(const entry_table&) = delete;

    std::size_t size() const noexcept { return size_; } // entries
    std::size_t slots() const noexcept { return current_.count; }

    // The entry with this key, or nullptr.
    entry* find(std::string_view key, std::uint32_t hash) noexcept {
        step();
        entry** const link = find_link(key, hash);
        return link == nullptr ? nullptr : *link;
    }

    // Adds an entry whose key is not there. Can't fail: without memory for more slots, slots get longer.
    void insert(entry* added) noexcept {
        step();
        if (size_ >= current_.count) resize(current_.count * 2);
        push(current_, added);
        ++size_;
    }

    // Takes out an entry that is there.
    void remove(entry* gone) noexcept {
        entry** link = link_of(current_, gone);
        if (link == nullptr) link = link_of(old_, gone);
        *link = gone->next;
        --size_;
        if (current_.count > least_slots && size_ < current_.count / 8) resize(current_.count / 2);
        step();
    }

    // Takes out all entries, giving each to `dispose`, and gives back the slots.
    template <class Dispose>
    void clear(Dispose&& dispose) {
        for (slot_array* each : {&old_, &current_}) {
            for (std::size_t i = 0; i < each->count; ++i) {
                for (entry* p = each->slots[i]; p != nullptr;) {
                    entry* const next = p->next;
                    dispose(p);
                    p = next;
                }
            }
            release(*each);
        }
        least_.fill(nullptr);
        current_ = {least_.data(), least_slots};
        size_ = 0;
    }

private:
    struct slot_array {
        entry** slots = nullptr;
        std::size_t count = 0;
        entry*& of(std::uint32_t hash) const noexcept { return slots[hash & (count - 1)]; }
    };
    static constexpr std::size_t slots_per_step = 4;
    static constexpr std::size_t most_slots = std::size_t{1} << 31;

    static void push(const slot_array& to, entry* p) noexcept {
        entry*& slot = to.of(p->hash);
        p->next = slot;
        slot = p;
    }

    entry** find_link(std::string_view key, std::uint32_t hash) noexcept {
        for (const slot_array* each : {&current_, &old_}) {
            if (each->count == 0) continue;
            for (entry** link = &each->of(hash); *link != nullptr; link = &(*link)->next) {
                if ((*link)->hash == hash && (*link)->key() == key) return link;
            }
        }
        return nullptr;
    }
    static entry** link_of(const slot_array& in, const entry* p) noexcept {
        if (in.count == 0) return nullptr;
        for (entry** link = &in.of(p->hash); *link != nullptr; link = &(*link)->next) {
            if (*link == p) return link;
        }
        return nullptr;
    }

    void step() noexcept {
        if (old_.count != 0) [[unlikely]]
            move_some(slots_per_step);
    }
    void move_some(std::size_t slots) noexcept {
        for (; slots != 0 && moved_ < old_.count; --slots, ++moved_) {
            for (entry* p = old_.slots[moved_]; p != nullptr;) {
                entry* const next = p->next;
                push(current_, p);
                p = next;
            }
            old_.slots[moved_] = nullptr;
        }
        if (moved_ == old_.count) release(old_);
    }

    void resize(std::size_t count) noexcept {
        if (old_.count != 0 || count > most_slots) return; // one move at a time
        slot_array wanted{least_.data(), least_slots};
        if (count > least_slots) {
            void* const memory = buffers_.allocate(count * sizeof(entry*));
            if (memory == nullptr) return;
            wanted = {static_cast<entry**>(memory), count};
        }
        std::memset(static_cast<void*>(wanted.slots), 0, count * sizeof(entry*));
        old_ = current_;
        current_ = wanted;
        moved_ = 0;
    }

    void release(slot_array& array) noexcept {
        if (array.count > least_slots) buffers_.free(array.slots, array.count * sizeof(entry*));
        array = {};
    }

    Buffers& buffers_;
    slot_array current_;
    slot_array old_;
    std::size_t moved_ = 0;
    std::size_t size_ = 0;
    std::array<entry*, least_slots> least_{};
};

} // namespace packet_server
