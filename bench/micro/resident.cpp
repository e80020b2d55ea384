// memory: resident bytes for each of a million live objects; memory/1k to memory/10M: of so many. Each subject grows in a process of its own,
// forked for it; what the kernel counts as resident after the objects were made, less what it counted before,
// is divided by their number. The objects are linked through their first 8 bytes, so that nothing but the
// subject takes memory, and each is written, so that every OS page with an object in it counts.
#include "support/resident.hpp"
#include "micro/pools.hpp"
#include "micro/pools_subjects.hpp"
#include "micro/suite.hpp"
#include "support/keep.hpp"

#include <bit>
#include <malloc.h>

namespace bench {
namespace {

struct resident {
    std::size_t objects = 1'000'000;

    template <class Family, class T>
    void operator()(visit& v) const {
        v.repeat([this] {
            ::malloc_trim(0); // what this process freed would be the C library's to hand out again
            const std::size_t before = resident_bytes();
            // Never destroyed: the process ends with it.
            auto* const subject = new typename Family::template pool<T>{objects};
            T* head = nullptr;
            for (std::size_t i = 0; i < objects; ++i) {
                head = subject->create(std::bit_cast<std::uint64_t>(head));
                keep(head);
            }
            return static_cast<double>(resident_bytes() - before) / static_cast<double>(objects);
        });
    }
};

template <std::size_t Size>
void add_size(std::vector<measurement>& to, const std::string& workload, const resident& what,
              bool quickly = true) {
    const plan once{.visits = 1, .calls = 1, .discarded = 0};
    const plan thrice{.visits = 3, .calls = 1, .discarded = 0};
    const schedule how{.full = quickly ? thrice : once,
                       .quick = quickly ? std::optional(once) : std::nullopt,
                       .apart = true,
                       .counts = unit::bytes};
    constexpr demands asks{.live_at_frees = 0, .single_frees = false, .written = true};
    add_measurement<Size, asks>(to, memory_subjects{}, {workload}, how, what);
}

} // namespace

void add_resident(std::vector<measurement>& to) {
    add_size<16>(to, "memory", {});
    add_size<64>(to, "memory", {});
    add_size<256>(to, "memory", {});
    add_size<64>(to, "memory/1k", {1'000});
    add_size<64>(to, "memory/10k", {10'000});
    add_size<64>(to, "memory/100k", {100'000});
    add_size<64>(to, "memory/10M", {10'000'000}, false);
}

} // namespace bench
