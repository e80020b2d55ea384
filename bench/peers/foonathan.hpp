// foonathan/memory's memory_pool.
#pragma once

#include "peers/subject.hpp"

#include <foonathan/memory/memory_pool.hpp>

namespace bench {

struct foonathan_memory_pool {
    static constexpr std::string_view name = "foonathan::memory_pool";
    static constexpr traits is{};
    static facts describe() {
        return {std::to_string(FOONATHAN_MEMORY_VERSION_MAJOR) + "." +
                    std::to_string(FOONATHAN_MEMORY_VERSION_MINOR) + "." +
                    std::to_string(FOONATHAN_MEMORY_VERSION_PATCH),
                std::string(
                    "node_pool, first growth 4 KiB as in its documentation, then doubling; pointer checks ") +
                    (FOONATHAN_MEMORY_DEBUG_POINTER_CHECK != 0 ? "on" : "off")};
    }

    class raw {
    public:
        explicit raw(std::size_t block_size) : pool_(block_size, 4096) {}
        void* allocate() { return pool_.allocate_node(); }
        void deallocate(void* p) { pool_.deallocate_node(p); }

    private:
        foonathan::memory::memory_pool<foonathan::memory::node_pool> pool_;
    };

    template <class T>
    class pool : public typed<T, raw> {
    public:
        explicit pool(std::size_t) : typed<T, raw>(sizeof(T)) {}
    };
};

} // namespace bench
