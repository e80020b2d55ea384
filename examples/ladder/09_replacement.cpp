// Rung 9, in place of malloc. Before it: a heap that serves those who call it by its name. A program that was compiled
// years ago calls malloc.
//
// usage: ladder_09_replacement /path/to/libcenote-malloc.so
//
// The program runs itself, as it is, without the library and with it.
#include "ladder.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>

namespace {

// Says whose malloc this process has, and what a pair of it takes.
int run_as_old_program() {
    constexpr std::size_t pairs = 100'000;
    std::vector<void*> live(1000);
    double least = 1e300;
    for (int round = 0; round != 5; ++round)
        least = std::min(least, ladder::nanoseconds([&live] {
                             std::size_t at = 0;
                             for (std::size_t i = 0; i != pairs; ++i) {
                                 at = (at * 5 + i) % live.size();
                                 std::free(live[at]);
                                 ladder::use(live[at] = std::malloc(16 + i % 1000));
                             }
                         }));
    for (void* p : live)
        std::free(p);
    Dl_info of_malloc{};
    dladdr(dlsym(RTLD_DEFAULT, "malloc"), &of_malloc);
    std::printf("%.2f %s\n", least / static_cast<double>(pairs), of_malloc.dli_fname);
    return 0;
}

struct answer {
    double ns = 0;
    std::string library;
};

answer ask(const std::string& command) {
    answer got;
    // NOLINTNEXTLINE(cert-env33-c): the command is this program, preloaded with what the caller named
    std::FILE* const child = popen(command.c_str(), "r");
    if (child == nullptr) return got;
    char library[4096] = "";
    // NOLINTNEXTLINE(cert-err34-c): what this program itself printed
    if (std::fscanf(child, "%lf %4095s", &got.ns, library) == 2) got.library = library;
    pclose(child);
    return got;
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::strcmp(argv[1], "--as-old-program") == 0) return run_as_old_program();
    if (argc != 2) {
        std::fputs("usage: ladder_09_replacement /path/to/libcenote-malloc.so\n", stderr);
        return 2;
    }
    const std::string self = "'" + std::string{argv[0]} + "' --as-old-program";
    const auto ours = [](const answer& a) { return a.library.find("libcenote-malloc") != std::string::npos; };

    answer alone;
    answer with;
    for (int round = 0; round != 3; ++round) {
        const answer a = ask(self);
        const answer b = ask("LD_PRELOAD='" + std::string{argv[1]} + "' " + self);
        if (round == 0 || a.ns < alone.ns) alone = a;
        if (round == 0 || b.ns < with.ns) with = b;
    }
    std::puts("a program that was compiled before:");
    std::printf("  its malloc is in %s\n", alone.library.c_str());
    ladder::claim(!alone.library.empty() && !ours(alone),
                  "no heap reaches it that has to be called by its name");
    std::puts("the same program under LD_PRELOAD:");
    std::printf("  its malloc is in %s\n", with.library.c_str());
    ladder::claim(ours(with), "every malloc, free and operator new is this library's");
    std::printf("  measured, ns: a pair without the library %.2f, with it %.2f: ratio %.2f\n", alone.ns,
                with.ns, with.ns > 0 ? alone.ns / with.ns : 0.0);
    return ladder::result();
}
