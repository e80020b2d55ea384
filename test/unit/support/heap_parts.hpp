// What the parts of a heap stand on, and the few things that most tests of them do.
#pragma once

#include "heap/class_store.hpp"
#include "heap/mapping_store.hpp"
#include "heap/segment_map.hpp"
#include "heap/supply.hpp"
#include "heap/unit_store.hpp"
#include "unit/support/ledger.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <memory>

namespace cenote_test {

using namespace cenote::literals;
using cenote::detail::size_class;
using cenote::detail::unit;

// A map and a supply; from the OS, or from a source that outlives it.
struct heap_ground {
    std::unique_ptr<cenote::detail::segment_map> map = std::make_unique<cenote::detail::segment_map>();
    cenote::detail::supply from;

    heap_ground() = default;
    explicit heap_ground(cenote::any_source source) { from.use(source); }
    ~heap_ground() {
        EXPECT_EQ(from.held(), 0U) << "memory was never given back";
        map->release_all();
    }
};

struct unit_ground : heap_ground {
    using heap_ground::heap_ground;
    ~unit_ground() {
        EXPECT_TRUE(units.valid());
        units.release_all();
    }
    cenote::detail::unit_store units{*map, from};
};

struct mapping_ground : heap_ground {
    using heap_ground::heap_ground;
    ~mapping_ground() {
        EXPECT_TRUE(mappings.valid());
        mappings.release_all();
    }
    cenote::detail::mapping_store mappings{*map, from};
};

inline void* at_offset(void* p, std::size_t bytes) { return static_cast<std::byte*>(p) + bytes; }

inline bool all_are(const void* p, std::size_t bytes, unsigned char value) {
    const auto* const first = static_cast<const unsigned char*>(p);
    return bytes == 0 || (*first == value && std::memcmp(first, first + 1, bytes - 1) == 0);
}
inline void fill_with(void* p, std::size_t bytes, unsigned char value) { std::memset(p, value, bytes); }

} // namespace cenote_test
