// Does what its first argument says: what the tests of `cenote` look for.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

struct base {
    ~base() {}
    char small[24];
};
struct derived : base {
    char large[400];
};

// As many as the test counts: 1,000 blocks of 100 bytes, of which 10 stay.
void allocate_1000(int stay = 10) {
    std::vector<void*> blocks(1000); // 8,000 bytes
    for (void*& block : blocks)
        block = std::memset(std::malloc(100), 1, 100);
    for (std::size_t i = static_cast<std::size_t>(stay); i != blocks.size(); ++i)
        std::free(blocks[i]);
}

int do_deed(const std::string& deed, char** more) {
    if (deed == "allocate") return allocate_1000(), 0;
    if (deed == "much") { // a peak of 100 MiB in blocks of 1 KiB, and nothing at the end
        std::vector<void*> blocks(102'400);
        for (void*& block : blocks)
            block = std::memset(std::malloc(1024), 1, 1024);
        for (void* const block : blocks)
            std::free(block);
        return 0;
    }
    if (deed == "large") return std::free(std::memset(std::malloc(10'000'000), 1, 10'000'000)), 0;
    if (deed == "reallocate") {
        void* p = nullptr;
        for (std::size_t size = 1; size <= 4096; size *= 2)
            p = std::realloc(p, size);
        return std::free(p), 0;
    }
    if (deed == "threads") {
        std::vector<std::thread> all;
        for (int i = 0; i != 4; ++i)
            all.emplace_back([] { allocate_1000(0); });
        for (std::thread& each : all)
            each.join();
        return 0;
    }
    if (deed == "fork") {
        if (::fork() == 0) {
            allocate_1000();
            std::exit(0);
        }
        return ::wait(nullptr), 0;
    }
    if (deed == "kill") return allocate_1000(), std::raise(SIGKILL);
    if (deed == "quick_exit") allocate_1000(), ::_exit(7);
    if (deed == "exit") return std::atoi(more[0]);
    if (deed == "wait_for_signal") { // says the number of the first one
        static volatile std::sig_atomic_t got = 0;
        for (const int number : {SIGTERM, SIGUSR1})
            std::signal(number, [](int n) { got = n; });
        std::puts("ready");
        std::fflush(stdout);
        while (got == 0)
            ::pause();
        return std::printf("signal %d\n", static_cast<int>(got)), 0;
    }
    if (deed == "double_free") {
        void* volatile p = std::malloc(100);
        std::free(p);
        std::free(p);
        return 0;
    }
    if (deed == "foreign_free") {
        static char block[256];
        std::free(block + 64);
        return 0;
    }
    if (deed == "wrong_size") {
        base* volatile p = new derived; // whose destructor is not virtual
        delete p;
        return 0;
    }
    if (deed == "crash") return *static_cast<volatile int*>(nullptr);
    if (deed == "load") {
        if (::dlopen(more[0], RTLD_NOW) != nullptr) return 0;
        std::fprintf(stderr, "%s\n", ::dlerror());
        return 1;
    }
    if (deed == "print") {
        std::puts(more[0]);
        return 0;
    }
    if (deed == "print_process") return std::printf("%d\n", ::getpid()), 0;
    if (deed == "print_library") { // another output for each that is preloaded
        const char* const preloaded = std::getenv("LD_PRELOAD");
        return std::puts(preloaded != nullptr ? preloaded : ""), 0;
    }
    return 2;
}

} // namespace

int main(int argc, char** argv) { return argc < 2 ? 2 : do_deed(argv[1], argv + 2); }
