// Named pools without the compiled library, for `cenote top`. Says "ready", and works until it is ended.
//
//     watched_pools publish      shows itself
//     watched_pools silent       does not
//     watched_pools fork         shows itself, and so does a child that only works; says the child's number
//     watched_pools many N       with so many pools more
#include <cenote/cached_pool.hpp>
#include <cenote/object_pool.hpp>
#include <cenote/publish.hpp>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

struct session {
    char bytes[200];
};
struct message {
    char bytes[64];
};

cenote::cached_pool<session> sessions{cenote::growth::up_to(100'000).named("sessions")};
cenote::object_pool<message> messages{cenote::growth{}.named("bell \a and \x1b[31mred")};

void work() {
    std::vector<session*> all;
    std::vector<message*> others;
    for (;;) {
        for (int i = 0; i != 5'000; ++i) {
            all.push_back(sessions.create());
            others.push_back(messages.create());
        }
        for (int i = 0; i != 4'000; ++i) {
            sessions.destroy(all.back());
            messages.destroy(others.back());
            all.pop_back();
            others.pop_back();
        }
        if (all.size() > 50'000) {
            for (session* const each : all)
                sessions.destroy(each);
            all.clear();
        }
        std::free(std::malloc(1'000'000)); // for the heap of a library that replaces malloc
        ::usleep(20'000);
    }
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what != "silent" && !cenote::publish()) return 1;
    std::deque<std::string> names;
    std::deque<cenote::object_pool<message>> more;
    for (int i = 0; what == "many" && i != std::atoi(argv[2]); ++i) {
        names.push_back("pool " + std::to_string(i));
        more.emplace_back(cenote::growth{}.named(names.back().c_str()));
        if (more.back().create() == nullptr) return 1;
    }
    const pid_t child = what == "fork" ? ::fork() : 0;
    if (what == "fork" && child == 0) work();
    std::printf("ready %d\n", static_cast<int>(child));
    std::fflush(stdout);
    work();
}
