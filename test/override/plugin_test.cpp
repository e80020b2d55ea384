// Libraries that come and go, allocate and free as they do, and pass memory to each other.
#include "override/exercise.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

namespace fs = std::filesystem;

// One library under many names: to the dynamic loader, as many libraries.
class plugins : public ::testing::Test {
protected:
    static constexpr std::size_t count = 50;

    plugins() {
        std::string name = (fs::temp_directory_path() / "cenote-plugins-XXXXXX").string();
        folder = ::mkdtemp(name.data());
        for (std::size_t i = 0; i != count; ++i)
            fs::copy_file(CENOTE_TEST_PLUGIN, path(i));
    }
    ~plugins() override { fs::remove_all(folder); }

    fs::path path(std::size_t i) const { return folder / ("plugin" + std::to_string(i) + ".so"); }
    void* load(std::size_t i) const {
        void* const library = ::dlopen(path(i).c_str(), RTLD_NOW | RTLD_LOCAL);
        EXPECT_NE(library, nullptr) << ::dlerror();
        return library;
    }
    static void* make(void* library, std::size_t size) {
        return reinterpret_cast<void* (*)(std::size_t)>(::dlsym(library, "plugin_make"))(size);
    }
    static void take(void* library, void* p) {
        reinterpret_cast<void (*)(void*)>(::dlsym(library, "plugin_take"))(p);
    }

    fs::path folder;
};

TEST_F(plugins, fifty_pass_memory_to_each_other) {
    std::vector<void*> libraries(count);
    std::vector<void*> blocks(count);
    for (std::size_t i = 0; i != count; ++i) {
        libraries[i] = load(i);
        ASSERT_NE(libraries[i], nullptr);
        blocks[i] = make(libraries[i], 1000 * i);
        ASSERT_NE(blocks[i], nullptr);
        pattern{blocks[i], 1000 * i}.fill(i);
    }
    // Every second one goes, what it allocated stays.
    for (std::size_t i = 0; i < count; i += 2)
        ASSERT_EQ(::dlclose(libraries[i]), 0);
    ASSERT_EQ(exercise(1), nullptr);
    for (std::size_t i = 0; i != count; ++i) {
        EXPECT_TRUE((pattern{blocks[i], 1000 * i}.holds(i))) << i;
        take(libraries[i | 1U], blocks[i]);
    }
    for (std::size_t i = 1; i < count; i += 2)
        ASSERT_EQ(::dlclose(libraries[i]), 0);
}

TEST_F(plugins, come_and_go_while_threads_allocate) {
    std::atomic<bool> stop{false};
    std::atomic<const char*> wrong{nullptr};
    std::vector<std::thread> all;
    for (unsigned t = 0; t != 2; ++t)
        all.emplace_back([&, t] {
            while (!stop.load() && wrong.load() == nullptr)
                if (const char* const what = exercise(t)) wrong = what;
        });
    for (int round = 0; round != 4; ++round)
        for (std::size_t i = 0; i != count; ++i) {
            void* const library = load(i);
            ASSERT_NE(library, nullptr);
            void* const p = make(library, 200);
            std::thread{[&] { take(library, p); }}.join();
            ASSERT_EQ(::dlclose(library), 0);
        }
    stop = true;
    for (std::thread& t : all)
        t.join();
    EXPECT_EQ(wrong.load(), nullptr) << wrong.load();
}

} // namespace
} // namespace cenote_test
