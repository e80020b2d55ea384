#include "heap/class_layout.hpp"

#include <gtest/gtest.h>

#include <cstddef>

namespace cenote_test {
namespace {

using namespace cenote::detail;
using namespace cenote::literals;

TEST(class_layout, has_the_usual_classes_unless_said_otherwise) {
    for (size_class c = 0; c <= last_class; ++c)
        EXPECT_EQ(layout.size(c), class_size(c));
    for (std::size_t size = 0; size <= max_class_size; size += 7)
        ASSERT_EQ(layout.find(size), class_for(size));
}

class_layout of_few_classes() {
    size_class_tables::list sizes{};
    for (std::size_t c = 1; c <= last_class; ++c)
        sizes[c] = max_class_size;
    std::size_t c = 0;
    for (const std::uint32_t size : {16U, 48U, 80U, 96U, 208U, 1024U, 1040U, 4368U, 8192U, 8320U})
        sizes[++c] = size;
    return class_layout{sizes};
}

TEST(class_layout, finds_the_least_of_other_classes_that_is_large_enough_and_aligned) {
    const class_layout few = of_few_classes();
    const auto by_search = [&](std::size_t size, std::size_t alignment) {
        size_class c = 1;
        while (few.size(c) < size || few.size(c) % alignment != 0)
            ++c;
        return c;
    };
    for (std::size_t size = 0; size <= max_class_size; ++size)
        ASSERT_EQ(few.find(size), by_search(size, 16)) << "size " << size;
    for (std::size_t alignment = 16; alignment <= max_class_alignment; alignment *= 2)
        for (std::size_t size = 0; size <= max_class_size; size += size < 2_KiB ? 1U : 61U)
            ASSERT_EQ(few.find(size, alignment), by_search(round_up(size, alignment), alignment))
                << "size " << size << ", alignment " << alignment;
}

TEST(class_layout, no_class_is_for_what_is_larger_or_aligned_to_more) {
    const class_layout few = of_few_classes();
    EXPECT_EQ(few.find(max_class_size + 1, 16), no_class);
    EXPECT_EQ(few.find(100, 2 * max_class_alignment), no_class);
}

TEST(class_layout, a_look_at_an_address_knows_what_no_block_of_the_class_has) {
    const class_layout few = of_few_classes();
    for (size_class c = 1; c <= last_class; ++c)
        for (std::size_t block = 0; block != 3; ++block)
            EXPECT_EQ((block * few.size(c)) & few.masks[c], 0U) << "class " << unsigned{c};
}

} // namespace
} // namespace cenote_test
