// tcmalloc of gperftools, its minimal form without profilers, from the distribution's static archive, under
// names of ours (tcmalloc.symbols).
#pragma once

#include "peers/malloc.hpp"

extern "C" {
void* peer_tcmalloc_malloc(std::size_t bytes);
void peer_tcmalloc_free(void* p);
void peer_tcmalloc_free_sized(void* p, std::size_t bytes);
void* peer_tcmalloc_realloc(void* p, std::size_t bytes);
const char* peer_tcmalloc_version(int* major, int* minor, const char** patch);
}

namespace bench {

struct tcmalloc {
    static constexpr std::string_view name = "tcmalloc";
    static constexpr traits is{};
    static constexpr std::chrono::milliseconds decay{0}; // a page for every so many that are freed, no time
    static facts describe() {
        return {peer_tcmalloc_version(nullptr, nullptr, nullptr),
                "minimal; defaults; free without size, with it tc_free_sized"};
    }

    static void* allocate(std::size_t bytes) { return peer_tcmalloc_malloc(bytes); }
    static void deallocate(void* p) { peer_tcmalloc_free(p); }
    static void deallocate(void* p, std::size_t bytes) { peer_tcmalloc_free_sized(p, bytes); }
    static void* reallocate(void* p, std::size_t bytes) { return peer_tcmalloc_realloc(p, bytes); }

    template <class T>
    using pool = malloc_pool<T, tcmalloc>;
};

} // namespace bench
