// Allocates before main, in main's threads as they end, and after main; says what it did, line by line, which
// expect_stages.py compares with what has to be.
#include "override/early_stage.hpp"

#include <cstdint>
#include <pthread.h>
#include <thread>

namespace {

using cenote_test::stage;

// Two keys of the program's: one made before anything in it allocated, one made when everything has. Destructors of
// keys run in rounds, as long as there are values, and in some order of the keys: the malloc under test has one too.
pthread_key_t early_key;
pthread_key_t late_key;
void* value(std::uintptr_t round) noexcept { return reinterpret_cast<void*>(round); }

void end_early(void* rounds) {
    stage("thread: destructor of the early key");
    const auto left = reinterpret_cast<std::uintptr_t>(rounds);
    if (left > 1) ::pthread_setspecific(early_key, value(left - 1));
}
void end_late(void* rounds) {
    stage("thread: destructor of the late key");
    const auto left = reinterpret_cast<std::uintptr_t>(rounds);
    if (left > 1) ::pthread_setspecific(late_key, value(left - 1));
}

void before_everything() {
    ::pthread_key_create(&early_key, end_early);
    stage("program: preinit");
}
[[gnu::section(".preinit_array"), gnu::used]] void (*const preinit)() = before_everything;

struct global {
    global() { stage("program: global"); }
    ~global() { stage("program: destructor of the global"); }
};
const global here;

struct of_thread {
    void* kept = std::malloc(cenote_test::hidden(500UL));
    of_thread() { stage("thread: thread_local"); }
    ~of_thread() {
        std::free(kept);
        stage("thread: destructor of the thread_local");
    }
    of_thread(const of_thread&) = delete;
    of_thread& operator=(const of_thread&) = delete;
    void touch() noexcept { cenote_test::pattern{kept, 500}.fill(1); }
};
thread_local of_thread local;

} // namespace

int main() {
    stage("main: begin");
    std::atexit([] { stage("program: atexit"); });
    ::pthread_key_create(&late_key, end_late);
    std::thread{[] {
        local.touch();
        // Glibc does four rounds.
        ::pthread_setspecific(early_key, value(3));
        ::pthread_setspecific(late_key, value(4));
        stage("thread: end");
    }}.join();
    // A thread that allocates in its keys' destructors for the first time.
    std::thread{[] { ::pthread_setspecific(late_key, value(1)); }}.join();
    local.touch();
    stage("main: end");
}
