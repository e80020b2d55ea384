#include "memory/meter.hpp"

#include <gtest/gtest.h>

namespace packet_server {
namespace {

int object = 0;

void* take(meter& counts, object_kind kind) {
    return counts.allocate(kind, sizeof object, [] { return static_cast<void*>(&object); });
}
void give(meter& counts, object_kind kind) {
    counts.free(kind, &object, [] {});
}

TEST(Meter, CountsByKind) {
    meter counts(0, 0);
    take(counts, object_kind::packet);
    take(counts, object_kind::packet);
    take(counts, object_kind::entry);
    give(counts, object_kind::packet);
    EXPECT_EQ(counts.tally(object_kind::packet).allocations, 2U);
    EXPECT_EQ(counts.tally(object_kind::packet).frees, 1U);
    EXPECT_EQ(counts.tally(object_kind::packet).live(), 1U);
    EXPECT_EQ(counts.tally(object_kind::packet).peak, 2U);
    EXPECT_EQ(counts.tally(object_kind::entry).live(), 1U);
    EXPECT_EQ(counts.tally(object_kind::io).allocations, 0U);
}

TEST(Meter, CountsFailures) {
    meter counts(0, 0);
    EXPECT_EQ(counts.allocate(object_kind::io, 8, []() -> void* { return nullptr; }), nullptr);
    EXPECT_EQ(counts.tally(object_kind::io).failures, 1U);
    EXPECT_EQ(counts.tally(object_kind::io).allocations, 0U);
}

TEST(Meter, RefusesEveryNth) {
    meter counts(0, 3);
    int refused = 0;
    for (int i = 1; i <= 9; ++i)
        refused += take(counts, object_kind::io) == nullptr;
    EXPECT_EQ(refused, 3);
}

TEST(Meter, RefusesOnce) {
    meter counts(0, 0);
    counts.fail_at(2);
    EXPECT_NE(take(counts, object_kind::io), nullptr);
    EXPECT_EQ(take(counts, object_kind::io), nullptr);
    EXPECT_NE(take(counts, object_kind::io), nullptr);
}

TEST(Meter, SamplesOneInSoMany) {
    meter counts(10, 0);
    for (int i = 0; i < 100'000; ++i) {
        take(counts, object_kind::io);
        give(counts, object_kind::io);
    }
    const std::uint64_t taken = counts.allocation_samples().taken + counts.free_samples().taken;
    EXPECT_NEAR(static_cast<double>(taken), 20'000, 1000);
    // Nothing is done here, so next to nothing must remain once the clock's own cost is subtracted.
    EXPECT_LT(counts.allocation_samples().mean_ticks() * counts.ns_per_tick(), 200);
}

TEST(Meter, WithoutSamplingNothingIsTimed) {
    meter counts(0, 0);
    for (int i = 0; i < 1000; ++i)
        take(counts, object_kind::io);
    EXPECT_EQ(counts.allocation_samples().taken, 0U);
    EXPECT_EQ(counts.allocation_samples().mean_ticks(), 0.0);
}

TEST(CallSamples, SetsInterruptedOnesAside) {
    call_samples samples;
    samples.add(120, 20);
    samples.add(10, 20);
    samples.add(call_samples::longest + 1, 20);
    EXPECT_EQ(samples.taken, 2U);
    EXPECT_EQ(samples.set_aside, 1U);
    EXPECT_EQ(samples.mean_ticks(), 50.0);
}

} // namespace
} // namespace packet_server
