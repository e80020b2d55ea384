// What vm.max_map_count does to a program: the kernel refuses what would make one mapping more, which a reservation does that it
// cannot merge with a neighbour, and a release does that cuts one in two.
#include "cenote/cenote.hpp"
#include "cenote/heap.hpp"
#include "cenote/os/vm.hpp"
#include "faults/os_calls.hpp"
#include "support/child.hpp"
#include "support/objects.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <vector>

#include <sys/mman.h>

namespace cenote_test {
namespace {

namespace vm = cenote::vm;
using small_object = stamped<100, 4>;

// Takes as many mappings as the process may have, and gives them back at its end.
class all_mappings {
public:
    all_mappings() {
        std::size_t most = 65'530;
        std::ifstream{"/proc/sys/vm/max_map_count"} >> most;
        bytes_ = (2 * most + 2) * vm::page_size();
        begin_ = static_cast<std::byte*>(
            ::mmap(nullptr, bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
        // Every other page: a mapping of its own, and so is what lies between.
        for (std::size_t at = vm::page_size(); at < bytes_; at += 2 * vm::page_size())
            if (::mprotect(begin_ + at, vm::page_size(), PROT_READ) != 0) {
                is_done_ = true;
                break;
            }
    }
    ~all_mappings() {
        if (begin_ != MAP_FAILED) ::munmap(begin_, bytes_);
    }
    all_mappings(const all_mappings&) = delete;
    all_mappings& operator=(const all_mappings&) = delete;
    bool is_done() const { return is_done_; }

private:
    std::byte* begin_;
    std::size_t bytes_;
    bool is_done_ = false;
};

TEST(stranded_memory, that_could_not_be_emptied_is_zeroed_when_it_is_reserved) {
    const std::size_t bytes = 3 * vm::page_size();
    auto* const p = static_cast<unsigned char*>(vm::reserve(bytes, vm::page_size()));
    std::fill_n(p, bytes, static_cast<unsigned char>(7));
    vm::stranded_list list;
    fail_at(os_call::madvise, 1, failing::alone);
    list.keep(p, bytes);
    EXPECT_TRUE(any_failed());
    recover();
    for (const std::size_t pages : {1U, 2U}) {
        const auto* const taken = static_cast<const unsigned char*>(list.take(pages * vm::page_size()));
        ASSERT_NE(taken, nullptr);
        EXPECT_EQ(std::count(taken, taken + pages * vm::page_size(), 0),
                  static_cast<std::ptrdiff_t>(pages * vm::page_size()));
    }
    vm::release(p, bytes);
}

TEST(too_many_mappings, strand_the_middle_of_a_reservation_until_there_are_fewer) {
    const int result = in_a_child([] {
        const std::size_t page = vm::page_size();
        // Nobody else's neighbour: the ends are other mappings.
        auto* const p = static_cast<std::byte*>(vm::reserve(64 * page, page));
        if (p == nullptr || !vm::forbid(p, page) || !vm::forbid(p + 63 * page, page)) return 1;
        {
            const all_mappings none_left;
            if (!none_left.is_done()) return 2;
            vm::release(p + 20 * page, 4 * page);
            if (vm::stranded.bytes() != 4 * page) return 3;
        }
        // Any release tries again.
        vm::release(vm::reserve(page, page), page);
        if (vm::stranded.bytes() != 0) return 4;
        vm::release(p, 20 * page);
        vm::release(p + 24 * page, 40 * page);
        return 0;
    });
    EXPECT_EQ(result, 0);
}

TEST(too_many_mappings, refuse_pools_and_heaps_which_work_again_when_there_are_fewer) {
    const int result = in_a_child([] {
        const std::size_t before = mapped_bytes();
        {
            cenote::object_pool<small_object> pool;
            cenote::cached_pool<small_object> shared;
            cenote::heap heap{{.decay = 0}};
            std::vector<small_object*> objects;
            std::vector<small_object*> shared_objects;
            std::vector<void*> blocks;
            const auto use = [&](std::size_t most) {
                for (std::size_t i = 0; i != most; ++i) {
                    if (small_object* const p = pool.try_create(i)) objects.push_back(p);
                    if (small_object* const p = shared.try_create(i)) shared_objects.push_back(p);
                    if (void* const p = heap.try_allocate(i % 64 == 0 ? 3'000'000 : 1000)) {
                        *static_cast<char*>(p) = 1;
                        blocks.push_back(p);
                    }
                }
                const std::size_t made = objects.size() + shared_objects.size() + blocks.size();
                // In an order that leaves holes.
                for (std::size_t from : {1U, 0U})
                    for (std::size_t i = from; i < blocks.size(); i += 2)
                        heap.deallocate(blocks[i]);
                for (small_object* const p : objects)
                    pool.destroy(p);
                for (small_object* const p : shared_objects)
                    shared.destroy(p);
                objects.clear();
                shared_objects.clear();
                blocks.clear();
                (void)heap.trim();
                (void)pool.trim();
                (void)shared.trim();
                if (!pool.valid() || !shared.valid() || !heap.valid()) ::_exit(3);
                return made;
            };
            if (use(200) != 600) return 1;
            {
                const all_mappings none_left;
                if (!none_left.is_done()) return 2;
                for (int i = 0; i != 3; ++i)
                    (void)use(3000);
            }
            if (use(3000) != 9000) return 4;
            (void)use(200);
        }
        return mapped_bytes() <= before + (1U << 20) ? 0 : 5;
    });
    EXPECT_EQ(result, 0);
}

} // namespace
} // namespace cenote_test
