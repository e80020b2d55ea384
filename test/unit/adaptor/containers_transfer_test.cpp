// What goes from one container to another: by copy, move, swap, splice, merge and extraction, between equal and unequal
// allocators.
#include "unit/adaptor/allocators.hpp"

#include <gtest/gtest.h>

#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

template <class Allocators>
class transfers : public ::testing::Test {
protected:
    template <class T>
    using allocator = typename Allocators::template allocator<T>;
    using traits = std::allocator_traits<allocator<int>>;
    using list = std::list<int, allocator<int>>;
    using vector = std::vector<int, allocator<int>>;
    using pair = std::pair<const int, std::string>;
    using map = std::map<int, std::string, std::less<>, allocator<pair>>;
    using table = std::unordered_map<int, std::string, std::hash<int>, std::equal_to<>, allocator<pair>>;

    template <class Container, class T>
    Container filled(Allocators& from, int n = 100) {
        Container c(from.template make<T>());
        for (int i = 0; i != n; ++i)
            c.insert(c.end(), value<T>(i));
        return c;
    }
    list filled_list(Allocators& from) { return filled<list, int>(from); }
    vector filled_vector(Allocators& from) { return filled<vector, int>(from, 5000); }
    map filled_map(Allocators& from) { return filled<map, pair>(from); }
    table filled_table(Allocators& from) { return filled<table, pair>(from); }

    // Here first, and there, where it is another.
    Allocators here;
    Allocators there;
    bool are_equal = here.template make<int>() == there.template make<int>();

    void TearDown() override {
        EXPECT_EQ(here.live(), 0U);
        EXPECT_EQ(there.live(), 0U);
    }

private:
    template <class T>
    static T value(int i) {
        if constexpr (std::is_same_v<T, int>)
            return i;
        else
            return {i, std::string(50, 'x')};
    }
};
TYPED_TEST_SUITE(transfers, all_allocators);

template <class Container, class Allocator>
void expect_moves(Container from, Container to, const Allocator& where) {
    const Container known(from, from.get_allocator());
    const auto* const first = &*from.begin();
    to = std::move(from);
    EXPECT_EQ(to, known);
    EXPECT_TRUE(to.get_allocator() == where);
    // The same elements, unless they had to be made elsewhere.
    if (known.get_allocator() == where) {
        EXPECT_EQ(&*to.begin(), first);
    }
    from = known; // a container that was moved from is as good as new
    EXPECT_EQ(from, known);
}

TYPED_TEST(transfers, move_assignment) {
    using of_int = typename TestFixture::traits;
    auto& target = of_int::propagate_on_container_move_assignment::value ? this->there : this->here;
    expect_moves(this->filled_list(this->there), this->filled_list(this->here), target.template make<int>());
    expect_moves(this->filled_vector(this->there), this->filled_vector(this->here),
                 target.template make<int>());
    expect_moves(this->filled_map(this->there), this->filled_map(this->here),
                 target.template make<typename TestFixture::pair>());
    expect_moves(this->filled_table(this->there), this->filled_table(this->here),
                 target.template make<typename TestFixture::pair>());
    expect_moves(this->filled_list(this->here), this->filled_list(this->here),
                 this->here.template make<int>());
}

TYPED_TEST(transfers, copies) {
    using of_int = typename TestFixture::traits;
    const auto from = this->filled_map(this->there);
    auto to = this->filled_map(this->here);
    to.erase(7);
    to = from;
    EXPECT_EQ(to, from);
    EXPECT_EQ(to.get_allocator() == from.get_allocator(),
              this->are_equal || of_int::propagate_on_container_copy_assignment::value);
    const auto selected = of_int::select_on_container_copy_construction(this->there.template make<int>());
    const auto original = this->filled_list(this->there);
    const auto copy = original;
    EXPECT_EQ(copy, original);
    EXPECT_TRUE(copy.get_allocator() == selected);
    const typename TestFixture::list elsewhere(original, this->here.template make<int>());
    EXPECT_EQ(elsewhere, original);
    EXPECT_TRUE(elsewhere.get_allocator() == this->here.template make<int>());
}

TYPED_TEST(transfers, move_construction_with_another_allocator) {
    auto from = this->filled_table(this->there);
    const typename TestFixture::table known(from, from.get_allocator());
    const typename TestFixture::table to(std::move(from),
                                         this->here.template make<typename TestFixture::pair>());
    EXPECT_EQ(to, known);
}

TYPED_TEST(transfers, swap) {
    auto a = this->filled_vector(this->here);
    auto b = this->filled_vector(this->here);
    b.resize(3);
    swap(a, b);
    EXPECT_EQ(a.size(), 3U);
    EXPECT_EQ(b.size(), 5000U);
    // Of unequal allocators that do not go along it is undefined.
    if constexpr (TestFixture::traits::propagate_on_container_swap::value ||
                  TestFixture::traits::is_always_equal::value) {
        auto c = this->filled_list(this->here);
        auto d = this->filled_list(this->there);
        d.pop_front();
        const int* const first = &d.front();
        swap(c, d);
        EXPECT_EQ(&c.front(), first);
        EXPECT_TRUE(c.get_allocator() == this->there.template make<int>());
        EXPECT_TRUE(d.get_allocator() == this->here.template make<int>());
        c.push_back(1);
        d.push_back(1);
    }
}

TYPED_TEST(transfers, splice_and_merge_between_equal_allocators) {
    auto a = this->filled_list(this->here);
    auto b = this->filled_list(this->here);
    a.merge(b);
    EXPECT_EQ(a.size(), 200U);
    EXPECT_TRUE(b.empty());
    b.splice(b.begin(), a, a.begin(), std::next(a.begin(), 50));
    EXPECT_EQ(b.size(), 50U);
    auto m = this->filled_map(this->here);
    auto n = this->filled_map(this->here);
    m.erase(17);
    m.merge(n);
    EXPECT_EQ(m.size(), 100U);
    EXPECT_EQ(n.size(), 99U);
    auto t = this->filled_table(this->here);
    auto u = this->filled_table(this->here);
    t.erase(17);
    t.merge(u);
    EXPECT_EQ(t.count(17), 1U);
}

TYPED_TEST(transfers, extraction) {
    auto m = this->filled_map(this->here);
    const std::string* const value = &m.at(17);
    auto taken = m.extract(17);
    ASSERT_FALSE(taken.empty());
    EXPECT_TRUE(taken.get_allocator() == m.get_allocator());
    taken.key() = 1000;
    auto other = this->filled_map(this->here);
    const auto at = other.insert(std::move(taken));
    ASSERT_TRUE(at.inserted);
    EXPECT_EQ(&at.position->second, value); // not a copy
    EXPECT_EQ(m.size(), 99U);

    // It may live longer than where it is from, and end by itself.
    typename TestFixture::table::node_type last;
    {
        auto t = this->filled_table(this->there);
        last = t.extract(3);
    }
    EXPECT_EQ(last.mapped(), std::string(50, 'x'));
    // Between unequal allocators it may not go; its contents may.
    auto target = this->filled_table(this->here);
    if (!this->are_equal) {
        target.insert_or_assign(last.key(), std::move(last.mapped()));
    } else {
        target.erase(3);
        EXPECT_TRUE(target.insert(std::move(last)).inserted);
    }
    EXPECT_EQ(target.size(), 100U);
}

} // namespace
} // namespace cenote_test
