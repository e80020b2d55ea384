// The reader of ELF files: right about this program, and unharmed by files that say wrong things.
#include "tool/elf/image.hpp"
#include "tool/support/failure.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <string>
#include <unistd.h>

using namespace cenote::tool;

namespace {

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct file_of_bytes {
    explicit file_of_bytes(const std::string& bytes)
        : path((std::filesystem::temp_directory_path() / ("cenote_elf_" + std::to_string(::getpid())))
                   .string()) {
        std::ofstream(path, std::ios::binary) << bytes;
    }
    ~file_of_bytes() { std::filesystem::remove(path); }
    std::string path;
};

// The C library's file, as the smallest that has all parts.
std::string some_library() {
    for (const char* const path :
         {"/lib/x86_64-linux-gnu/libdl.so.2", "/lib/aarch64-linux-gnu/libdl.so.2", "/lib64/libdl.so.2"})
        if (std::filesystem::exists(path)) return path;
    return "/proc/self/exe";
}

} // namespace

extern "C" int elf_test_place;
int elf_test_place = 1;

TEST(elf, says_where_a_symbol_is) {
    const elf_image image = read_elf("/proc/self/exe", {"elf_test_place"});
    Dl_info about{};
    ASSERT_NE(::dladdr(&elf_test_place, &about), 0);
    ASSERT_FALSE(image.symbols.empty());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(about.dli_fbase) - image.base + image.symbols.front().address,
              reinterpret_cast<std::uintptr_t>(&elf_test_place));
}

TEST(elf, says_what_this_program_is) {
    const elf_image image = read_elf("/proc/self/exe", {"malloc", "main"});
    EXPECT_TRUE(image.is_elf && image.is_of_this_machine && image.is_dynamic);
    EXPECT_FALSE(image.is_damaged || image.is_static());
    EXPECT_NE(image.interpreter.find("ld-linux"), std::string::npos);
    EXPECT_NE(std::find_if(image.needed.begin(), image.needed.end(),
                           [](const auto& n) { return n.starts_with("libc.so"); }),
              image.needed.end());
}

TEST(elf, finds_symbols_that_a_library_exports) {
    const elf_image image =
        read_elf("/lib/x86_64-linux-gnu/libc.so.6", {"malloc", "free", "no_such_function"});
    int defined = 0;
    for (const elf_symbol& each : image.symbols)
        defined += each.is_defined && each.is_exported ? 1 : 0;
    EXPECT_EQ(defined, 2);
    EXPECT_EQ(image.soname, "libc.so.6");
}

TEST(elf, is_no_script_and_no_empty_file) {
    EXPECT_FALSE(read_elf(file_of_bytes("#!/bin/sh\n").path, {}).is_elf);
    EXPECT_FALSE(read_elf(file_of_bytes("").path, {}).is_elf);
    EXPECT_TRUE(read_elf(file_of_bytes("\177ELF").path, {}).is_damaged);
    EXPECT_THROW(static_cast<void>(read_elf("/nowhere", {})), failure);
}

TEST(elf, cut_off_anywhere_is_survived) {
    const std::string whole = bytes_of(some_library());
    for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 200)
        static_cast<void>(read_elf(file_of_bytes(whole.substr(0, length)).path, malloc_functions()));
    EXPECT_TRUE(read_elf(file_of_bytes(whole.substr(0, 200)).path, {}).is_damaged);
}

TEST(elf, with_any_bytes_changed_is_survived) {
    const std::string whole = bytes_of(some_library());
    std::mt19937 random(3);
    for (int trial = 0; trial != 400; ++trial) {
        std::string changed = whole;
        // Mostly in the headers, where offsets and counts are.
        const std::size_t within = trial % 4 == 0 ? whole.size() : std::min<std::size_t>(whole.size(), 1024);
        for (int i = 0; i != 8; ++i)
            changed[4 + random() % (within - 4)] = static_cast<char>(random() % 3 == 0 ? 0xFF : random());
        const elf_image image = read_elf(file_of_bytes(changed).path, malloc_functions());
        EXPECT_LE(image.symbols.size(), whole.size());
    }
}
