// The keys and their values: entries, deadlines and bytes out of the memory policy, found through an
// entry_table.
//
// Whatever runs out of memory leaves the store as it was: each operation takes all it needs before it changes
// anything. Expired keys are gone at the moment they are asked for, and else by and by, see `expire_some`.
//
// For one thread at a time: several hold the lock of shared_state.hpp.
#pragma once

#include "../memory/memory.hpp"
#include "deadline_ring.hpp"
#include "entry.hpp"
#include "entry_table.hpp"
#include "hash.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace packet_server {

inline constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max(); // a deadline

template <class Policy>
class store {
public:
    static constexpr std::size_t longest = std::numeric_limits<std::uint32_t>::max(); // of a key or a value

    store(meter& counts, byte_budget& budget, std::uint64_t seed)
        : entries_(counts, object_kind::entry, budget), deadlines_(counts, object_kind::deadline, budget),
          data_(counts, object_kind::data, budget), table_(data_), seed_(seed) {}
    ~store() { clear(); }
    store(const store&) = delete;
    store& operator=(const store&) = delete;

    // Milliseconds, on the clock that deadlines are given in. Never goes back.
    void now(std::int64_t milliseconds) noexcept { now_ = milliseconds; }
    std::int64_t now() const noexcept { return now_; }

    std::size_t size() const noexcept { return table_.size(); }
    std::size_t expiring() const noexcept { return ring_.size(); }
    std::uint64_t expired() const noexcept { return expired_; } // since the start

    entry* find(std::string_view key) noexcept {
        entry* const found = table_.find(key, hash(key));
        if (found != nullptr && found->expires != nullptr && found->expires->at <= now_) [[unlikely]] {
            ++expired_;
            erase(found);
            return nullptr;
        }
        return found;
    }

    // A key that is not there, with its value and its deadline, which may be `never`. False without memory.
    bool add(std::string_view key, std::string_view value, std::int64_t at) noexcept {
        entry* const made = prepare(key);
        if (made == nullptr) return false;
        if (!set_value(made, value) || (at != never && !expire_at(made, at))) {
            dispose(made);
            return false;
        }
        table_.insert(made);
        return true;
    }

    // Gives an existing entry another value and another deadline. False without memory.
    bool replace(entry* there, std::string_view value, std::int64_t at) noexcept {
        const bool expired_before = there->expires != nullptr;
        if (at != never && !make_deadline(there)) return false;
        if (!set_value(there, value)) {
            if (!expired_before) persist(there);
            return false;
        }
        if (at == never) {
            persist(there);
        } else {
            there->expires->at = at;
        }
        return true;
    }

    // For tests and for callers that do not care what was there.
    bool set(std::string_view key, std::string_view value, std::int64_t at = never) noexcept {
        entry* const there = find(key);
        return there == nullptr ? add(key, value, at) : replace(there, value, at);
    }

    // Gives an existing entry another value and leaves its deadline. False without memory.
    bool set_value(entry* there, std::string_view value) noexcept {
        char* bytes = nullptr;
        if (!copy(value, bytes)) return false;
        adopt(there, bytes, value.size());
        return true;
    }

    // Lengthens a value; moves it only if its block is full.
    bool append(entry* there, std::string_view more) noexcept {
        const std::size_t before = there->value_size;
        const std::size_t after = before + more.size();
        if (more.empty()) return true;
        if (before == 0 || after > Policy::room(before)) {
            void* const moved = allocate(after);
            if (moved == nullptr) return false;
            if (before != 0) std::memcpy(moved, there->value_bytes, before);
            free_copy(there->value_bytes, before);
            there->value_bytes = static_cast<char*>(moved);
        }
        std::memcpy(there->value_bytes + before, more.data(), more.size());
        there->value_size = static_cast<std::uint32_t>(after);
        return true;
    }

    bool expire_at(entry* there, std::int64_t at) noexcept {
        if (!make_deadline(there)) return false;
        there->expires->at = at;
        return true;
    }

    bool persist(entry* there) noexcept {
        if (there->expires == nullptr) return false;
        ring_.remove(there->expires);
        deadlines_.destroy(there->expires);
        there->expires = nullptr;
        return true;
    }

    void erase(entry* there) noexcept {
        table_.remove(there);
        dispose(there);
    }

