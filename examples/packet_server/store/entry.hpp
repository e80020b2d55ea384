// One key and its value, as they lie in memory.
//
//     entry   64 bytes    next in its slot | value | deadline | hash | key size | value size | key, or where
//     it is deadline 32 bytes   only for keys that expire; all of them form a ring
//
// A key of up to 28 bytes lies in the entry, and the pool puts each entry on a cache line of its own: to find
// a key is to touch one line for each entry of the slot. Longer keys, and values, are buffers of their size;
// those of no bytes are nullptr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace packet_server {

struct entry;

struct deadline {
    entry* owner;
    std::int64_t at; // milliseconds, on the store's clock
    deadline* previous;
    deadline* next;
};

struct entry {
    static constexpr std::size_t longest_short_key = 28; // bytes

    entry* next = nullptr;
    char* value_bytes = nullptr;
    deadline* expires = nullptr; // nullptr: never
    std::uint32_t hash = 0;
    std::uint32_t key_size = 0;
    std::uint32_t value_size = 0;
    char key_bytes[longest_short_key]; // the key, or a pointer to it

    static constexpr bool is_short(std::size_t key_size) noexcept { return key_size <= longest_short_key; }

    // `copy` is a buffer with the same bytes, and ignored for short keys.
    void set_key(std::string_view key, char* copy) noexcept {
        key_size = static_cast<std::uint32_t>(key.size());
        if (is_short(key.size())) {
            if (!key.empty()) std::memcpy(key_bytes, key.data(), key.size());
        } else {
            std::memcpy(key_bytes, &copy, sizeof copy);
        }
    }
    // The buffer of a long key, nullptr for a short one.
    char* long_key() const noexcept {
        char* copy = nullptr;
        if (!is_short(key_size)) std::memcpy(&copy, key_bytes, sizeof copy);
        return copy;
    }

    std::string_view key() const noexcept { return {is_short(key_size) ? key_bytes : long_key(), key_size}; }
    std::string_view value() const noexcept { return {value_bytes, value_size}; }
};

static_assert(sizeof(entry) == 64 || sizeof(void*) != 8);

} // namespace packet_server
