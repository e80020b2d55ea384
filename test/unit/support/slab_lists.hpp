// Slab lists over the books, and the few things that most tests of them do.
#pragma once

#include "cenote/slab/slab_list.hpp"
#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <vector>

namespace cenote_test {

using cenote::growth;
using cenote::detail::put_result;
using cenote::detail::runtime_geometry;

template <class Source>
using slab_list_on = cenote::detail::slab_list<runtime_geometry, Source>;
using slab_list = slab_list_on<ledger_source>;

// Blocks of one byte: 4096 of them are one slab of 4 KiB (of 32 KiB under AddressSanitizer, whose blocks are
// larger), so many slabs and segments take little memory.
inline const runtime_geometry small_blocks{1, 1};
inline constexpr std::size_t small_blocks_per_slab = 4096;
inline constexpr std::size_t most_small_blocks_in_a_segment = 64 * small_blocks_per_slab;
// Two slabs, the least that a segment can be.
inline growth small_steps(growth of = growth::unlimited()) { return of.steps(1, 1); }

// Up to `want` blocks, the lowest first.
template <class List>
std::vector<std::byte*> take(List& from, std::size_t want) {
    std::vector<std::byte*> blocks(want);
    blocks.resize(from.take(blocks.data(), want));
    return {blocks.rbegin(), blocks.rend()};
}

// As many blocks as asked, growing as needed.
template <class List>
std::vector<std::byte*> grow_and_take(List& from, std::size_t want) {
    EXPECT_TRUE(from.grow(want));
    std::vector<std::byte*> blocks = take(from, want);
    EXPECT_EQ(blocks.size(), want);
    return blocks;
}

template <class List>
void put(List& into, const std::vector<std::byte*>& blocks) {
    const auto stopped = into.put(blocks.data(), blocks.size());
    EXPECT_EQ(stopped.result, put_result::ok) << stopped.block;
}

template <class List>
void put_one(List& into, std::byte* block) {
    put(into, std::vector<std::byte*>{block});
}

// For pointers that may be none of its blocks.
template <class List>
put_result try_put(List& into, const void* pointer) {
    auto* const p = static_cast<std::byte*>(const_cast<void*>(pointer));
    return into.put(&p, 1).result;
}

template <class List>
std::set<std::byte*> taken_blocks(List& of) {
    std::set<std::byte*> blocks;
    of.for_each_taken([&](std::byte* p) { EXPECT_TRUE(blocks.insert(p).second) << "visited twice"; });
    return blocks;
}

} // namespace cenote_test
