// The heap, while the OS refuses one call after the other.
#include "cenote/heap.hpp"
#include "faults/scenario.hpp"

#include <cstring>
#include <memory>
#include <optional>
#include <thread>

namespace cenote_test {
namespace {

// Blocks with their contents, some of which may be missing: they were refused.
class blocks {
public:
    explicit blocks(cenote::heap& of) : heap_(of) {}
    void allocate(std::size_t size, std::size_t alignment = 16) {
        void* const p = heap_.try_allocate(size, alignment);
        if (is_refused(p)) return;
        all_.push_back({p, size, alignment});
        fill(all_.back());
    }
    void reallocate_all(std::size_t factor, std::size_t divisor) {
        for (piece& each : all_) {
            check(each);
            const auto first = *static_cast<const unsigned char*>(each.p);
            const std::size_t size = each.size * factor / divisor + 1;
            void* const p = heap_.try_reallocate(each.p, size, each.alignment);
            if (is_refused(p)) continue; // as it was
            require(*static_cast<const unsigned char*>(p) == first, "contents were lost");
            each.p = p;
            each.size = size;
            fill(each);
        }
    }
    // Every `nth` of them.
    void deallocate(std::size_t nth) {
        std::vector<piece> kept;
        for (std::size_t i = 0; i != all_.size(); ++i) {
            check(all_[i]);
            if (i % nth == 0)
                heap_.deallocate(all_[i].p);
            else
                kept.push_back(all_[i]);
        }
        all_.swap(kept);
    }

private:
    struct piece {
        void* p;
        std::size_t size;
        std::size_t alignment;
    };
    // Every 1,000th byte and the last.
    template <class Each>
    static void for_each_byte(const piece& of, Each each) {
        for (std::size_t i = 0; i < of.size; i += of.size < 100'000 ? 1000 : 100'000)
            each(static_cast<unsigned char*>(of.p)[i]);
        each(static_cast<unsigned char*>(of.p)[of.size - 1]);
    }
    static void fill(const piece& each) {
        for_each_byte(each, [&](unsigned char& byte) { byte = static_cast<unsigned char>(each.size % 251); });
    }
    static void check(const piece& each) {
        for_each_byte(each, [&](unsigned char& byte) {
            require(byte == each.size % 251, "a block was written to by somebody else");
        });
    }

