// The library is loaded when the program has long been running, with glibc's malloc and with threads: its thread-local
// storage must fit into what the loader has to spare, and its functions work side by side with those of glibc. Closing
// it must not take it away from threads that have used it.
#include "override/hidden.hpp"
#include "override/leg.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <dlfcn.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

struct functions {
    void* (*malloc)(std::size_t);
    void (*free)(void*);
    void* (*realloc)(void*, std::size_t);
    void* (*aligned_alloc)(std::size_t, std::size_t);
    std::size_t (*usable_size)(void*);
};

template <class Function>
void find(void* library, const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(::dlsym(library, name));
    ASSERT_NE(function, nullptr) << name;
}

functions functions_of(void* library) {
    functions all{};
    find(library, "malloc", all.malloc);
    find(library, "free", all.free);
    find(library, "realloc", all.realloc);
    find(library, "aligned_alloc", all.aligned_alloc);
    find(library, "malloc_usable_size", all.usable_size);
    return all;
}

bool works(const functions& its) {
    std::vector<void*> blocks(region_count); // glibc's
    for (std::size_t i = 0; i != region_count; ++i) {
        const std::size_t size = sizes_of_all_regions[i];
        blocks[i] = i % 2 == 0 ? its.malloc(size) : its.aligned_alloc(128, size);
        if (blocks[i] == nullptr || its.usable_size(blocks[i]) < size) return false;
        pattern{blocks[i], size}.fill(i);
    }
    for (std::size_t i = 0; i != region_count; ++i) {
        const std::size_t size = sizes_of_all_regions[i];
        if (!pattern{blocks[i], size}.holds(i)) return false;
        blocks[i] = its.realloc(blocks[i], size + 100);
        if (blocks[i] == nullptr || !pattern{blocks[i], size}.holds(i)) return false;
        its.free(blocks[i]);
    }
    return true;
}

// Waits for all threads to come to the same point.
void wait_for(const std::atomic<int>& step, int value) {
    while (step.load() < value)
        std::this_thread::yield();
}

TEST(loaded_late, works_beside_glibc_and_stays_for_its_threads) {
    const std::string path{under_glibc() ? "libc.so.6" : library_under_test()};
    std::atomic<int> step{0};
    std::atomic<int> well{0};
    functions its{};
    std::vector<std::thread> earlier;
    for (int t = 0; t != 3; ++t)
        earlier.emplace_back([&] {
            wait_for(step, 1);
            if (step.load() == 1 && works(its)) well.fetch_add(1);
            wait_for(step, 2); // ends after the library was closed
            std::free(std::malloc(hidden(100UL)));
        });

    void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    const char* const error = library == nullptr ? ::dlerror() : "";
    if (library != nullptr) its = functions_of(library);
    const bool found = library != nullptr && its.usable_size != nullptr;
    if (!found) step = 2; // and the threads do without
    if (found) {
        step = 1;
        EXPECT_TRUE(works(its));
        // What the program itself calls is still glibc's.
        ::Dl_info info{};
        ::dladdr(::dlsym(RTLD_DEFAULT, "malloc"), &info);
        EXPECT_NE(std::string{info.dli_fname}.find("libc.so.6"), std::string::npos) << info.dli_fname;
        std::thread{[&] { EXPECT_TRUE(works(its)); }}.join();
        void* const kept = its.malloc(1000);
        pattern{kept, 1000}.fill(1);
        while (well.load() != 3)
            std::this_thread::yield();
        EXPECT_EQ(::dlclose(library), 0);
        EXPECT_TRUE((pattern{kept, 1000}.holds(1)));
    }
    step = 2;
    for (std::thread& t : earlier)
        t.join();
    ASSERT_TRUE(found) << path << ": " << error;
    EXPECT_EQ(well.load(), 3);
    // Its fork handlers, if it has any, are still callable.
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(20);
        std::free(std::malloc(hidden(100UL)));
        ::_exit(0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

} // namespace
} // namespace cenote_test
