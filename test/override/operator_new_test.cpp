// Every form of operator new, each with every form of operator delete that takes its blocks; and the new-handler.
#include "override/hidden.hpp"
#include "override/leg.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <malloc.h>
#include <new>
#include <string>
#include <vector>

namespace cenote_test {
namespace {

using alignment = std::align_val_t;

struct new_form {
    const char* name;
    bool array, aligned, throws;
    void* (*call)(std::size_t, alignment);
};
const new_form new_forms[] = {
    {"new", false, false, true, [](std::size_t n, alignment) { return ::operator new(n); }},
    {"new_nothrow", false, false, false,
     [](std::size_t n, alignment) { return ::operator new(n, std::nothrow); }},
    {"new_aligned", false, true, true, [](std::size_t n, alignment a) { return ::operator new(n, a); }},
    {"new_aligned_nothrow", false, true, false,
     [](std::size_t n, alignment a) { return ::operator new(n, a, std::nothrow); }},
    {"array_new", true, false, true, [](std::size_t n, alignment) { return ::operator new[](n); }},
    {"array_new_nothrow", true, false, false,
     [](std::size_t n, alignment) { return ::operator new[](n, std::nothrow); }},
    {"array_new_aligned", true, true, true,
     [](std::size_t n, alignment a) { return ::operator new[](n, a); }},
    {"array_new_aligned_nothrow", true, true, false,
     [](std::size_t n, alignment a) { return ::operator new[](n, a, std::nothrow); }},
};

struct delete_form {
    const char* name;
    bool array, aligned;
    void (*call)(void*, std::size_t, alignment);
};
const delete_form delete_forms[] = {
    {"delete", false, false, [](void* p, std::size_t, alignment) { ::operator delete(p); }},
    {"delete_sized", false, false, [](void* p, std::size_t n, alignment) { ::operator delete(p, n); }},
    {"delete_nothrow", false, false,
     [](void* p, std::size_t, alignment) { ::operator delete(p, std::nothrow); }},
    {"delete_aligned", false, true, [](void* p, std::size_t, alignment a) { ::operator delete(p, a); }},
    {"delete_sized_aligned", false, true,
     [](void* p, std::size_t n, alignment a) { ::operator delete(p, n, a); }},
    {"delete_aligned_nothrow", false, true,
     [](void* p, std::size_t, alignment a) { ::operator delete(p, a, std::nothrow); }},
    {"array_delete", true, false, [](void* p, std::size_t, alignment) { ::operator delete[](p); }},
    {"array_delete_sized", true, false, [](void* p, std::size_t n, alignment) { ::operator delete[](p, n); }},
    {"array_delete_nothrow", true, false,
     [](void* p, std::size_t, alignment) { ::operator delete[](p, std::nothrow); }},
    {"array_delete_aligned", true, true,
     [](void* p, std::size_t, alignment a) { ::operator delete[](p, a); }},
    {"array_delete_sized_aligned", true, true,
     [](void* p, std::size_t n, alignment a) { ::operator delete[](p, n, a); }},
    {"array_delete_aligned_nothrow", true, true,
     [](void* p, std::size_t, alignment a) { ::operator delete[](p, a, std::nothrow); }},
};

struct pair_of_forms {
    new_form make;
    delete_form drop;
};
std::vector<pair_of_forms> pairs() {
    std::vector<pair_of_forms> all;
    for (const new_form& make : new_forms)
        for (const delete_form& drop : delete_forms)
            if (make.array == drop.array && make.aligned == drop.aligned) all.push_back({make, drop});
    return all;
}

class new_and_delete : public ::testing::TestWithParam<pair_of_forms> {};
INSTANTIATE_TEST_SUITE_P(forms, new_and_delete, ::testing::ValuesIn(pairs()), [](const auto& row) {
    return std::string{row.param.make.name} + "_and_" + row.param.drop.name;
});

void check_all_sizes(const pair_of_forms& forms, std::size_t aligned_to) {
    struct block {
        void* p;
        std::size_t size;
    };
    std::vector<block> blocks;
    for (const std::size_t size : sizes_of_all_regions)
        for (int i = 0; i != 2; ++i) {
            void* const p = forms.make.call(hidden(size), alignment{aligned_to});
            ASSERT_NE(p, nullptr);
            ASSERT_TRUE(is_aligned(p, aligned_to)) << p << " of " << size << " at " << aligned_to;
            ASSERT_GE(::malloc_usable_size(p), size);
            pattern{p, size}.fill(blocks.size());
            blocks.push_back({p, size});
        }
    for (std::size_t i = 0; i != blocks.size(); ++i) {
        ASSERT_TRUE((pattern{blocks[i].p, blocks[i].size}.holds(i))) << blocks[i].size;
        forms.drop.call(blocks[i].p, blocks[i].size, alignment{aligned_to});
    }
}

TEST_P(new_and_delete, gives_blocks_of_all_sizes_and_takes_them_back) {
    if (!GetParam().make.aligned) return check_all_sizes(GetParam(), __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    for (const std::size_t aligned_to :
         {1UL, 8UL, 16UL, 64UL, 512UL, 4096UL, 65'536UL, 1UL << 20U, 8UL << 20U, 16UL << 20U})
        check_all_sizes(GetParam(), aligned_to);
}

TEST_P(new_and_delete, takes_null) { GetParam().drop.call(hidden<void*>(nullptr), 8, alignment{64}); }

class new_of : public ::testing::TestWithParam<new_form> {
protected:
    // Whether it failed in its own way: an exception or null.
    bool fails(std::size_t size, std::size_t aligned_to = 64) {
        void* p = nullptr;
        bool caught = false;
        try {
            p = GetParam().call(hidden(size), alignment{aligned_to});
        } catch (const std::bad_alloc&) {
            caught = true;
        }
        return p == nullptr && caught == GetParam().throws;
    }
    void TearDown() override { std::set_new_handler(nullptr); }
};
INSTANTIATE_TEST_SUITE_P(forms, new_of, ::testing::ValuesIn(new_forms),
                         [](const auto& row) { return std::string{row.param.name}; });

constexpr std::size_t too_large = PTRDIFF_MAX;

TEST_P(new_of, huge_sizes_fail_as_the_form_says) {
    for (const std::size_t size : {too_large - 4096, too_large, too_large + 1, SIZE_MAX - (2U << 20),
                                   SIZE_MAX - 4096, SIZE_MAX - 63, SIZE_MAX - 15, SIZE_MAX})
        for (const std::size_t aligned_to : {64UL, 4096UL, 1UL << 20U}) {
            // libstdc++ 12 rounds the size up to the alignment, past SIZE_MAX, and gives a block of nothing.
            if (under_glibc() && GetParam().aligned && size > SIZE_MAX - aligned_to + 1) continue;
            EXPECT_TRUE(fails(size, aligned_to)) << size << " at " << aligned_to;
        }
}

int calls = 0;

// [new.delete.single]: the handler is called until it throws, gives up, or memory is there.
TEST_P(new_of, handler_is_called_until_it_sets_none) {
    calls = 0;
    std::set_new_handler([] {
        if (++calls == 5) std::set_new_handler(nullptr);
    });
    EXPECT_TRUE(fails(too_large));
    EXPECT_EQ(calls, 5);
    EXPECT_EQ(std::get_new_handler(), nullptr);
}

TEST_P(new_of, handler_may_install_another) {
    calls = 0;
    std::set_new_handler([] {
        ++calls;
        std::set_new_handler([] {
            calls += 10;
            std::set_new_handler(nullptr);
        });
    });
    EXPECT_TRUE(fails(too_large));
    EXPECT_EQ(calls, 11);
}

struct own_failure : std::bad_alloc {};

TEST_P(new_of, what_the_handler_throws_comes_out_or_is_null) {
    calls = 0;
    std::set_new_handler([] {
        if (++calls == 3) throw own_failure{};
    });
    void* p = nullptr;
    bool caught = false;
    try {
        p = GetParam().call(hidden(too_large), alignment{64});
    } catch (const own_failure&) {
        caught = true;
    }
    EXPECT_EQ(p, nullptr);
    EXPECT_EQ(caught, GetParam().throws);
    EXPECT_EQ(calls, 3);
}

TEST_P(new_of, handler_is_not_called_when_there_is_memory) {
    calls = 0;
    std::set_new_handler([] { ++calls; });
    for (const std::size_t size : {0UL, 10UL, 100'000UL, 10'000'000UL}) {
        void* const p = GetParam().call(hidden(size), alignment{64});
        EXPECT_NE(p, nullptr);
        for (const delete_form& drop : delete_forms)
            if (drop.array == GetParam().array && drop.aligned == GetParam().aligned) {
                drop.call(p, size, alignment{64});
                break;
            }
    }
    EXPECT_EQ(calls, 0);
}

TEST(malloc, does_not_call_the_new_handler) {
    calls = 0;
    std::set_new_handler([] { ++calls; });
    EXPECT_EQ(std::malloc(hidden(too_large)), nullptr);
    std::set_new_handler(nullptr);
    EXPECT_EQ(calls, 0);
}

// Expressions, as programs write them.
struct alignas(256) wide {
    long values[32];
};

TEST(new_expression, aligns_types_that_want_more) {
    std::vector<wide*> all;
    for (int i = 0; i != 20; ++i) {
        all.push_back(hidden(new wide));
        EXPECT_TRUE(is_aligned(all.back(), 256));
        wide* const several = hidden(new wide[3]);
        EXPECT_TRUE(is_aligned(several, 256));
        delete[] several;
    }
    for (const wide* const p : all)
        delete p;
}

TEST(new_expression, of_arrays_with_destructors_comes_back_whole) {
    for (const std::size_t count : {0UL, 1UL, 7UL, 100UL, 10'000UL}) {
        auto* const all = hidden(new std::string[count]);
        for (std::size_t i = 0; i != count; ++i)
            all[i] = std::string(100, 'x');
        delete[] all;
    }
}

TEST(new_expression, of_too_many_throws) {
    EXPECT_THROW((void)hidden(new long[hidden(SIZE_MAX / 2)]),
                 std::bad_alloc); // or what derives from it, as compilers differ
}

} // namespace
} // namespace cenote_test
