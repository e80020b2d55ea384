// Sets several keys, or none of them when memory runs out on the way.
#pragma once

#include "store.hpp"

#include <cstddef>
#include <new>
#include <string_view>

namespace packet_server {

template <class Policy>
class multi_set {
public:
    // Up to `pairs` keys (at least 1), with the notes about them out of `scratch`.
    multi_set(store<Policy>& into, buffer_memory<Policy>& scratch, std::size_t pairs) noexcept
        : store_(into), scratch_(scratch), capacity_(pairs),
          notes_(static_cast<note*>(scratch.allocate(pairs * sizeof(note)))) {}
    ~multi_set() {
        for (std::size_t i = 0; i < count_; ++i)
            undo(notes_[i]);
        if (notes_ != nullptr) scratch_.free(notes_, capacity_ * sizeof(note));
    }
    multi_set(const multi_set&) = delete;
    multi_set& operator=(const multi_set&) = delete;

    // Takes the memory for one more key. False without memory; then nothing may be committed.
    bool add(std::string_view key, std::string_view value) noexcept {
        if (notes_ == nullptr) return false;
        note& made = *new (&notes_[count_]) note{store_.find(key), nullptr, nullptr, key, value.size()};
        if (!store_.copy(value, made.value)) return false;
        ++count_;
        if (made.there != nullptr) return true;
        made.fresh = store_.prepare(key);
        return made.fresh != nullptr;
    }

    // Sets all keys, in order. Can't fail.
    void commit() noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            note& each = notes_[i];
            // A key that is named twice is there by now.
            entry* const there = each.there != nullptr ? each.there : store_.find(each.key);
            entry* const target = there != nullptr ? there : each.fresh;
            store_.adopt(target, each.value, each.size);
            store_.persist(target);
            if (there == nullptr) {
                store_.insert(target);
            } else if (each.fresh != nullptr) {
                store_.discard(each.fresh);
            }
        }
        count_ = 0;
    }

private:
    struct note {
        entry* there; // the key's entry, or nullptr
        entry* fresh; // the one to insert, or nullptr
        char* value;
        std::string_view key;
        std::size_t size; // of the value
    };

    void undo(note& each) noexcept {
        store_.free_copy(each.value, each.size);
        if (each.fresh != nullptr) store_.discard(each.fresh);
    }

    store<Policy>& store_;
    buffer_memory<Policy>& scratch_;
    std::size_t capacity_;
    std::size_t count_ = 0;
    note* notes_;
};

} // namespace packet_server