    cenote::heap& heap_;
    std::vector<piece> all_;
};

class heap_without_exceptions : public cenote::heap {
public:
    heap_without_exceptions() : heap({.decay = 0}, std::nothrow) {}
    using heap::begun;
};

constexpr std::size_t sizes[] = {1, 16, 100, 1000, 9000, 60'000, 70'000, 300'000};
constexpr std::size_t large_sizes[] = {700'000, 4'300'000};

void use(cenote::heap& heap) {
    blocks some{heap};
    for (std::size_t round = 0; round != 2; ++round)
        for (const std::size_t size : sizes)
            some.allocate(size);
    for (const std::size_t size : large_sizes)
        some.allocate(size);
    some.allocate(100, 4096);
    some.allocate(2'000'000, 2'097'152);
    some.allocate(6'000'000, 8'388'608);
    for (int i = 0; i != 300; ++i)
        some.allocate(700);
    some.deallocate(2);
    (void)heap.trim();
    some.reallocate_all(3, 2);
    some.reallocate_all(1, 2);
    void* const zeroes = heap.try_allocate_zeroed(5'000'000);
    if (!is_refused(zeroes)) {
        for (std::size_t i = 0; i != 5'000'000; i += 50'000)
            require(static_cast<unsigned char*>(zeroes)[i] == 0, "zeroed memory is not zero");
        heap.deallocate(zeroes);
    }
    require(heap.valid(), "the heap is not valid");
    (void)heap.trim();
    some.deallocate(1);
    (void)heap.trim();
    (void)heap.trim();
    require(heap.valid() && heap.stats().live == 0, "the heap is not empty");
}

void use_heap() {
    heap_without_exceptions heap;
    if (!is_refused(heap.begun())) use(heap);
}

void use_process_heap() { use(cenote::heap::process()); }

// Threads come and go, and free what others allocated.
void share(cenote::heap& heap) {
    for (int round = 0; round != 2; ++round) {
        void* handed[3][100] = {};
        on_threads_together(3, [&](unsigned t) {
            for (std::size_t i = 0; i != std::size(handed[t]); ++i) {
                handed[t][i] = heap.try_allocate(1 + i * 7 % 3000);
                if (!is_refused(handed[t][i]))
                    std::memset(handed[t][i], static_cast<int>(t), 1 + i * 7 % 3000);
            }
        });
        on_threads_together(3, [&](unsigned t) {
            const unsigned of = (t + 1) % 3;
            for (std::size_t i = 0; i != std::size(handed[of]); ++i) {
                if (handed[of][i] == nullptr) continue;
                require(*static_cast<unsigned char*>(handed[of][i]) == of,
                        "a block was written to by somebody else");
                heap.deallocate(handed[of][i]);
            }
        });
        (void)heap.trim();
    }
    require(heap.valid() && heap.stats().live == 0, "the heap is not empty");
}

void share_heap() {
    heap_without_exceptions heap;
    if (!is_refused(heap.begun())) share(heap);
}
void share_process_heap() { share(cenote::heap::process()); }

// A heap that ends after threads which used it, and while one lives that did.
void end_heaps_under_threads() {
    for (int round = 0; round != 3; ++round) {
        auto heap = std::make_unique<heap_without_exceptions>();
        if (is_refused(heap->begun())) continue;
        const auto work = [&] {
            blocks some{*heap};
            for (std::size_t i = 0; i != 200; ++i)
                some.allocate(48);
            some.deallocate(1);
        };
        std::thread{work}.join();
        work();
        heap.reset();
    }
}

// More heaps than have a number of their own.
void use_many_heaps() {
    std::vector<std::unique_ptr<heap_without_exceptions>> all;
    for (int i = 0; i != 10; ++i) {
        all.push_back(std::make_unique<heap_without_exceptions>());
        if (is_refused(all.back()->begun())) continue;
        blocks some{*all.back()};
        some.allocate(100);
        some.deallocate(1);
    }
}

void fork_with_heaps() {
    heap_without_exceptions heap;
    if (is_refused(heap.begun())) return;
    blocks some{heap};
    blocks others{cenote::heap::process()};
    for (const std::size_t size : sizes) {
        some.allocate(size);
        others.allocate(size);
    }
    const pid_t child = ::fork();
    if (child == 0) {
        for (const std::size_t size : sizes) {
            some.allocate(size);
            others.allocate(size);
        }
        some.deallocate(1);
        others.deallocate(1);
        require(heap.valid(), "the heap of the child is not valid");
        ::_exit(0);
    }
    int status = -1;
    if (child > 0) require(::waitpid(child, &status, 0) == child && status == 0, "the child failed");
    some.deallocate(1);
    others.deallocate(1);
    (void)cenote::heap::process().trim();
}

constexpr scenario heap_scenarios[] = {{"heap", use_heap},
                                       {"process_heap", use_process_heap},
                                       {"heap_and_threads", share_heap},
                                       {"process_heap_and_threads", share_process_heap},
                                       {"heaps_that_end_under_threads", end_heaps_under_threads},
                                       {"many_heaps", use_many_heaps},
                                       {"fork", fork_with_heaps}};

INSTANTIATE_TEST_SUITE_P(of_heaps, failing_os_calls, testing::ValuesIn(heap_scenarios), scenario_name);

} // namespace

TEST_P(failing_os_calls, are_survived_one_by_one) { expect_survival(GetParam(), failing::alone); }
TEST_P(failing_os_calls, are_survived_from_any_one_on) { expect_survival(GetParam(), failing::from_then_on); }

} // namespace cenote_test
