// What is freed wrongly in a heap is reported: what, which pointer, in what kind of block; then abort. At once where a
// look-up is made anyway, else at the latest when it leaves the magazine of the thread that freed it.
#include "cenote/heap/heap.hpp"

#include "heap/process_heap.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

using namespace cenote::literals;
using cenote::heap;

constexpr const char* no_block = "cenote: free of a pointer to no block: 0x[0-9a-f]+";
constexpr const char* in_no_block =
    "cenote: free of a pointer to no block: 0x[0-9a-f]+, which is in no block";

constexpr const char* twice = "cenote: double free: 0x[0-9a-f]+";

// `what`, and as printed of blocks of that many bytes.
std::string in_class(const char* what, std::size_t size) {
    std::string all = what;
    all += ", in size class [0-9]+ .blocks of ";
    all += std::to_string(size);
    all += " bytes.";
    return all;
}

void* at_offset(void* p, std::size_t bytes) { return static_cast<std::byte*>(p) + bytes; }

class broken_heap_contract : public ::testing::Test {
protected:
    // What was freed wrongly leaves the magazines.
    void free_and_flush(void* p) {
        h.deallocate(p);
        h.trim();
    }
    heap h;
};

TEST_F(broken_heap_contract, a_pointer_from_the_stack_or_static) {
    int on_stack = 0;
    static int in_data = 0;
    EXPECT_DEATH(h.deallocate(&on_stack), in_no_block);
    EXPECT_DEATH(h.deallocate(&in_data), in_no_block);
    (void)h.allocate(4);
    EXPECT_DEATH(h.deallocate(&on_stack), in_no_block);
}

TEST_F(broken_heap_contract, a_pointer_to_unmapped_memory) {
    for (const std::uintptr_t address : {std::uintptr_t{8}, std::uintptr_t{4096}, std::uintptr_t{1} << 46})
        EXPECT_DEATH(h.deallocate(reinterpret_cast<void*>(address)), in_no_block) << address;
}

TEST_F(broken_heap_contract, a_block_of_another_heap) {
    heap other;
    for (const std::size_t size : {std::size_t{100}, 40_KiB, 300_KiB, 9_MiB}) {
        EXPECT_DEATH(h.deallocate(other.allocate(size)), in_no_block) << size;
        EXPECT_DEATH(heap::process().deallocate(other.allocate(size)), in_no_block) << size;
    }
}

TEST_F(broken_heap_contract, a_block_of_another_heap_with_its_size) {
    heap other;
    void* const p = other.allocate(100);
    EXPECT_DEATH((h.deallocate(p, 100), h.trim()), in_class(no_block, 112));
}

TEST_F(broken_heap_contract, a_pointer_into_the_middle_of_a_block) {
    void* const small = h.allocate(112);
    for (const std::size_t offset : {1U, 8U, 16U, 96U})
        EXPECT_DEATH(free_and_flush(at_offset(small, offset)), no_block) << offset;
    EXPECT_DEATH(h.deallocate(at_offset(small, 8)), no_block) << "at once: no block of this size lies there";
    void* const classed = h.allocate(40_KiB);
    EXPECT_DEATH(free_and_flush(at_offset(classed, 4_KiB)), in_class(no_block, 40_KiB));
    void* const large = h.allocate(300_KiB);
    EXPECT_DEATH(h.deallocate(at_offset(large, 16)), "no block: 0x[0-9a-f]+, which is in a large block");
    EXPECT_DEATH(h.deallocate(at_offset(large, 64_KiB)), "which is inside a large block");
    void* const mapping = h.allocate(9_MiB);
    EXPECT_DEATH(h.deallocate(at_offset(mapping, 16)), "no block: 0x[0-9a-f]+, which is in a mapped block");
    EXPECT_DEATH(h.deallocate(at_offset(mapping, 1_MiB)), in_no_block);
}

TEST_F(broken_heap_contract, a_block_that_was_never_allocated) {
    auto* const p = static_cast<std::byte*>(h.allocate(1000));
    const std::size_t block = h.usable_size(p);
    EXPECT_DEATH(free_and_flush(p + 20 * block), "cenote: (free of a pointer to no block|double free)");
}

TEST_F(broken_heap_contract, freed_twice_in_a_row_at_once) {
    void* const p = h.allocate(100);
    h.deallocate(p);
    EXPECT_DEATH(h.deallocate(p), in_class(twice, 112));
    EXPECT_DEATH(h.deallocate(p, 100), in_class(twice, 112));
}

TEST_F(broken_heap_contract, large_blocks_freed_twice_at_once_at_any_distance) {
    for (const std::size_t size : {300_KiB, 3_MiB, 9_MiB}) {
        void* const p = h.allocate(size);
        std::vector<void*> others;
        for (int i = 0; i != 5; ++i)
            others.push_back(h.allocate(size));
        h.deallocate(p);
        EXPECT_DEATH(h.deallocate(p), in_no_block) << size;
        for (void* const other : others)
            h.deallocate(other);
        EXPECT_DEATH(h.deallocate(p), in_no_block) << size;
    }
}

