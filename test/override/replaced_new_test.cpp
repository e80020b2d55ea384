// This program replaces operator new(size_t) and operator delete(void*), and nothing else. The forms that [new.delete]
// defines by these have to call them, although the library that has those forms was loaded before.
#include "override/hidden.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {
int news = 0;
int deletes = 0;
std::size_t last_size = 0;
bool refuse = false;
} // namespace

void* operator new(std::size_t size) {
    ++news;
    last_size = size;
    if (refuse) throw std::bad_alloc{};
    if (void* const p = std::malloc(size)) return p;
    throw std::bad_alloc{};
}
void operator delete(void* p) noexcept {
    ++deletes;
    std::free(p);
}

namespace cenote_test {
namespace {

class replaced_new : public ::testing::Test {
protected:
    replaced_new() { news = deletes = 0; }

    // The call of a new, or of a delete, that arrived here.
    static void expect_new(void* p, std::size_t size) {
        const int arrived = news;
        EXPECT_EQ(arrived, 1);
        EXPECT_EQ(last_size, size);
        ASSERT_NE(p, nullptr);
        pattern{p, size}.fill(1);
        news = 0;
    }
    static void expect_delete() {
        const int arrived = deletes;
        EXPECT_EQ(arrived, 1);
        deletes = 0;
    }
};

TEST_F(replaced_new, plain_forms_are_the_programs) {
    void* const p = ::operator new(hidden(40UL));
    expect_new(p, 40);
    ::operator delete(p);
    expect_delete();
}

TEST_F(replaced_new, array_new_calls_new) {
    void* const p = ::operator new[](hidden(41UL));
    expect_new(p, 41);
    ::operator delete[](p);
    expect_delete();
}

TEST_F(replaced_new, nothrow_new_calls_new) {
    void* const p = ::operator new(hidden(42UL), std::nothrow);
    expect_new(p, 42);
    ::operator delete(p, std::nothrow);
    expect_delete();
}

TEST_F(replaced_new, nothrow_array_new_calls_array_new_and_so_new) {
    void* const p = ::operator new[](hidden(43UL), std::nothrow);
    expect_new(p, 43);
    ::operator delete[](p, std::nothrow);
    expect_delete();
}

TEST_F(replaced_new, sized_deletes_call_delete) {
    void* const p = ::operator new(hidden(44UL));
    ::operator delete(p, hidden(44UL));
    expect_delete();
    void* const q = ::operator new[](hidden(45UL));
    ::operator delete[](q, hidden(45UL));
    expect_delete();
}

TEST_F(replaced_new, what_new_throws_is_null_from_nothrow_forms) {
    refuse = true;
    void* const p = ::operator new(hidden(46UL), std::nothrow);
    void* const q = ::operator new[](hidden(47UL), std::nothrow);
    bool caught = false;
    try {
        (void)hidden(::operator new[](hidden(48UL)));
    } catch (const std::bad_alloc&) {
        caught = true;
    }
    refuse = false;
    EXPECT_EQ(p, nullptr);
    EXPECT_EQ(q, nullptr);
    EXPECT_TRUE(caught);
}

// The aligned forms have a base of their own, which this program did not replace.
TEST_F(replaced_new, aligned_forms_do_not_come_here) {
    constexpr std::align_val_t alignment{128};
    void* const blocks[] = {::operator new(hidden(50UL), alignment),
                            ::operator new[](hidden(50UL), alignment),
                            ::operator new(hidden(50UL), alignment, std::nothrow),
                            ::operator new[](hidden(50UL), alignment, std::nothrow)};
    ::operator delete(blocks[0], alignment);
    ::operator delete[](blocks[1], hidden(50UL), alignment);
    ::operator delete(blocks[2], hidden(50UL), alignment);
    ::operator delete[](blocks[3], alignment, std::nothrow);
    const int arrived = news + deletes;
    EXPECT_EQ(arrived, 0);
}

// Code in other libraries, here libstdc++'s, uses the program's too.
TEST_F(replaced_new, the_standard_library_calls_it) {
    {
        const std::string text(hidden(1000UL), 'x');
        const int arrived = news;
        EXPECT_EQ(arrived, 1);
    }
    const int arrived = deletes;
    EXPECT_EQ(arrived, 1);
}

} // namespace
} // namespace cenote_test
