// Containers that the standard library did not write: Boost's, a list of one's own, a flat table in the manner of Abseil's,
// which keeps control bytes and slots in one allocation of rebound raw memory.
#include "unit/adaptor/allocators.hpp"

#include <boost/container/deque.hpp>
#include <boost/container/flat_map.hpp>
#include <boost/container/list.hpp>
#include <boost/container/map.hpp>
#include <boost/container/stable_vector.hpp>
#include <boost/container/vector.hpp>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <utility>

namespace cenote_test {
namespace {

template <class Allocators>
class foreign_containers : public ::testing::Test {
protected:
    template <class T>
    typename Allocators::template allocator<T> make() {
        return from.template make<T>();
    }
    template <class T>
    using allocator = typename Allocators::template allocator<T>;
    void TearDown() override { EXPECT_EQ(from.live(), 0U); }
    Allocators from;
};
TYPED_TEST_SUITE(foreign_containers, all_allocators);

template <class Sequence>
void fill_and_check(Sequence s) {
    for (int i = 0; i != 3000; ++i)
        s.push_back(i);
    s.erase(s.begin(), std::next(s.begin(), 10));
    Sequence copy(s, s.get_allocator());
    Sequence moved{std::move(s)};
    EXPECT_EQ(copy, moved);
    EXPECT_EQ(moved.front(), 10);
    swap(copy, moved);
    copy = moved;
    EXPECT_EQ(copy.size(), 2990U);
}

TYPED_TEST(foreign_containers, boost_sequences) {
    namespace bc = boost::container;
    using of_int = typename TestFixture::template allocator<int>;
    fill_and_check(bc::vector<int, of_int>(this->template make<int>()));
    fill_and_check(bc::list<int, of_int>(this->template make<int>()));
    fill_and_check(bc::deque<int, of_int>(this->template make<int>()));
    fill_and_check(bc::stable_vector<int, of_int>(this->template make<int>()));
}

TYPED_TEST(foreign_containers, boost_maps) {
    namespace bc = boost::container;
    using pair = std::pair<const int, int>;
    bc::map<int, int, std::less<>, typename TestFixture::template allocator<pair>> tree{
        this->template make<pair>()};
    using flat_pair = std::pair<int, int>;
    bc::flat_map<int, int, std::less<>, typename TestFixture::template allocator<flat_pair>> flat{
        this->template make<flat_pair>()};
    for (int i = 0; i != 1000; ++i) {
        tree.emplace(i * 7 % 1000, i);
        flat.emplace(i * 7 % 1000, i);
    }
    tree.erase(5);
    flat.erase(5);
    EXPECT_TRUE(std::equal(tree.begin(), tree.end(), flat.begin(), flat.end(),
                           [](auto& a, auto& b) { return a.first == b.first && a.second == b.second; }));
}

// As little of an allocator as a container can do with.
template <class T, class Allocator>
class stack_of_links {
    struct link {
        T value;
        link* below;
    };
    using traits = typename std::allocator_traits<Allocator>::template rebind_traits<link>;

public:
    explicit stack_of_links(const Allocator& a) : alloc_(a) {}
    stack_of_links(const stack_of_links&) = delete;
    stack_of_links& operator=(const stack_of_links&) = delete;
    ~stack_of_links() {
        while (top_ != nullptr)
            pop();
    }
    void push(T value) {
        link* const made = traits::allocate(alloc_, 1);
        traits::construct(alloc_, made, link{std::move(value), top_});
        top_ = made;
    }
    T pop() {
        link* const old = top_;
        T value = std::move(old->value);
        top_ = old->below;
        traits::destroy(alloc_, old);
        traits::deallocate(alloc_, old, 1);
        return value;
    }

private:
    typename traits::allocator_type alloc_;
    link* top_ = nullptr;
};

TYPED_TEST(foreign_containers, a_list_of_ones_own) {
    stack_of_links<std::string, typename TestFixture::template allocator<std::string>> stack{
        this->template make<std::string>()};
    for (int i = 0; i != 1000; ++i)
        stack.push(std::to_string(i));
    for (int i = 1000; i-- != 10;)
        ASSERT_EQ(stack.pop(), std::to_string(i));
}

// One allocation of aligned raw units: a byte of control for each slot, then the slots.
template <class Key, class Value, class Allocator>
class flat_table {
    struct slot {
        Key key;
        Value value;
    };
    struct alignas(slot) unit {
        unsigned char bytes[alignof(slot)];
    };
    using traits = typename std::allocator_traits<Allocator>::template rebind_traits<unit>;

public:
    explicit flat_table(const Allocator& a) : alloc_(a) {}
    flat_table(const flat_table&) = delete;
    flat_table& operator=(const flat_table&) = delete;
    ~flat_table() { drop(memory_, capacity_); }