    void clear() noexcept {
        table_.clear([this](entry* each) { dispose(each); });
        trim();
    }

    // Looks at the next few deadlines of the ring, and on for as long as a quarter of them had passed, up to
    // a bound. O(1); called ten times a second it removes up to 20,000 expired keys a second.
    void expire_some() noexcept {
        constexpr std::size_t sample = 20;
        constexpr std::size_t rounds = 100;
        for (std::size_t round = 0; round < rounds; ++round) {
            std::size_t passed = 0;
            for (std::size_t i = 0; i < sample && ring_.size() != 0; ++i) {
                deadline* const turn = ring_.next();
                if (turn->at > now_) continue;
                ++expired_;
                ++passed;
                erase(turn->owner);
            }
            if (passed <= sample / 4) return;
        }
    }

    // The steps of a write, for operations that change several keys or none: `copy` and `prepare` take memory
    // and change nothing, `adopt` and `insert` can't fail.

    // A copy of `bytes`, in `to`; nullptr for none. False without memory.
    bool copy(std::string_view bytes, char*& to) noexcept {
        if (bytes.empty()) return true;
        to = static_cast<char*>(allocate(bytes.size()));
        if (to == nullptr) return false;
        std::memcpy(to, bytes.data(), bytes.size());
        return true;
    }
    void free_copy(char* p, std::size_t size) noexcept {
        if (p != nullptr) data_.free(p, size);
    }
    // An entry that is not in the table yet and has no value, or nullptr.
    entry* prepare(std::string_view key) noexcept {
        char* long_copy = nullptr;
        if (!entry::is_short(key.size()) && !copy(key, long_copy)) return nullptr;
        entry* const made = create_entry();
        if (made == nullptr) {
            free_copy(long_copy, key.size());
            return nullptr;
        }
        made->hash = hash(key);
        made->set_key(key, long_copy);
        return made;
    }
    // Replaces the value by a copy that the entry owns from now on.
    void adopt(entry* into, char* value, std::size_t size) noexcept {
        free_copy(into->value_bytes, into->value_size);
        into->value_bytes = value;
        into->value_size = static_cast<std::uint32_t>(size);
    }
    void insert(entry* prepared) noexcept { table_.insert(prepared); }
    void discard(entry* prepared) noexcept { dispose(prepared); }

    // Gives empty slabs back. Returns bytes.
    std::size_t trim() noexcept { return entries_.trim() + deadlines_.trim() + data_.trim(); }
    void report(std::vector<pool_report>& rows) const {
        entries_.report(rows);
        deadlines_.report(rows);
        data_.report(rows);
    }

private:
    std::uint32_t hash(std::string_view key) const noexcept {
        return static_cast<std::uint32_t>(hash_of(key, seed_));
    }

    // Afterwards the entry has a deadline object: its old one, or a new one for never.
    bool make_deadline(entry* there) noexcept {
        if (there->expires != nullptr) return true;
        const auto create = [&] { return deadlines_.create(deadline{there, never, nullptr, nullptr}); };
        deadline* made = create();
        if (made == nullptr && trim() != 0) made = create();
        if (made == nullptr) return false;
        ring_.insert(made);
        there->expires = made;
        return true;
    }

    // Memory that one pool holds and does not use may be what another one needs: give it back, and ask again.
    void* allocate(std::size_t bytes) noexcept {
        void* p = data_.allocate(bytes);
        if (p == nullptr && trim() != 0) p = data_.allocate(bytes);
        return p;
    }
    entry* create_entry() noexcept {
        entry* p = entries_.create();
        if (p == nullptr && trim() != 0) p = entries_.create();
        return p;
    }

    void dispose(entry* gone) noexcept {
        persist(gone);
        free_copy(gone->long_key(), gone->key_size);
        free_copy(gone->value_bytes, gone->value_size);
        entries_.destroy(gone);
    }

    own_object_memory<entry, Policy> entries_;
    own_object_memory<deadline, Policy> deadlines_;
    own_buffer_memory<Policy> data_;
    entry_table<buffer_memory<Policy>> table_;
    deadline_ring ring_;
    std::uint64_t seed_;
    std::int64_t now_ = 0;
    std::uint64_t expired_ = 0;
};

} // namespace packet_server
