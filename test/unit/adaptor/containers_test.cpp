// The containers of the standard library over everything: contents are right, and all memory comes back.
#include "unit/adaptor/allocators.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace cenote_test {
namespace {

template <class Allocators>
class containers : public ::testing::Test {
protected:
    template <class T>
    using allocator = typename Allocators::template allocator<T>;
    using pair = std::pair<const int, int>;
    using string = std::basic_string<char, std::char_traits<char>, allocator<char>>;
    using vector = std::vector<int, allocator<int>>;
    using list = std::list<int, allocator<int>>;
    using map = std::map<int, int, std::less<>, allocator<pair>>;
    using table = std::unordered_map<int, int, std::hash<int>, std::equal_to<>, allocator<pair>>;

    template <class T>
    allocator<T> make() {
        return from.template make<T>();
    }
    void TearDown() override { EXPECT_EQ(from.live(), 0U); }

    Allocators from;
};
TYPED_TEST_SUITE(containers, all_allocators);

// Random inserts and erases, against the same container of the standard allocator.
template <class Tested, class Known>
void agree_after_random_operations(Tested& tested, Known& known) {
    std::mt19937 random{7};
    for (int i = 0; i != 20000; ++i) {
        const int key = static_cast<int>(random() % 500);
        if (random() % 2 == 0) {
            tested.emplace(key, i);
            known.emplace(key, i);
        } else {
            ASSERT_EQ(tested.erase(key), known.erase(key));
        }
    }
    ASSERT_EQ(tested.size(), known.size());
    for (const auto& [key, value] : known)
        ASSERT_NE(std::find(tested.begin(), tested.end(), std::pair<const int, int>{key, value}),
                  tested.end());
}

TYPED_TEST(containers, map_and_multimap) {
    typename TestFixture::map tested{this->template make<typename TestFixture::pair>()};
    std::map<int, int> known;
    agree_after_random_operations(tested, known);
    std::multimap<int, int, std::less<>, typename TestFixture::template allocator<typename TestFixture::pair>>
        many{this->template make<typename TestFixture::pair>()};
    for (int i = 0; i != 1000; ++i)
        many.emplace(i % 10, i);
    EXPECT_EQ(many.count(3), 100U);
    EXPECT_EQ(many.erase(3), 100U);
    EXPECT_EQ(many.size(), 900U);
}

TYPED_TEST(containers, unordered_map_and_set) {
    typename TestFixture::table tested{this->template make<typename TestFixture::pair>()};
    std::unordered_map<int, int> known;
    agree_after_random_operations(tested, known);
    std::unordered_set<int, std::hash<int>, std::equal_to<>, typename TestFixture::template allocator<int>>
        set{this->template make<int>()};
    for (int i = 0; i != 100000; ++i)
        set.insert(i);
    set.rehash(1U << 18);
    EXPECT_EQ(set.size(), 100000U);
    for (int i = 0; i < 100000; i += 2)
        set.erase(i);
    EXPECT_EQ(set.count(1), 1U);
    EXPECT_EQ(set.count(2), 0U);
}

TYPED_TEST(containers, set) {
    std::set<int, std::less<>, typename TestFixture::template allocator<int>> set{this->template make<int>()};
    for (int i = 0; i != 1000; ++i)
        set.insert(i * 7 % 1000);
    EXPECT_TRUE(std::is_sorted(set.begin(), set.end()));
    EXPECT_EQ(set.size(), 1000U);
}

TYPED_TEST(containers, vector_of_every_size_up_to_a_megabyte) {
    typename TestFixture::vector v{this->template make<int>()};
    for (int i = 0; i != 250000; ++i)
        v.push_back(i);
    EXPECT_EQ(std::accumulate(v.begin(), v.end(), std::int64_t{0}), std::int64_t{249999} * 125000);
    v.erase(v.begin() + 100, v.end());
    v.shrink_to_fit();
    EXPECT_EQ(v.size(), 100U);
    EXPECT_EQ(v.back(), 99);
}

TYPED_TEST(containers, deque_from_both_ends) {
    std::deque<int, typename TestFixture::template allocator<int>> d{this->template make<int>()};
    for (int i = 0; i != 10000; ++i) {
        d.push_back(i);
        d.push_front(-i);
        if (i % 3 == 0) d.pop_front();
    }
    EXPECT_EQ(d.back(), 9999);
    EXPECT_EQ(d.size(), 20000U - 3334U);
}

TYPED_TEST(containers, lists) {
    typename TestFixture::list both{this->template make<int>()};
    std::forward_list<int, typename TestFixture::template allocator<int>> forward{this->template make<int>()};
    for (int i = 0; i != 5000; ++i) {
        both.push_back(i * 13 % 5000);
        forward.push_front(i * 13 % 5000);
    }
    both.sort();
    forward.sort();
    EXPECT_TRUE(std::equal(both.begin(), both.end(), forward.begin(), forward.end()));
    both.remove_if([](int i) { return i % 2 != 0; });
    forward.remove_if([](int i) { return i % 2 != 0; });
    EXPECT_EQ(both.size(), 2500U);
    EXPECT_TRUE(std::equal(both.begin(), both.end(), forward.begin(), forward.end()));
}

TYPED_TEST(containers, string_short_and_long) {
    typename TestFixture::string s{this->template make<char>()};
    for (int i = 0; i != 20000; ++i)
        s += static_cast<char>('a' + i % 26);
    EXPECT_EQ(s.size(), 20000U);
    EXPECT_EQ(s.compare(26, 3, "abc"), 0);
    s.assign(3, 'x');
    s.shrink_to_fit();
    EXPECT_EQ(s, "xxx");
}

TYPED_TEST(containers, of_containers) {
    using inner = typename TestFixture::list;
    std::vector<inner, typename TestFixture::template allocator<inner>> lists{this->template make<inner>()};
    for (int i = 0; i != 300; ++i) {
        inner one(this->template make<int>());
        one.assign(10, i);
        lists.push_back(std::move(one));
    }
    EXPECT_EQ(lists.size(), 300U);
    EXPECT_EQ(lists[299].back(), 299);
}

struct alignas(64) line {
    int value;
    explicit line(int v = 0) : value(v) {}
};
struct alignas(8192) two_pages {
    int value;
    explicit two_pages(int v = 0) : value(v) {}
};

template <class T>
bool is_aligned(const T& object) {
    return cenote::detail::is_aligned(&object, alignof(T));
}

TYPED_TEST(containers, of_over_aligned_types) {
    std::list<line, typename TestFixture::template allocator<line>> lines{this->template make<line>()};
    std::vector<line, typename TestFixture::template allocator<line>> packed{this->template make<line>()};
    std::list<two_pages, typename TestFixture::template allocator<two_pages>> pages{
        this->template make<two_pages>()};
    std::vector<two_pages, typename TestFixture::template allocator<two_pages>> many{
        this->template make<two_pages>()};
    for (int i = 0; i != 300; ++i) {
        lines.emplace_back(i);
        packed.emplace_back(i);
    }
    for (int i = 0; i != 20; ++i) {
        pages.emplace_back(i);
        many.emplace_back(i);
    }
    EXPECT_TRUE(std::all_of(lines.begin(), lines.end(), is_aligned<line>));
    EXPECT_TRUE(std::all_of(packed.begin(), packed.end(), is_aligned<line>));
    EXPECT_TRUE(std::all_of(pages.begin(), pages.end(), is_aligned<two_pages>));
    EXPECT_TRUE(std::all_of(many.begin(), many.end(), is_aligned<two_pages>));
    EXPECT_EQ(many.back().value, 19);
}

TYPED_TEST(containers, allocate_shared) {
    const auto p = std::allocate_shared<std::string>(this->template make<std::string>(), 100, 'x');
    const std::weak_ptr<std::string> weak{p};
    EXPECT_EQ(p->size(), 100U);
    const auto aligned = std::allocate_shared<line>(this->template make<line>(), 7);
    EXPECT_TRUE(is_aligned(*aligned));
    EXPECT_EQ(weak.lock(), p);
}

// [allocator.requirements], as far as containers do not show it.
TYPED_TEST(containers, allocators_meet_the_requirements) {
    auto a = this->template make<int>();
    using traits = std::allocator_traits<decltype(a)>;
    static_assert(std::is_same_v<typename traits::value_type, int>);
    static_assert(std::is_same_v<typename traits::template rebind_alloc<char>,
                                 typename TestFixture::template allocator<char>>);
    static_assert(std::is_nothrow_copy_constructible_v<decltype(a)>);
    const typename TestFixture::template allocator<char> of_char{a};
    const typename TestFixture::template allocator<int> back{of_char};
    EXPECT_TRUE(back == a);
    EXPECT_FALSE(back != a);
    EXPECT_TRUE(a == of_char);
    const auto copy = a;
    EXPECT_TRUE(copy == a);
    for (const std::size_t n : {0U, 1U, 2U, 100U, 2048U, 2049U, 100000U}) {
        int* const p = a.allocate(n);
        int* const q = a.allocate(n);
        EXPECT_NE(p, q);
        std::fill_n(p, n, 1);
        std::fill_n(q, n, 2);
        EXPECT_TRUE(std::all_of(p, p + n, [](int i) { return i == 1; }));
        auto other = copy;
        other.deallocate(p, n); // an equal one may
        a.deallocate(q, n);
    }
    EXPECT_LE(traits::max_size(a), std::numeric_limits<std::size_t>::max() / sizeof(int));
}

#if CENOTE_EXCEPTIONS
TYPED_TEST(containers, more_than_any_memory_holds_is_refused) {
    auto a = this->template make<std::uint64_t>();
    const std::size_t most = std::allocator_traits<decltype(a)>::max_size(a);
    EXPECT_THROW((void)a.allocate(std::numeric_limits<std::size_t>::max()), std::bad_array_new_length);
    EXPECT_THROW((void)a.allocate(std::numeric_limits<std::size_t>::max() / 8 + 1),
                 std::bad_array_new_length);
    EXPECT_THROW((void)a.allocate(most), std::bad_alloc);
    typename TestFixture::vector v{this->template make<int>()};
    EXPECT_THROW(v.reserve(v.max_size() + 1), std::length_error);
}
#endif

} // namespace
} // namespace cenote_test
