#include "cenote/pool/options.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>

namespace cenote_test {
namespace {

using cenote::reset_mode;

TEST(pool_options, default_to_the_alignment_of_the_type_and_to_running_destructors) {
    constexpr cenote::pool_options o;
    static_assert(o.alignment == 0 && o.at_death == cenote::leftovers::destroy);
}

template <cenote::pool_options Options>
constexpr std::size_t alignment_of = Options.alignment;

TEST(pool_options, are_a_template_argument) {
    static_assert(alignment_of<cenote::pool_options{.alignment = 64}> == 64);
}

TEST(reset_modes, differ_in_what_they_free_and_keep) {
    static_assert(reset_mode::free_all().frees_all());
    static_assert(!reset_mode::retain_capacity().frees_all());
    static_assert(reset_mode::retain_capacity().limit() == std::numeric_limits<std::size_t>::max());
    static_assert(!reset_mode::retain_with_limit(0).frees_all());
    static_assert(reset_mode::retain_with_limit(1000).limit() == 1000);
}

TEST(pool_stats, are_zero_until_filled) {
    constexpr cenote::pool_stats s;
    static_assert(s.live == 0 && s.capacity == 0 && s.limit == 0 && s.in_magazine == 0);
    static_assert(s.block_size == 0 && s.bytes == 0 && s.segments == 0 && s.slabs == 0);
}

} // namespace
} // namespace cenote_test
