// Part of every program of this folder: the functions that it calls are those of the library under test, but for those
// that it replaces itself. Else a suite under a preload that did not happen would pass, and prove nothing.
#include "override/leg.hpp"

#include <gtest/gtest.h>

#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <string>

namespace cenote_test {
namespace {

TEST(leg, every_entry_point_is_the_one_under_test) {
    ASSERT_NE(library_under_test(), "") << "CENOTE_TEST_MALLOC does not say which library is under test";
    std::ifstream list{CENOTE_TEST_SYMBOLS};
    int looked_at = 0;
    int own = 0;
    for (std::string name; std::getline(list, name); ++looked_at) {
        if (under_glibc() && name.starts_with("cenote_")) continue; // ours alone
        void* const address = ::dlsym(RTLD_DEFAULT, name.c_str());
        ASSERT_NE(address, nullptr) << name;
        ::Dl_info info{};
        ASSERT_NE(::dladdr(address, &info), 0) << name;
        const std::string file = std::filesystem::path{info.dli_fname}.filename();
        if (std::filesystem::equivalent(info.dli_fname, "/proc/self/exe"))
            ++own;
        else if (under_glibc())
            EXPECT_EQ(file, name.starts_with("_Z") ? "libstdc++.so.6" : "libc.so.6") << name;
        else
            EXPECT_TRUE(std::filesystem::equivalent(info.dli_fname, library_under_test()))
                << name << " is that of " << info.dli_fname;
    }
    EXPECT_EQ(own, CENOTE_TEST_REPLACED);
    EXPECT_GT(looked_at, 30) << "of " CENOTE_TEST_SYMBOLS;
}

} // namespace
} // namespace cenote_test
