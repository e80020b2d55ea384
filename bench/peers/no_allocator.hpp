// No allocator at all: the same few addresses again and again. What its rows say is what the workload itself costs: the
// loop, the thread's own array of pointers, the ring between two threads.
#pragma once

#include "peers/subject.hpp"

#include <array>
#include <memory>

namespace bench {

struct no_allocator {
    static constexpr std::string_view name = "no allocator";
    static constexpr traits is{.from = origin::limit};
    static facts describe() {
        return {"", "hands out the same 1,024 addresses in turn; what the workload costs"};
    }

    template <class T>
    class pool {
    public:
        explicit pool(std::size_t) {}

        class alignas(128) own {
        public:
            [[gnu::always_inline]] T* create(std::uint64_t first) {
                next_ = (next_ + 1) % addresses;
                return ::new (static_cast<void*>(blocks_.get() + next_ * sizeof(T))) T(first);
            }
            [[gnu::always_inline]] void destroy(T*) {}

        private:
            static constexpr std::size_t addresses = 1024;
            std::unique_ptr<std::byte[]> blocks_ =
                std::make_unique_for_overwrite<std::byte[]>(addresses * sizeof(T));
            std::size_t next_ = 0;
        };
        own& of_thread(std::size_t thread) { return threads_[thread]; }

    private:
        std::array<own, most_threads> threads_;
    };
};

} // namespace bench
