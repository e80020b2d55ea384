// This program replaces operator new[](size_t) and operator delete[](void*), and nothing else: the nothrow and the sized
// array forms call these, the forms for single objects do not.
#include "override/hidden.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {
int news = 0;
int deletes = 0;
} // namespace

void* operator new[](std::size_t size) {
    ++news;
    if (void* const p = std::malloc(size)) return p;
    throw std::bad_alloc{};
}
void operator delete[](void* p) noexcept {
    ++deletes;
    std::free(p);
}

namespace cenote_test {
namespace {

class replaced_array_new : public ::testing::Test {
protected:
    replaced_array_new() { news = deletes = 0; }
    static void expect(int more_news, int more_deletes) {
        const int arrived[] = {news, deletes};
        news = deletes = 0;
        EXPECT_EQ(arrived[0], more_news);
        EXPECT_EQ(arrived[1], more_deletes);
    }
};

TEST_F(replaced_array_new, nothrow_form_calls_it) {
    void* const p = ::operator new[](hidden(100UL), std::nothrow);
    expect(1, 0);
    ::operator delete[](p, std::nothrow);
    expect(0, 1);
}

TEST_F(replaced_array_new, sized_form_calls_it) {
    void* const p = ::operator new[](hidden(100UL));
    expect(1, 0);
    ::operator delete[](p, hidden(100UL));
    expect(0, 1);
}

TEST_F(replaced_array_new, forms_for_single_objects_do_not_come_here) {
    ::operator delete(::operator new(hidden(100UL)), hidden(100UL));
    ::operator delete(::operator new(hidden(100UL), std::nothrow));
    expect(0, 0);
}

TEST_F(replaced_array_new, aligned_forms_do_not_come_here) {
    ::operator delete[](::operator new[](hidden(100UL), std::align_val_t{64}), hidden(100UL),
                        std::align_val_t{64});
    expect(0, 0);
}

} // namespace
} // namespace cenote_test
