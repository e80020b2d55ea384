// jemalloc, from the distribution's static archive, under names of ours (jemalloc.symbols).
#pragma once

#include "peers/malloc.hpp"

extern "C" {
void* peer_jemalloc_malloc(std::size_t bytes);
void peer_jemalloc_free(void* p);
void peer_jemalloc_sdallocx(void* p, std::size_t bytes, int flags);
void* peer_jemalloc_realloc(void* p, std::size_t bytes);
int peer_jemalloc_mallctl(const char* name, void* old_value, std::size_t* old_size, void* new_value,
                          std::size_t new_size);
}

namespace bench {

struct jemalloc {
    static constexpr std::string_view name = "jemalloc";
    static constexpr traits is{};
    static constexpr std::chrono::milliseconds decay{10'000}; // dirty_decay_ms
    static facts describe() {
        const char* version = "unknown";
        std::size_t size = sizeof version;
        peer_jemalloc_mallctl("version", &version, &size, nullptr, 0);
        return {version, "defaults; free without size, with it sdallocx"};
    }

    static void* allocate(std::size_t bytes) { return peer_jemalloc_malloc(bytes); }
    static void deallocate(void* p) { peer_jemalloc_free(p); }
    static void deallocate(void* p, std::size_t bytes) { peer_jemalloc_sdallocx(p, bytes, 0); }
    static void* reallocate(void* p, std::size_t bytes) { return peer_jemalloc_realloc(p, bytes); }

    template <class T>
    using pool = malloc_pool<T, jemalloc>;
};

} // namespace bench
