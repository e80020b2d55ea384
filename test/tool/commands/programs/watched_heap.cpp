// The heap of the compiled library, for `cenote top`. Says "ready", and works until it is ended.
//
//     watched_heap work          what it does
//     watched_heap rest          does so for a tenth of a second only
//     watched_heap close         closes, again and again, every file that it did not open
//     watched_heap exec FILE     becomes that program when it was watched for half a second
#include <cenote/heap.hpp>

#include <chrono>
#include <cstdio>
#include <string_view>
#include <unistd.h>
#include <vector>

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    std::printf("ready\n");
    std::fflush(stdout);
    cenote::heap heap{cenote::heap_options{.name = "working"}};
    const auto begin = std::chrono::steady_clock::now();
    const auto has_passed = [&](int milliseconds) {
        return std::chrono::steady_clock::now() - begin > std::chrono::milliseconds(milliseconds);
    };
    for (int round = 0;;) {
        std::vector<void*> all;
        for (int i = 0; i != 3'000; ++i)
            all.push_back(heap.allocate(static_cast<std::size_t>(i)));
        ::usleep(10'000);
        for (void* const each : all)
            heap.deallocate(each);
        if (what == "rest" && has_passed(100))
            for (;;)
                ::pause();
        if (what == "close" && ++round % 5 == 0)
            for (int file = 3; file != 1024; ++file)
                ::close(file);
        if (what == "exec" && has_passed(1'500)) ::execl(argv[2], argv[2], "100", nullptr);
    }
}
