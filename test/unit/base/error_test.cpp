#include "cenote/base/error.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <new>

// An emulator has a line of its own to say of an abort.
#ifdef CENOTE_TEST_EMULATED
#define END_OF_OUTPUT "qemu: [^\n]*\n$"
#else
#define END_OF_OUTPUT "$"
#endif

namespace cenote_test {
namespace {

using namespace cenote::detail;

TEST(error_death, fail_prints_one_line_with_the_name_of_the_library_and_aborts) {
    EXPECT_EXIT(fail("something happened"), ::testing::KilledBySignal(SIGABRT),
                "^cenote: something happened\n" END_OF_OUTPUT);
}

TEST(error_death, a_broken_contract_names_what_happened_to_which_pointer_in_which_pool) {
    const auto* const pool = reinterpret_cast<const void*>(0x1230);
    const auto* const block = reinterpret_cast<const void*>(0x4560);
    EXPECT_EXIT(broken_contract({"object_pool", pool, 48}, "double destroy", block),
                ::testing::KilledBySignal(SIGABRT),
                "^cenote: double destroy: 0x4560 in object_pool 0x1230 .blocks of 48 bytes.\n" END_OF_OUTPUT);
}

#if CENOTE_EXCEPTIONS

TEST(error, out_of_memory_throws_bad_alloc) { EXPECT_THROW(throw_bad_alloc(), std::bad_alloc); }

#else

TEST(error_death, out_of_memory_aborts_and_names_the_way_out) {
    EXPECT_EXIT(throw_bad_alloc(), ::testing::KilledBySignal(SIGABRT), "cenote: out of memory.*try_");
}

#endif

} // namespace
} // namespace cenote_test
