// This program's own functions, with inlined ones; libraries with symbols alone; and files that are not what was mapped.
#include "tool/record/module_list.hpp"
#include "tool/symbols/symbolizer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

namespace symbols_test {

std::uint64_t seen;
int line_of_inlined;
int line_of_outer;
std::jmp_buf back;

[[gnu::noinline]] void note_caller() {
    seen = reinterpret_cast<std::uint64_t>(__builtin_return_address(0));
    asm volatile("");
}

[[gnu::always_inline]] inline void inlined(int) {
    line_of_inlined = __LINE__ + 1;
    note_caller();
    asm volatile("");
}
[[gnu::noinline]] void outer(int n) {
    line_of_outer = __LINE__ + 1;
    inlined(n);
    asm volatile("");
}

[[noreturn]] [[gnu::noinline]] void leave() {
    seen = reinterpret_cast<std::uint64_t>(__builtin_return_address(0));
    std::longjmp(back, 1);
}
// Ends with the call: the address to return to is behind its end.
[[gnu::noinline]] void ends_with_a_call() { leave(); }

} // namespace symbols_test

namespace cenote::tool {
namespace {

const std::vector<code_module>& own_modules() {
    static const std::vector<code_module> all = module_list(static_cast<std::uint32_t>(::getpid())).refresh();
    return all;
}

const code_module* module_of(std::uint64_t address) {
    const auto found = std::find_if(own_modules().begin(), own_modules().end(), [&](const code_module& m) {
        return m.begin <= address && address < m.end;
    });
    return found == own_modules().end() ? nullptr : &*found;
}

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

TEST(symbolizer, names_a_function_with_file_and_line_and_those_inlined_in_it_first) {
    symbols_test::outer(1);
    symbolizer names;
    const auto calls = names.calls_at(module_of(symbols_test::seen), symbols_test::seen);
    ASSERT_EQ(calls.size(), 2U);
    EXPECT_EQ(calls[0].function, "symbols_test::inlined(int)");
    EXPECT_TRUE(calls[0].is_inlined);
    EXPECT_EQ(calls[0].line, static_cast<unsigned>(symbols_test::line_of_inlined));
    EXPECT_EQ(calls[1].function, "symbols_test::outer(int)");
    EXPECT_FALSE(calls[1].is_inlined);
    EXPECT_EQ(calls[1].line, static_cast<unsigned>(symbols_test::line_of_outer));
    for (const source_call& each : calls) {
        EXPECT_TRUE(ends_with(each.file, "symbolizer_test.cpp")) << each.file;
        EXPECT_EQ(each.module, "unit_symbols");
        EXPECT_EQ(each.problem, "");
    }
    EXPECT_EQ(calls[1].text(),
              "symbols_test::outer(int) at " + calls[1].file + ":" + std::to_string(calls[1].line));
    // Looked up once.
    EXPECT_EQ(names.calls_at(module_of(symbols_test::seen), symbols_test::seen).data(), calls.data());
}

TEST(symbolizer, names_the_caller_where_the_call_is_its_last_instruction) {
    if (setjmp(symbols_test::back) == 0) symbols_test::ends_with_a_call();
    symbolizer names;
    const auto calls = names.calls_at(module_of(symbols_test::seen), symbols_test::seen);
    EXPECT_EQ(calls.back().function, "symbols_test::ends_with_a_call()");
}

TEST(symbolizer, names_functions_of_libraries_by_their_symbols) {
    const auto address = reinterpret_cast<std::uint64_t>(&std::qsort) + 2;
    symbolizer names;
    const auto calls = names.calls_at(module_of(address), address);
    EXPECT_EQ(calls.back().function, "qsort");
    EXPECT_EQ(calls.back().module.substr(0, 4), "libc");
}

TEST(symbolizer, asks_no_servers_for_what_a_trace_names) {
    // In a process of its own, whose environment it is.
    const auto says_urls = [](const char* wanted) {
        ::setenv("DEBUGINFOD_URLS", "http://127.0.0.1:1/", 1);
        ::setenv("CENOTE_DEBUGINFOD", wanted, 1);
        code_file("/proc/self/exe", "");
        std::_Exit(std::getenv("DEBUGINFOD_URLS") == nullptr ? 0 : 1);
    };
    EXPECT_EXIT(says_urls("0"), testing::ExitedWithCode(0), "");
    EXPECT_EXIT(says_urls("1"), testing::ExitedWithCode(1), "");
}

TEST(symbolizer, has_module_and_offset_where_there_is_no_symbol) {
    const std::uint64_t address = reinterpret_cast<std::uint64_t>(&std::qsort);
    code_module beginning = *module_of(address);
    beginning.offset = 0; // the file's header
    symbolizer names;
    EXPECT_EQ(names.calls_at(&beginning, beginning.begin + 0x11)[0].name(),
              beginning.path.substr(beginning.path.rfind('/') + 1) + "+0x10");
    const code_module kernels{0x7000, 0x8000, 0, "[vdso]", ""};
    EXPECT_EQ(names.calls_at(&kernels, 0x7101)[0].text(), "[vdso]+0x100");
    EXPECT_EQ(names.calls_at(nullptr, 0x1234)[0].text(), "0x1234");
    EXPECT_EQ(names.calls_at(nullptr, 0)[0].text(), "0x0");
}

TEST(symbolizer, says_when_a_file_is_another_build_or_gone) {
    symbols_test::outer(1);
    code_module other = *module_of(symbols_test::seen);
    const std::uint64_t offset = symbols_test::seen - 1 - other.begin + other.offset;
    char digits[32];
    std::snprintf(digits, sizeof digits, "0x%llx", static_cast<unsigned long long>(offset));
    other.build_id = "00112233";
    symbolizer names;
    auto calls = names.calls_at(&other, symbols_test::seen);
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].text(), std::string("unit_symbols+") + digits + " (other build)");
    other.path += " (deleted)";
    EXPECT_EQ(names.calls_at(&other, symbols_test::seen)[0].text(),
              std::string("unit_symbols (deleted)+") + digits + " (no such file)");
    other.path = "/dev/zero";
    EXPECT_EQ(names.calls_at(&other, symbols_test::seen)[0].text(),
              std::string("zero+") + digits + " (no such file)");
}

TEST(symbolizer, has_no_names_for_files_that_make_no_sense_and_goes_on) {
    symbols_test::outer(1);
    code_module m = *module_of(symbols_test::seen);
    std::ifstream in(m.path, std::ios::binary);
    std::string whole{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    m.path = testing::TempDir() + "cenote_symbols_XXXXXX";
    ::close(::mkstemp(m.path.data()));
    m.build_id.clear();
    unsigned seed = 1;
    for (int trial = 0; trial != 60; ++trial) {
        std::string damaged = whole;
        if (trial % 3 == 0) damaged.resize(damaged.size() * static_cast<std::size_t>(trial) / 60);
        for (int i = 0; trial % 3 != 0 && i != 200; ++i) {
            seed = seed * 1'664'525 + 1'013'904'223;
            // Everywhere, or in the headers alone.
            damaged[seed % (trial % 3 == 1 ? damaged.size() : 4096)] = static_cast<char>(seed >> 24U);
        }
        std::ofstream(m.path, std::ios::binary) << damaged;
        symbolizer names;
        const auto calls = names.calls_at(&m, symbols_test::seen);
        ASSERT_FALSE(calls.empty());
        EXPECT_FALSE(calls[0].text().empty());
    }
    std::remove(m.path.c_str());
}

} // namespace
} // namespace cenote::tool
