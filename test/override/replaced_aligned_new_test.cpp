// This program replaces the aligned base forms of operator new and operator delete, and nothing else.
#include "override/hidden.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {
int news = 0;
int deletes = 0;
std::align_val_t last_alignment{};
bool refuse = false;
} // namespace

void* operator new(std::size_t size, std::align_val_t alignment) {
    ++news;
    last_alignment = alignment;
    if (refuse) throw std::bad_alloc{};
    if (void* const p = std::aligned_alloc(static_cast<std::size_t>(alignment), size)) return p;
    throw std::bad_alloc{};
}
void operator delete(void* p, std::align_val_t) noexcept {
    ++deletes;
    std::free(p);
}

namespace cenote_test {
namespace {

constexpr std::align_val_t alignment{512};

class replaced_aligned_new : public ::testing::Test {
protected:
    replaced_aligned_new() { news = deletes = 0; }

    static void expect_new(const void* p) {
        EXPECT_EQ(news, 1);
        EXPECT_EQ(last_alignment, alignment);
        EXPECT_NE(p, nullptr);
        EXPECT_TRUE(is_aligned(p, 512));
        news = 0;
    }
    static void expect_delete() {
        EXPECT_EQ(deletes, 1);
        deletes = 0;
    }
};

TEST_F(replaced_aligned_new, array_forms_call_it) {
    void* const p = ::operator new[](hidden(100UL), alignment);
    expect_new(p);
    ::operator delete[](p, alignment);
    expect_delete();
}

TEST_F(replaced_aligned_new, nothrow_forms_call_it) {
    void* const p = ::operator new(hidden(100UL), alignment, std::nothrow);
    expect_new(p);
    ::operator delete(p, alignment, std::nothrow);
    expect_delete();
    void* const q = ::operator new[](hidden(100UL), alignment, std::nothrow);
    expect_new(q);
    ::operator delete[](q, alignment, std::nothrow);
    expect_delete();
}

TEST_F(replaced_aligned_new, sized_deletes_call_it) {
    ::operator delete(::operator new(hidden(100UL), alignment), hidden(100UL), alignment);
    expect_delete();
    ::operator delete[](::operator new[](hidden(100UL), alignment), hidden(100UL), alignment);
    expect_delete();
}

TEST_F(replaced_aligned_new, what_it_throws_is_null_from_nothrow_forms) {
    refuse = true;
    EXPECT_EQ(::operator new(hidden(100UL), alignment, std::nothrow), nullptr);
    EXPECT_EQ(::operator new[](hidden(100UL), alignment, std::nothrow), nullptr);
    EXPECT_THROW((void)hidden(::operator new[](hidden(100UL), alignment)), std::bad_alloc);
    refuse = false;
}

TEST_F(replaced_aligned_new, plain_forms_do_not_come_here) {
    ::operator delete(::operator new(hidden(100UL)));
    ::operator delete[](::operator new[](hidden(100UL)), hidden(100UL));
    EXPECT_EQ(news + deletes, 0);
}

} // namespace
} // namespace cenote_test
