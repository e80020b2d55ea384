#include "store/entry_table.hpp"

#include "policies.hpp"
#include "store/hash.hpp"

#include <deque>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <unordered_map>

namespace packet_server {
namespace {

// Entries that own nothing but a key.
class keyed_entries {
public:
    entry* make(const std::string& key, std::uint32_t hash) {
        keys_.push_back(key);
        entry& made = all_.emplace_back();
        made.hash = hash;
        made.set_key(key, keys_.back().data());
        return &made;
    }
    entry* make(const std::string& key) { return make(key, hash(key)); }
    static std::uint32_t hash(const std::string& key) { return static_cast<std::uint32_t>(hash_of(key, 7)); }

private:
    std::deque<std::string> keys_;
    std::deque<entry> all_;
};

template <class Policy>
class EntryTable : public testing::Test {
protected:
    entry* find(const std::string& key) { return table.find(key, keyed_entries::hash(key)); }

    test_buffers<Policy> memory;
    entry_table<buffer_memory<Policy>> table{memory.buffers};
    keyed_entries entries;
};
TYPED_TEST_SUITE(EntryTable, policies);

TYPED_TEST(EntryTable, FindsWhatIsThere) {
    entry* const a = this->entries.make("a");
    this->table.insert(a);
    EXPECT_EQ(this->find("a"), a);
    EXPECT_EQ(this->find("b"), nullptr);
    EXPECT_EQ(this->find(""), nullptr);
    this->table.remove(a);
    EXPECT_EQ(this->find("a"), nullptr);
    EXPECT_EQ(this->table.size(), 0U);
}

TYPED_TEST(EntryTable, AnEmptyTableAllocatesNothing) {
    EXPECT_EQ(this->memory.buffers.live(), 0U);
    EXPECT_EQ(this->table.slots(), 16U);
}

TYPED_TEST(EntryTable, AgreesWithAModelWhileItGrowsAndShrinks) {
    std::unordered_map<std::string, entry*> model;
    std::mt19937 random(1);
    // Short keys and long ones.
    const auto key = [&] {
        const std::size_t number = random() % 8'000;
        return std::to_string(number) + std::string(number % 40, '-');
    };
    // First mostly inserts, then mostly removes.
    for (const unsigned inserts : {90U, 10U, 60U, 5U}) {
        for (int i = 0; i < 12'000; ++i) {
            const std::string k = key();
            const auto there = model.find(k);
            ASSERT_EQ(this->find(k), there == model.end() ? nullptr : there->second);
            if (random() % 100 < inserts && there == model.end()) {
                model[k] = this->entries.make(k);
                this->table.insert(model[k]);
            } else if (there != model.end() && random() % 100 >= inserts) {
                this->table.remove(there->second);
                model.erase(there);
            }
            ASSERT_EQ(this->table.size(), model.size());
        }
        for (const auto& [k, e] : model)
            ASSERT_EQ(this->find(k), e);
        EXPECT_GE(this->table.slots() * 2, model.size()) << "slots lag behind";
    }
    std::size_t disposed = 0;
    this->table.clear([&](entry* e) {
        EXPECT_EQ(model.at(std::string(e->key())), e);
        ++disposed;
    });
    EXPECT_EQ(disposed, model.size());
    EXPECT_EQ(this->table.size(), 0U);
    EXPECT_EQ(this->memory.buffers.live(), 0U);
}

TYPED_TEST(EntryTable, EqualHashesAreToldApart) {
    entry* const a = this->entries.make("a", 5);
    entry* const b = this->entries.make("b", 5);
    entry* const c = this->entries.make("c", 5);
    for (entry* each : {a, b, c})
        this->table.insert(each);
    this->table.remove(b);
    EXPECT_EQ(this->table.find("a", 5), a);
    EXPECT_EQ(this->table.find("b", 5), nullptr);
    EXPECT_EQ(this->table.find("c", 5), c);
}

TEST(EntryTableWithoutMemory, WorksOnWithLongerSlots) {
    test_buffers<malloc_policy> memory(0, 64); // never enough for more slots
    entry_table<buffer_memory<malloc_policy>> table(memory.buffers);
    keyed_entries entries;
    for (int i = 0; i < 500; ++i)
        table.insert(entries.make(std::to_string(i)));
    EXPECT_EQ(table.slots(), 16U);
    for (int i = 0; i < 500; ++i) {
        const std::string key = std::to_string(i);
        ASSERT_NE(table.find(key, keyed_entries::hash(key)), nullptr);
    }
}

TEST(Hash, DependsOnEveryByteAndTheSeed) {
    for (std::size_t length = 1; length < 40; ++length) {
        std::string key(length, 'a');
        const std::uint64_t before = hash_of(key, 1);
        EXPECT_NE(hash_of(key, 2), before);
        for (std::size_t i = 0; i < length; ++i) {
            key[i] = 'b';
            EXPECT_NE(hash_of(key, 1), before) << length << " " << i;
            key[i] = 'a';
        }
    }
    EXPECT_NE(hash_of("", 1), hash_of(std::string_view("\0", 1), 1));
}

} // namespace
} // namespace packet_server
