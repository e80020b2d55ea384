// A source that keeps books, so that a test fails on what no assertion of its own looks at: memory given back
// with other values than it was taken with, given back twice, or never.
#pragma once

#include "cenote/base/bits.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>

namespace cenote_test {

// Outlives the sources that write into it.
class ledger {
public:
    static constexpr std::size_t never = static_cast<std::size_t>(-1);

    struct entry {
        std::size_t bytes;
        std::size_t alignment;
    };

    ledger() = default;
    ledger(const ledger&) = delete;
    ledger& operator=(const ledger&) = delete;
    ~ledger() {
        EXPECT_TRUE(out_.empty()) << out_.size() << " pieces were never given back";
        for (const auto& [p, taken] : out_)
            std::free(p);
    }

    // Calls `from` (0 is the first) up to, but not including, `until` are refused.
    void refuse(std::size_t from, std::size_t until = never) {
        refuse_from_ = from;
        refuse_until_ = until;
    }
    void refuse_next_calls() { refuse(calls_); }
    void recover() { refuse(never); }
    void refuse_decommit(bool from_now_on) { refuses_decommit_ = from_now_on; }

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        EXPECT_GT(bytes, 0U);
        EXPECT_EQ(alignment & (alignment - 1), 0U);
        const std::size_t call = calls_++;
        if (call >= refuse_from_ && call < refuse_until_) {
            ++refused_;
            return nullptr;
        }
        void* p = nullptr;
        if (::posix_memalign(&p, std::max(alignment, sizeof(void*)), bytes) != 0) return nullptr;
        std::memset(p, 0xA5, bytes); // a source promises nothing about the contents
        out_[p] = {bytes, alignment};
        return p;
    }

    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        const auto found = out_.find(p);
        ASSERT_NE(found, out_.end()) << p << " is not out";
        EXPECT_EQ(found->second.bytes, bytes) << "given back with another size than it was taken with";
        EXPECT_EQ(found->second.alignment, alignment)
            << "given back with another alignment than it was taken with";
        out_.erase(found);
        std::free(p);
    }

    std::size_t decommit(void* p, std::size_t bytes) noexcept {
        EXPECT_TRUE(inside(p, bytes)) << "decommit of memory that is not out";
        if (refuses_decommit_) return 0;
        decommitted_ += bytes;
        return bytes;
    }

    // Whether a piece that is out holds the whole range.
    bool inside(const void* p, std::size_t bytes) const {
        const std::uintptr_t address = cenote::detail::address_of(p);
        return std::any_of(out_.begin(), out_.end(), [&](const auto& piece) {
            const std::uintptr_t first = cenote::detail::address_of(piece.first);
            return address >= first && address - first <= piece.second.bytes &&
                   bytes <= piece.second.bytes - (address - first);
        });
    }

    const std::map<void*, entry>& out() const { return out_; }
    std::size_t bytes() const { // out now
        std::size_t sum = 0;
        for (const auto& [p, taken] : out_)
            sum += taken.bytes;
        return sum;
    }
    std::size_t calls() const { return calls_; } // of allocate
    std::size_t refused() const { return refused_; }
    std::size_t decommitted() const { return decommitted_; } // bytes

private:
    std::map<void*, entry> out_;
    std::size_t calls_ = 0;
    std::size_t refused_ = 0;
    std::size_t decommitted_ = 0;
    std::size_t refuse_from_ = never;
    std::size_t refuse_until_ = never;
    bool refuses_decommit_ = false;
};

class ledger_source {
public:
    ledger_source(ledger& to) noexcept : to_(&to) {}
    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        return to_->allocate(bytes, alignment);
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        to_->deallocate(p, bytes, alignment);
    }

protected:
    ledger* to_;
};

class decommitting_ledger_source : public ledger_source {
public:
    using ledger_source::ledger_source;
    std::size_t decommit(void* p, std::size_t bytes) noexcept { return to_->decommit(p, bytes); }
};

// For k = 0, 1, 2, ... runs `run(books)` with books that refuse call k and, if `for_good`, all later ones,
// until a run needs no more calls. `run` has to be a whole life: everything given back when it returns.
template <class Run>
void refuse_each_call(Run run, bool for_good) {
    for (std::size_t k = 0;; ++k) {
        SCOPED_TRACE(::testing::Message()
                     << "call " << k << (for_good ? " and all later ones" : " alone") << " refused");
        ASSERT_LT(k, 1000U) << "the run never ends";
        ledger books;
        books.refuse(k, for_good ? ledger::never : k + 1);
        run(books);
        if (books.refused() == 0 || ::testing::Test::HasFatalFailure()) return;
    }
}

} // namespace cenote_test
