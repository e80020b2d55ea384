// Layer: override. The seal of a block: a word that says how many bytes were asked for and whether the block is live, and
// that depends on where it stands and on a secret of the process. Who writes over it breaks it.
//
//     63 ........ 32 | 31 ............. 8 | 7 ... 0
//     tag            | size and state     | canary       the lowest byte is what an overflow by one byte meets first
//
// Every part depends on the secret and the address; the tag also on what the middle says.
#pragma once

#include "cenote/base/bits.hpp"

#include <cstddef>
#include <cstdint>

namespace cenote::detail::hardened {

struct secret_words {
    std::uint64_t address = 0;
    std::uint64_t place = 0;
    std::uint64_t tag = 0;
};
extern constinit secret_words secret;
// Draws it; called once, before the first block.
void draw_secret() noexcept;

// Both halves of a product: each bit of the result depends on all of both factors. The mixing step of wyhash (Wang Yi, 2019).
inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

enum class block_state : std::uint8_t { none, live, freed };

class seal {
public:
    static constexpr std::size_t max_size = (std::size_t{1} << 22) - 1;

    // Of what lies at `p`; `kind` keeps seals of different makes apart.
    seal(const void* p, std::size_t kind) noexcept
        : key_(mixed(address_of(p) ^ secret.address, kind ^ secret.place)) {}

    // What fills the room between the block and its seal. Odd, so that a zero, which strings overflow by, is noticed.
    unsigned char canary() const noexcept { return static_cast<unsigned char>(key_ >> 56 | 1); }

    // Up to max_size.
    std::uint64_t word(block_state state, std::size_t size) const noexcept {
        return from_payload(size << 2 | static_cast<std::uint64_t>(state));
    }

    struct content {
        block_state state = block_state::none;
        std::size_t size = 0;
    };
    // State `none` for a word that word() did not make.
    content open(std::uint64_t word) const noexcept {
        const std::uint64_t payload = (word >> 8 ^ key_) & payload_mask;
        if (word != from_payload(payload)) return {};
        return {static_cast<block_state>(payload & 3), payload >> 2};
    }
    // What no fewer than 64 bits should say.
    std::uint64_t tag(block_state state, std::size_t size) const noexcept {
        return mixed(key_ ^ size, secret.tag ^ static_cast<std::uint64_t>(state));
    }

private:
    static constexpr std::uint64_t payload_mask = (std::uint64_t{1} << 24) - 1;

    std::uint64_t from_payload(std::uint64_t payload) const noexcept {
        const std::uint64_t tag = mixed(key_ ^ payload, secret.tag) & ~std::uint64_t{0xFFFF'FFFF};
        return tag | ((payload ^ key_) & payload_mask) << 8 | canary();
    }

    std::uint64_t key_;
};

} // namespace cenote::detail::hardened
