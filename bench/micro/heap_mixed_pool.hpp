// A malloc as a pool whose objects have mixed sizes: so the workloads for pools that know nothing of sizes serve
// mallocs.
#pragma once

#include "micro/heap_blocks.hpp"
#include "peers/subject.hpp"

#include <array>

namespace bench {

template <class Family, bool Written = false>
struct mixed_pool_of {
    static constexpr std::string_view name = Family::name;
    static constexpr traits is = Family::is;

    // Of T nothing but the pointers' type is used.
    template <class T>
    class pool {
    public:
        explicit pool(std::size_t) {}

        // Each thread goes through the same sizes, from a place of its own.
        class alignas(128) own {
        public:
            [[gnu::always_inline]] T* create(std::uint64_t) {
                next_ = (next_ + 1) % sizes;
                return static_cast<T*>(allocate_block<Family, block_use{.written = Written}>(size_[next_]));
            }
            [[gnu::always_inline]] void destroy(T* p) { Family::deallocate(p); }

        private:
            friend class pool;
            const std::uint32_t* size_ = drawn_sizes();
            std::size_t next_ = 0;
        };

        own& of_thread(std::size_t thread) {
            own& mine = threads_[thread];
            if (mine.next_ == 0) mine.next_ = thread * sizes / most_threads;
            return mine;
        }

    private:
        std::array<own, most_threads> threads_;
    };

private:
    static constexpr std::size_t sizes = 65'536;

    static const std::uint32_t* drawn_sizes() {
        return made_once([] {
                   std::vector<std::uint32_t> made;
                   random_source random{9};
                   while (made.size() < sizes)
                       made.push_back(up_to_1k.draw(random));
                   return made;
               })
            .data();
    }
};

// The same of every subject of a list.
template <class List, bool Written = false>
struct mixed_pools;
template <class... Families, bool Written>
struct mixed_pools<subject_list<Families...>, Written> {
    using list = subject_list<mixed_pool_of<Families, Written>...>;
};

} // namespace bench
