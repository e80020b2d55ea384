// malloc_guarded_faulty KIND SIZE: commits one fault with a block of SIZE bytes that lies between guards, where the library puts
// each allocation there. KIND `right` commits none. The functions' names are exported, so that reports have them. Says which block
// it is before, and `survived` after.
#include "override/hidden.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <malloc.h>
#include <new>
#include <string_view>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using cenote_test::hidden;

extern "C" {

[[gnu::noinline]] char* allocate_it(std::size_t size) {
    void* const p = std::malloc(hidden(size));
    return static_cast<char*>(hidden(p));
}
[[gnu::noinline]] void free_it(void* p) {
    std::free(hidden(p));
    asm volatile("");
}
[[gnu::noinline]] void free_it_again(void* p) {
    std::free(hidden(p));
    asm volatile("");
}
[[gnu::noinline]] void write_to_it(volatile char* p) {
    *hidden(p) = 1;
    asm volatile("");
}
[[gnu::noinline]] char read_it(volatile char* p) {
    const char c = *hidden(p);
    asm volatile("");
    return c;
}
}

namespace {

// As std::signal would, with a handler that ends the program.
void handle_with(int code) {
    static int to_end_with;
    to_end_with = code;
    std::signal(SIGSEGV, [](int) { ::_exit(to_end_with); });
}

void free_in_other_thread(void* p) {
    std::thread{[p] { free_it(p); }}.join();
}

// Memory of this process's own, in bytes.
std::size_t resident() {
    std::FILE* const f = std::fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    std::size_t kib = 0;
    std::size_t sum = 0;
    while (std::fgets(line, sizeof line, f) != nullptr)
        if (std::sscanf(line, "Rss: %zu kB", &kib) == 1) sum += kib * 1024;
    std::fclose(f);
    return sum;
}

// All places hold a block, after each was used many times; what the process has more for it.
void fill_all_places() {
    const std::size_t before = resident();
    for (int i = 0; i != 1000; ++i)
        free_it(allocate_it(16));
    for (int i = 0; i != 200; ++i)
        std::memset(allocate_it(16), 1, 16);
    std::printf("resident %zu\n", resident() - before);
    std::fflush(stdout);
}

void churn_for_a_while() {
    static void* blocks[5000];
    const std::clock_t end = std::clock() + CLOCKS_PER_SEC; // of the processor's time
    while (std::clock() < end) {
        for (void*& p : blocks)
            p = allocate_it(100);
        for (void* const p : blocks)
            free_it(p);
    }
}

void commit(std::string_view kind, char* p, std::size_t size) {
    if (kind == "overflow")
        for (std::size_t i = 0; i != 8192; ++i)
            write_to_it(p + size + i);
    if (kind == "underflow")
        for (std::size_t i = 1; i != 8192; ++i)
            read_it(p - i);
    if (kind == "write_beside") write_to_it(p + size + 2);
    if (kind == "write_before") write_to_it(p - 1);
    if (kind == "free_of_inner") free_it(p + size / 2);
    if (kind == "handled_before" || kind == "handled_after") write_to_it(p - 4096);
    if (kind == "fork" && ::fork() != 0) ::wait(nullptr);
    if (kind == "resident") fill_all_places();
    if (kind == "churn") churn_for_a_while();
    if (kind == "sized_delete") ::operator delete(hidden(static_cast<void*>(p)), hidden(size + 1000));
    if (kind == "null") write_to_it(reinterpret_cast<char*>(hidden(8L)));
    if (kind == "raise") ::raise(SIGSEGV);
    if (kind == "survives_raise_if_ignored") {
        std::signal(SIGSEGV, SIG_IGN);
        ::raise(SIGSEGV);
    }
    if (kind == "write_beside" || kind == "write_before" || kind == "right" || kind == "fork" ||
        kind == "churn")
        free_it(p);
    if (!kind.ends_with("after_free") && !kind.ends_with("of_freed") && !kind.starts_with("double_free"))
        return;
    if (kind.find("other_thread") != kind.npos)
        free_in_other_thread(p);
    else
        free_it(p);
    if (kind.starts_with("read")) read_it(p + size / 2);
    if (kind.starts_with("write")) write_to_it(p + size - 1);
    if (kind.starts_with("double_free")) free_it_again(p);
    if (kind == "realloc_of_freed") write_to_it(static_cast<char*>(std::realloc(hidden(p), hidden(1000UL))));
    if (kind == "size_of_freed") std::printf("%zu\n", ::malloc_usable_size(hidden(p)));
}

} // namespace

int main(int, char** words) {
    const std::string_view kind = words[1];
    const std::size_t size = std::strtoul(words[2], nullptr, 10);
    if (kind == "handled_before") handle_with(42);
    char* const p = allocate_it(size);
    std::memset(p, 7, size);
    if (kind == "handled_after") handle_with(43);
    std::printf("block %p\nusable %zu\nprocess %d\n", static_cast<void*>(p), ::malloc_usable_size(p),
                ::getpid());
    std::fflush(stdout);
    commit(kind, p, size);
    std::puts("survived");
}
