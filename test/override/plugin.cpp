// A small library to be loaded many times: it allocates when it is loaded and frees when it is unloaded.
#include "override/hidden.hpp"

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace {

struct contents {
    std::map<int, std::string> texts;
    std::vector<void*> blocks;
    void* large = std::malloc(cenote_test::hidden(300'000UL));

    contents() {
        for (int i = 0; i != 300; ++i) {
            texts[i] = std::string(static_cast<std::size_t>(i), 'p');
            blocks.push_back(std::malloc(cenote_test::hidden(static_cast<std::size_t>(i) * 7)));
        }
    }
    ~contents() {
        for (void* const p : blocks)
            std::free(p);
        std::free(large);
    }
    contents(const contents&) = delete;
    contents& operator=(const contents&) = delete;
};
contents here;
thread_local int of_this_thread[4] = {1, 2, 3, 4}; // static TLS is not all the replacement's

} // namespace

// For whoever loaded this: a block that outlives the library, and where to bring one from another.
extern "C" void* plugin_make(std::size_t size) {
    ++of_this_thread[0];
    return std::malloc(size);
}
extern "C" void plugin_take(void* p) { std::free(p); }
