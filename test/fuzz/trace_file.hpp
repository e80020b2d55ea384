// Files of traces that nobody wrote: blocks whose checks hold, so that what is in them is reached, with columns as long as the input
// says, of what it has left.
#pragma once

#include "fuzz/input.hpp"

#include "tool/support/failure.hpp"
#include "tool/trace/format.hpp"
#include "tool/trace/reader.hpp"

#define XXH_INLINE_ALL
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>
#include <xxhash.h>
#include <zstd.h>

namespace cenote_fuzz {

using namespace cenote::tool;
using bytes = std::vector<unsigned char>;

inline void put(bytes& to, const void* from, std::size_t count) {
    const auto* const first = static_cast<const unsigned char*>(from);
    to.insert(to.end(), first, first + count);
}

inline void put_block(bytes& to, std::uint32_t type, std::span<const unsigned char> plain) {
    bytes block(block_header_bytes + ZSTD_compressBound(plain.size()));
    const std::size_t stored = ZSTD_compress(
        block.data() + block_header_bytes, block.size() - block_header_bytes, plain.data(), plain.size(), 1);
    block.resize(block_header_bytes + stored);
    const std::uint32_t numbers[] = {type, static_cast<std::uint32_t>(stored),
                                     static_cast<std::uint32_t>(plain.size())};
    std::memcpy(block.data(), block_magic.data(), 4);
    std::memcpy(block.data() + 4, numbers, sizeof numbers);
    const std::uint64_t check = XXH3_64bits(block.data(), block.size());
    std::memcpy(block.data() + 16, &check, sizeof check);
    put(to, block.data(), block.size());
}

inline bytes make_events(input& from) {
    events_header header{};
    header.first_event = from.size(1'000'000);
    header.next_object = from.below(2) == 0 ? 1 : from.size(1'000'000);
    header.first_time = from.size(1'000'000);
    header.count = static_cast<std::uint32_t>(from.byte());
    bytes content;
    for (std::uint32_t& length : header.lengths) {
        length = static_cast<std::uint32_t>(from.byte());
        for (std::uint32_t i = 0; i != length; ++i)
            content.push_back(static_cast<unsigned char>(from.byte()));
    }
    if (from.byte() % 16 == 0) header.lengths[from.byte() % columns] = ~0U;
    bytes plain;
    put(plain, &header, sizeof header);
    put(plain, content.data(), content.size());
    return plain;
}

inline bytes make_file(input& from) {
    bytes file;
    put(file, trace_magic.data(), trace_magic.size());
    const std::uint32_t version[] = {trace_version, 0};
    put(file, version, sizeof version);
    while (!from.is_over()) {
        const std::size_t type = from.below(8);
        bytes plain;
        if (type < 5) {
            plain = make_events(from);
        } else {
            for (std::size_t left = from.byte(); left != 0; --left)
                plain.push_back(static_cast<unsigned char>(from.byte()));
        }
        put_block(file, type < 5 ? 2U : static_cast<std::uint32_t>(type - 4), plain);
        if (from.byte() % 8 == 0 && !file.empty())
            file[from.size(file.size() - 1)] ^= static_cast<unsigned char>(from.byte());
    }
    return file;
}

// use(trace, bytes of the file) of what an input makes. A failure is the right answer to much of it.
template <class Use>
void read_made_file(const std::uint8_t* data, std::size_t size, Use use) {
    input from{data, size};
    const bytes file = make_file(from);
    try {
        trace_reader trace(file, "fuzz");
        use(trace, file.size());
    } catch (const failure&) {
    }
}

} // namespace cenote_fuzz
