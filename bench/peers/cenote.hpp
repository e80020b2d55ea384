// Our own pools.
#pragma once

#include "peers/subject.hpp"

#include <cenote/cenote.hpp>

namespace bench {

inline facts cenote_facts() {
    return {BENCH_CENOTE_VERSION, std::string("defaults; checks: ") + (cenote::checks_full    ? "full"
                                                                       : cenote::checks_cheap ? "cheap"
                                                                                              : "none")};
}

// Our typed pools have the interface of a subject but for the constructor.
template <template <class> class Pool>
struct cenote_typed {
    static constexpr traits is{.from = origin::ours};
    static facts describe() { return cenote_facts(); }

    template <class T>
    class pool {
    public:
        explicit pool(std::size_t) {}
        [[gnu::always_inline]] T* create(std::uint64_t first) { return pool_.create(first); }
        [[gnu::always_inline]] void destroy(T* p) { pool_.destroy(p); }

    private:
        Pool<T> pool_;
    };
};

template <class T>
using default_object_pool = cenote::object_pool<T>;
template <class T>
using default_intrusive_pool = cenote::intrusive_pool<T>;

struct object_pool : cenote_typed<default_object_pool> {
    static constexpr std::string_view name = "object_pool";
};
struct intrusive_pool : cenote_typed<default_intrusive_pool> {
    static constexpr std::string_view name = "intrusive_pool";
};

struct block_pool {
    static constexpr std::string_view name = "block_pool";
    static constexpr traits is{.from = origin::ours};
    static facts describe() { return cenote_facts(); }

    class raw {
    public:
        explicit raw(std::size_t block_size) : pool_(block_size) {}
        [[gnu::always_inline]] void* allocate() { return pool_.allocate(); }
        [[gnu::always_inline]] void deallocate(void* p) { pool_.deallocate(p); }

    private:
        cenote::block_pool<> pool_;
    };

    template <class T>
    class pool : public typed<T, raw> {
    public:
        explicit pool(std::size_t) : typed<T, raw>(sizeof(T)) {}
    };
};

struct arena {
    static constexpr std::string_view name = "arena";
    static constexpr traits is{.from = origin::ours, .frees_singly = false};
    static facts describe() { return cenote_facts(); }

    template <class T>
    class pool {
    public:
        explicit pool(std::size_t) {}
        [[gnu::always_inline]] T* create(std::uint64_t first) {
            return ::new (arena_.allocate(sizeof(T), alignof(T))) T(first);
        }
        void reset() { arena_.reset(cenote::reset_mode::retain_capacity()); }

    private:
        cenote::arena arena_;
    };
};

} // namespace bench