    void insert(const Key& key, const Value& value) {
        if (Value* const found = find(key)) {
            *found = value;
            return;
        }
        if (size_ * 8 >= capacity_ * 7) grow();
        const std::size_t at = place(memory_, capacity_, key);
        memory_[at / sizeof(unit)].bytes[at % sizeof(unit)] = 1;
        ::new (slots(memory_, capacity_) + at) slot{key, value};
        ++size_;
    }
    Value* find(const Key& key) {
        for (std::size_t i = 0, at = hash(key); i != capacity_; ++i, ++at) {
            const std::size_t here = at & (capacity_ - 1);
            if (!is_full(memory_, here)) return nullptr;
            slot& s = slots(memory_, capacity_)[here];
            if (s.key == key) return &s.value;
        }
        return nullptr;
    }
    std::size_t size() const { return size_; }

private:
    static std::size_t hash(const Key& key) {
        return static_cast<std::size_t>(key) * 0x9E3779B97F4A7C15U >> 17;
    }
    static std::size_t units(std::size_t capacity) {
        return cenote::detail::divide_up(capacity, sizeof(unit)) + capacity * sizeof(slot) / sizeof(unit);
    }
    static bool is_full(unit* memory, std::size_t at) {
        return memory[at / sizeof(unit)].bytes[at % sizeof(unit)] != 0;
    }
    static slot* slots(unit* memory, std::size_t capacity) {
        return reinterpret_cast<slot*>(memory + cenote::detail::divide_up(capacity, sizeof(unit)));
    }
    static std::size_t place(unit* memory, std::size_t capacity, const Key& key) {
        std::size_t at = hash(key) & (capacity - 1);
        while (is_full(memory, at))
            at = (at + 1) & (capacity - 1);
        return at;
    }
    void grow() {
        const std::size_t more = capacity_ == 0 ? 8 : capacity_ * 2;
        unit* const larger = traits::allocate(alloc_, units(more));
        std::memset(larger, 0, units(more) * sizeof(unit));
        for (std::size_t i = 0; i != capacity_; ++i) {
            if (!is_full(memory_, i)) continue;
            slot& s = slots(memory_, capacity_)[i];
            const std::size_t at = place(larger, more, s.key);
            larger[at / sizeof(unit)].bytes[at % sizeof(unit)] = 1;
            ::new (slots(larger, more) + at) slot{std::move(s)};
        }
        drop(memory_, capacity_);
        memory_ = larger;
        capacity_ = more;
    }
    void drop(unit* memory, std::size_t capacity) {
        for (std::size_t i = 0; i != capacity; ++i)
            if (is_full(memory, i)) slots(memory, capacity)[i].~slot();
        if (memory != nullptr) traits::deallocate(alloc_, memory, units(capacity));
    }

    typename traits::allocator_type alloc_;
    unit* memory_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
};

TYPED_TEST(foreign_containers, a_flat_table) {
    flat_table<std::uint32_t, std::string, typename TestFixture::template allocator<char>> tested{
        this->template make<char>()};
    std::map<std::uint32_t, std::string> known;
    std::mt19937 random{3};
    for (int i = 0; i != 20000; ++i) {
        const auto key = static_cast<std::uint32_t>(random() % 5000);
        tested.insert(key, std::to_string(i));
        known[key] = std::to_string(i);
    }
    EXPECT_EQ(tested.size(), known.size());
    for (const auto& [key, value] : known) {
        ASSERT_NE(tested.find(key), nullptr);
        ASSERT_EQ(*tested.find(key), value);
    }
    EXPECT_EQ(tested.find(5000), nullptr);
}

} // namespace
} // namespace cenote_test
