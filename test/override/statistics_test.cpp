// What glibc's malloc.h has beyond memory: malloc_trim, mallinfo, mallinfo2, malloc_info, mallopt. Programs call these,
// so they answer sensibly; what the figures mean in detail is each allocator's own.
#include "override/hidden.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

std::size_t in_use() {
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd; // blocks in heaps, blocks in mappings of their own: none is in both
}

TEST(mallinfo2, counts_what_is_in_use) {
    constexpr std::size_t count = 1000;
    constexpr std::size_t size = 4000;
    constexpr std::size_t huge = 64U << 20U; // glibc maps whatever is larger than half of that
    std::vector<void*> blocks(count);
    const std::size_t before = in_use();
    for (void*& p : blocks)
        p = std::malloc(hidden(size));
    void* const large = std::malloc(hidden(huge));
    const std::size_t at_most = in_use();
    EXPECT_GE(at_most, before + count * size + huge);
    EXPECT_LE(at_most, before + 2 * count * size + huge + huge / 8);
    EXPECT_GE(::mallinfo2().hblks, 1U);
    EXPECT_GE(::mallinfo2().hblkhd, huge);
    for (void* const p : blocks)
        std::free(p);
    std::free(large);
    // Not to the byte: what threads keep to themselves may count as used.
    EXPECT_LE(in_use(), before + count * size);
}

TEST(mallinfo, has_the_same_figures_in_int) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    const struct mallinfo narrow = ::mallinfo();
#pragma GCC diagnostic pop
    const struct mallinfo2 wide = ::mallinfo2();
    EXPECT_EQ(static_cast<std::size_t>(narrow.uordblks), wide.uordblks);
    EXPECT_EQ(static_cast<std::size_t>(narrow.arena), wide.arena);
    EXPECT_GT(narrow.uordblks, 0);
}

// What malloc_info writes, and returns.
struct written {
    int result;
    std::string text;
};
written malloc_info_with(int options) {
    char* text = nullptr;
    std::size_t length = 0;
    std::FILE* const file = ::open_memstream(&text, &length);
    const int result = ::malloc_info(options, file);
    std::fclose(file);
    written all{result, {text, length}};
    std::free(text);
    return all;
}

TEST(malloc_info, writes_one_xml_element) {
    const written all = malloc_info_with(0);
    EXPECT_EQ(all.result, 0);
    EXPECT_TRUE(all.text.starts_with("<malloc")) << all.text;
    EXPECT_TRUE(all.text.ends_with("</malloc>\n")) << all.text;
    std::size_t depth = 0;
    for (std::size_t at = all.text.find('<'); at != std::string::npos; at = all.text.find('<', at + 1)) {
        const std::size_t end = all.text.find('>', at);
        ASSERT_NE(end, std::string::npos) << all.text;
        if (all.text[at + 1] == '/') {
            ASSERT_GT(depth, 0U) << all.text;
            --depth;
        } else if (all.text[end - 1] != '/')
            ++depth;
    }
    EXPECT_EQ(depth, 0U) << all.text;
}

TEST(malloc_info, knows_no_options) {
    const written all = malloc_info_with(1);
    EXPECT_NE(all.result, 0);
    EXPECT_EQ(all.text, "");
}

TEST(malloc_stats, writes_to_standard_error) {
    std::FILE* const file = std::tmpfile();
    std::fflush(stderr);
    const int kept = ::dup(STDERR_FILENO);
    ::dup2(::fileno(file), STDERR_FILENO);
    ::malloc_stats();
    std::fflush(stderr);
    ::dup2(kept, STDERR_FILENO);
    ::close(kept);
    EXPECT_GT(::lseek(::fileno(file), 0, SEEK_END), 50);
    std::fclose(file);
}

TEST(malloc_trim, says_whether_it_gave_memory_back) {
    void* const kept = std::malloc(hidden(1000UL));
    pattern{kept, 1000}.fill(2);
    // On a busy machine so much time passes that all of it has gone back before, by itself; not always.
    bool was_given = false;
    for (int tries = 0; !was_given && tries != 50; ++tries) {
        std::vector<void*> blocks(20'000);
        for (void*& p : blocks)
            p = std::malloc(hidden(1000UL));
        for (void* const p : blocks) {
            pattern{p, 1000}.fill(1);
            std::free(p);
        }
        was_given = ::malloc_trim(0) == 1;
    }
    EXPECT_TRUE(was_given);
    EXPECT_TRUE((pattern{kept, 1000}.holds(2)));
    for (const std::size_t pad : {0UL, 1UL << 20U, SIZE_MAX}) {
        const int result = ::malloc_trim(hidden(pad));
        EXPECT_TRUE(result == 0 || result == 1) << result;
    }
    std::free(kept);
}

TEST(mallopt, accepts_what_the_manual_lists) {
    for (const auto& [parameter, value] : {std::pair{M_MMAP_THRESHOLD, 128 * 1024},
                                           {M_TRIM_THRESHOLD, 128 * 1024},
                                           {M_TOP_PAD, 0},
                                           {M_MMAP_MAX, 65'536},
                                           {M_ARENA_MAX, 8},
                                           {M_ARENA_TEST, 8},
                                           {M_MXFAST, 64},
                                           {M_PERTURB, 0}})
        EXPECT_EQ(::mallopt(parameter, value), 1) << parameter;
    void* const p = std::malloc(hidden(100UL));
    EXPECT_NE(p, nullptr);
    std::free(p);
}

} // namespace
} // namespace cenote_test