TEST_F(broken_heap_contract, freed_twice_at_any_distance_when_flushed) {
    std::vector<void*> others;
    void* const p = h.allocate(64);
    for (int i = 0; i != 100'000; ++i)
        others.push_back(h.allocate(64));
    h.deallocate(p);
    std::size_t freed = 0;
    for (const std::size_t distance : {1U, 2U, 15U, 16U, 17U, 100U, 1000U, 10'000U, 100'000U}) {
        for (; freed != distance; ++freed)
            h.deallocate(others[freed]);
        EXPECT_DEATH(free_and_flush(p), in_class(twice, 64)) << distance << " frees apart";
    }
}

// A magazine that is full is flushed without being asked: first what came last.
TEST_F(broken_heap_contract, freed_twice_is_found_by_freeing_on) {
    std::vector<void*> others;
    for (int i = 0; i != 20'000; ++i)
        others.push_back(h.allocate(64));
    EXPECT_DEATH(
        {
            for (std::size_t i = 0; i != others.size(); ++i) {
                h.deallocate(others[i]);
                if (i == 10'000) h.deallocate(others[i - 1]);
            }
        },
        in_class(twice, 64));
}

TEST_F(broken_heap_contract, freed_twice_by_two_threads_when_both_have_ended) {
    void* const p = h.allocate(64);
    (void)h.allocate(64);
    EXPECT_DEATH(
        {
            std::thread{[&] { h.deallocate(p); }}.join();
            std::thread{[&] { h.deallocate(p); }}.join();
            h.trim();
        },
        "cenote: double free");
}

// What the library does when a program ends. While another thread has magazines, what leaves a full one waits in the depot; its
// second free is in the magazine then, so that only who looks at both sees that it was freed twice.
void free_twice_into_a_depot() {
    heap& all = heap::process();
    std::atomic<bool> is_there{false};
    std::thread other([&] {
        all.deallocate(all.allocate(64_KiB));
        is_there.store(true);
        for (;;)
            ::pause();
    });
    other.detach();
    while (!is_there.load())
        std::this_thread::yield();
    void* blocks[8];
    for (void*& p : blocks)
        p = all.allocate(64_KiB);
    for (std::size_t i = 0; i != 5; ++i)
        all.deallocate(blocks[i]);
    all.deallocate(blocks[3]);
}

TEST(broken_contract_of_the_process_heap, freed_twice_and_still_waiting_when_the_program_ends) {
    EXPECT_DEATH((free_twice_into_a_depot(), cenote::detail::process_heap.check_waiting()), twice);
}

TEST_F(broken_heap_contract, with_a_size_of_another_class_when_flushed) {
    for (const std::size_t wrong : {1U, 64U, 200U, 60'000U}) {
        void* const p = h.allocate(100);
        EXPECT_DEATH((h.deallocate(p, wrong), h.trim()), no_block) << wrong;
    }
    void* const large = h.allocate(300_KiB);
    EXPECT_DEATH((h.deallocate(large, 100), h.trim()), in_class(no_block, 112));
    void* const mapping = h.allocate(9_MiB);
    EXPECT_DEATH((h.deallocate(mapping, 100), h.trim()), in_class(no_block, 112));
}

TEST_F(broken_heap_contract, size_and_reallocation_of_pointers_to_no_block) {
    int on_stack = 0;
    void* const large = h.allocate(300_KiB);
    void* const mapping = h.allocate(9_MiB);
    for (void* const p : {static_cast<void*>(&on_stack), at_offset(large, 64_KiB), at_offset(mapping, 1_MiB),
                          at_offset(mapping, 16), at_offset(large, 16)}) {
        EXPECT_DEATH((void)h.usable_size(p), "cenote: size of a pointer to no block: 0x");
        EXPECT_DEATH((void)h.try_reallocate(p, 1_KiB), "cenote: [a-z ]*of a pointer to no block: 0x");
    }
}

// A right program says nothing.
TEST_F(broken_heap_contract, right_frees_are_not_reported) {
    std::vector<void*> all;
    for (std::size_t size = 0; size < 70_KiB; size += 333) {
        all.push_back(h.allocate(size));
        h.deallocate(h.allocate(size), size);
    }
    for (void* const p : all)
        h.deallocate(p);
    h.trim();
    EXPECT_EQ(h.stats().live, 0U);
}

#if !CENOTE_EXCEPTIONS
TEST(heap_without_exceptions, exhaustion_aborts_with_one_line) {
    heap h{{.limit = 0}};
    EXPECT_DEATH((void)h.allocate(1), "cenote: out of memory: heap .* holds 0 bytes of its limit of 0, and 1 "
                                      "more are refused.*exceptions are off");
}
#endif

// The report comes with no lock held: what a program does when it is told so may need the heap, and fork.
TEST_F(broken_heap_contract, found_when_a_thread_ends_leaves_the_handler_of_abort_free_to_fork) {
    const auto end_thread = [this] {
        std::signal(SIGABRT, [](int) {
            ::alarm(10);
            const pid_t child = ::fork();
            if (child == 0) ::_exit(heap::process().try_allocate(100) != nullptr ? 0 : 1);
            int status = -1;
            ::waitpid(child, &status, 0);
            ::_exit(status == 0 ? 7 : 8);
        });
        std::thread{[this] {
            void* const p = h.allocate(64);
            void* const q = h.allocate(64);
            h.deallocate(p);
            h.deallocate(q);
            h.deallocate(p);
        }}.join();
    };
    EXPECT_EXIT(end_thread(), ::testing::ExitedWithCode(7), twice);
}

} // namespace
} // namespace cenote_test
