// A program that calls what it is told to, so that its trace is known:
//
//     calls kinds            each function once, in a fixed order
//     calls threads T N      T threads, N allocations each, which others free
//     calls kill N           N allocations, then SIGKILL
//     calls fork             as many in a child
//     calls exec             itself anew, with `kinds`
//     calls spawn X          itself anew in a child, with X, while who started it is stopped
//     calls many N           N pairs
//     calls pause            two pairs, half a second apart
//     calls hold N           N blocks of 4,096 bytes at once
//     calls sleep            allocates once, tells its process number, and waits to be killed
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <memory>
#include <new>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

// The compiler may not leave a pair of calls out.
void* volatile kept;
void* keep(void* p) {
    kept = p;
    return p;
}

struct alignas(64) wide {
    char bytes[128];
};

void kinds() {
    std::free(keep(std::malloc(1001)));
    std::free(keep(std::calloc(2, 1002)));
    void* p = keep(std::malloc(1003));
    p = keep(std::realloc(p, 21003));
    std::free(p);
    std::free(keep(std::realloc(nullptr, 1004)));
    p = keep(std::malloc(1005));
    [[maybe_unused]] void* const none = std::realloc(p, 0);
    p = nullptr;
    if (::posix_memalign(&p, 64, 1006) == 0) std::free(keep(p));
    std::free(keep(std::aligned_alloc(128, 1024)));
    std::free(keep(::memalign(256, 1007)));
    std::free(keep(::valloc(1008)));
    std::free(keep(::reallocarray(nullptr, 7, 1009)));
    ::operator delete(keep(::operator new(1010)));
    ::operator delete[](keep(::operator new[](1011)));
    ::operator delete (keep(::operator new(1012)), std::size_t{1012});
    ::operator delete[](keep(::operator new[](1013)), std::size_t{1013});
    ::operator delete(keep(::operator new(1014, std::nothrow)), std::nothrow);
    ::operator delete (keep(::operator new (1015, std::align_val_t{512})), std::align_val_t{512});
    delete static_cast<wide*>(keep(new wide));
    kept = std::malloc(static_cast<std::size_t>(-1) / 2); // refused
    if (kept != nullptr) std::abort();
    try {
        kept = ::operator new(static_cast<std::size_t>(-1) / 2);
        std::abort();
    } catch (const std::bad_alloc&) {
    }
    if (::operator new(static_cast<std::size_t>(-1) / 2, std::nothrow) != nullptr) std::abort();
    std::free(nullptr);
}

std::atomic<void*> places[64];

void churn(unsigned seed, int count) {
    for (int i = 0; i != count; ++i) {
        seed = seed * 1'664'525 + 1'013'904'223;
        void* const mine = std::malloc(seed >> 20);
        if (void* const p = places[seed >> 26].exchange(mine)) std::free(p);
    }
}

void threads(int count, int each) {
    std::vector<std::thread> all;
    for (int i = 0; i != count; ++i)
        all.emplace_back(churn, static_cast<unsigned>(i), each);
    for (std::thread& t : all)
        t.join();
    for (auto& place : places)
        std::free(place.exchange(nullptr));
}

void pairs(int count, std::size_t size) {
    for (int i = 0; i != count; ++i)
        std::free(keep(std::malloc(size)));
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    const auto number = [&](int i) { return i < argc ? std::atoi(argv[i]) : 0; };
    if (what == "kinds") kinds();
    if (what == "threads") threads(number(2), number(3));
    if (what == "many") pairs(number(2), 100);
    if (what == "pause") {
        pairs(1, 333);
        ::usleep(500'000);
        pairs(1, 333);
    }
    if (what == "hold") {
        std::vector<void*> all;
        for (int i = 0; i != number(2); ++i)
            all.push_back(std::malloc(4096));
        for (void* const p : all)
            std::free(p);
    }
    if (what == "kill") {
        pairs(number(2), 777);
        ::kill(::getpid(), SIGKILL);
    }
    if (what == "fork") {
        void* const before = keep(std::malloc(555));
        const pid_t child = ::fork();
        if (child == 0) {
            std::free(before);
            pairs(100, 888);
            std::_Exit(0);
        }
        ::waitpid(child, nullptr, 0);
        pairs(50, 999);
        std::free(before);
    }
    if (what == "exec") {
        pairs(10, 666);
        ::execl("/proc/self/exe", argv[0], "kinds", nullptr);
        return 1;
    }
    if (what == "spawn") {
        ::kill(::getppid(), SIGSTOP);
        char* const words[] = {argv[0], argv[2], nullptr};
        pid_t child = 0;
        const bool is_there = ::posix_spawn(&child, "/proc/self/exe", nullptr, nullptr, words, environ) == 0;
        if (is_there) ::waitpid(child, nullptr, 0);
        ::kill(::getppid(), SIGCONT);
        return is_there ? 0 : 1;
    }
    if (what == "sleep") {
        pairs(1, 444);
        std::printf("%d\n", static_cast<int>(::getpid()));
        std::fflush(stdout);
        ::pause();
    }
    return number(argc - 1) == 42 ? 42 : 0;
}
