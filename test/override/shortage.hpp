// Makes memory short, and takes all that is left.
#pragma once

#include "override/hidden.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace cenote_test {

inline constexpr std::size_t room = 64U << 20U; // bytes
inline constexpr std::size_t too_much = 80U << 20U;

inline bool limited_by_library() { return std::getenv("CENOTE_LIMIT") != nullptr; }

// Address space of this process when memory was made short for the first time. What the allocator holds back later is
// part of the room, or a test would leave more of it to the next.
inline std::size_t address_space_at_first() {
    static const std::size_t bytes = [] {
        std::size_t pages = 0;
        std::ifstream{"/proc/self/statm"} >> pages;
        return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    }();
    return bytes;
}

// While it lives, there is as much memory as `bytes` and no more.
class shortage {
public:
    explicit shortage(std::size_t bytes = room) {
        ::getrlimit(RLIMIT_AS, &before_);
        if (limited_by_library()) return;
        ::rlimit limit = before_;
        limit.rlim_cur = address_space_at_first() + bytes;
        EXPECT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
    }
    ~shortage() { lift(); }
    shortage(const shortage&) = delete;
    shortage& operator=(const shortage&) = delete;
    void lift() const { ::setrlimit(RLIMIT_AS, &before_); }

private:
    ::rlimit before_{};
};

// All the memory there is, in blocks of one size that are linked through their first words: keeping account of them must
// not take memory.
template <class Allocate>
class everything {
public:
    everything(Allocate allocate, std::size_t size) : allocate_(allocate), size_(size) {
        while (one_more()) {
        }
        error = errno;
    }
    ~everything() {
        while (give_one_back()) {
        }
    }
    everything(const everything&) = delete;
    everything& operator=(const everything&) = delete;

    bool one_more() {
        errno = 0;
        auto* const p = static_cast<void**>(allocate_(hidden(size_)));
        if (p == nullptr) return false;
        *p = first_;
        first_ = p;
        ++count;
        return count * size_ < (std::size_t{1} << 30U); // else nothing limits us, and the test fails
    }
    bool give_one_back() {
        if (first_ == nullptr) return false;
        void** const p = first_;
        first_ = static_cast<void**>(*p);
        std::free(p);
        --count;
        return true;
    }

    std::size_t count = 0;
    int error = 0; // errno of the call that failed

private:
    Allocate allocate_;
    std::size_t size_;
    void** first_ = nullptr;
};

} // namespace cenote_test
