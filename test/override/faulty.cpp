// malloc_faulty KIND PLACE SIZE DETAIL same|other right|wrong: commits one fault of fault_table.hpp, or does the same
// without the fault. Names the pointer on stdout before, and says `survived` when the faulty call came back.
#include "override/hidden.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>
#include <string_view>
#include <sys/mman.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using cenote_test::hidden;

struct arguments {
    std::string_view kind;
    std::string_view place;
    std::size_t size;
    std::size_t detail;
    bool in_other_thread;
    bool wrong;
};

void name(const void* p) {
    std::printf("pointer %p\n", p);
    std::fflush(stdout);
}
void survived() {
    std::puts("survived");
    std::fflush(stdout);
}

// A thread that exists before it is needed: starting one allocates, which must not happen between two frees.
class helper {
public:
    explicit helper(bool other) : other_(other) {
        if (other_)
            thread_ = std::thread{[this] {
                std::free(std::malloc(hidden(100UL)));
                ready_ = true;
                while (work_.load() == nullptr)
                    std::this_thread::yield();
                work_.load()(argument_);
                done_ = true;
            }};
        while (other_ && !ready_.load())
            std::this_thread::yield();
    }
    void call(void (*work)(void*), void* argument) {
        if (!other_) return work(argument);
        argument_ = argument;
        work_ = work;
        while (!done_.load())
            std::this_thread::yield();
    }
    ~helper() {
        if (!other_) return;
        if (work_.load() == nullptr) work_ = [](void*) {};
        thread_.join();
    }
    helper(const helper&) = delete;
    helper& operator=(const helper&) = delete;

private:
    bool other_;
    std::atomic<bool> ready_{false};
    std::atomic<bool> done_{false};
    std::atomic<void (*)(void*)> work_{nullptr};
    void* argument_ = nullptr;
    std::thread thread_;
};

// Allocates until whatever waits to be used again has been, and says whether `p` was handed out to two.
void allocate_until_reused(const void* p, std::size_t size) {
    const std::size_t count = std::clamp<std::size_t>((64U << 20U) / size, 8, 200'000);
    int handed_out = 0;
    for (std::size_t i = 0; i != count; ++i)
        if (std::malloc(hidden(size)) == p) ++handed_out;
    if (handed_out > 1) {
        std::puts("handed out twice");
        std::fflush(stdout);
    }
}

alignas(64) char in_data[4096];

// A pointer that malloc never returned.
void* pointer_of(const arguments& a, void* on_stack) {
    constexpr std::size_t bytes = 1U << 20U;
    if (a.place == "static") return in_data + 64;
    if (a.place == "stack") return on_stack;
    if (a.place == "code") return reinterpret_cast<void*>(&survived);
    if (a.place == "low") return reinterpret_cast<void*>(std::uintptr_t{0x10});
    if (a.place == "high") return reinterpret_cast<void*>(~std::uintptr_t{0} - 15);
    if (a.place == "not_canonical") return reinterpret_cast<void*>(std::uintptr_t{1} << 52U);
    if (a.place == "block") return static_cast<char*>(std::malloc(hidden(a.size))) + a.detail;
    char* const mapped = static_cast<char*>(
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (a.place == "unmapped") ::munmap(mapped, bytes);
    return mapped + 4096;
}

void call(std::string_view kind, void* p) {
    if (kind.starts_with("free_of")) std::free(hidden(p));
    if (kind.starts_with("realloc_of")) {
        void* const q = std::realloc(hidden(p), hidden(200UL));
        std::memset(q, 1, 200);
    }
    if (kind == "sized_delete_of") ::operator delete(hidden(p), hidden(64UL));
    if (kind.starts_with("usable_size_of") && ::malloc_usable_size(hidden(p)) == 0) std::puts("no size");
}

void use_no_block(const arguments& a) {
    alignas(64) char on_stack[64] = {};
    std::free(std::malloc(hidden(a.size))); // there is a heap, and something in it
    void* const wrong = pointer_of(a, hidden(&on_stack[0]));
    void* const right = std::malloc(hidden(a.size));
    name(wrong);
    call(a.kind, a.wrong ? wrong : right);
    survived();
    // Where the block that begins before it is handed out again, and it too.
    if (a.place == "block") allocate_until_reused(wrong, a.size);
}

void use_freed(const arguments& a) {
    void* const p = std::malloc(hidden(a.size));
    name(p);
    if (a.wrong) std::free(hidden(p));
    call(a.kind, p);
    survived();
}

// None of the size that is freed twice, or it might rightly be handed out again.
void churn(std::size_t operations) {
    for (std::size_t i = 0; i != operations; ++i)
        std::free(std::malloc(hidden(2000 + i % 64 * 100)));
}

void free_twice(const arguments& a) {
    helper second{a.in_other_thread};
    const bool in_churn = a.kind == "double_free_in_churn";
    if (in_churn) churn(64); // later it needs no new memory: a large block's might be taken for it
    std::vector<void*> others(in_churn ? 0 : a.detail);
    for (void*& p : others)
        p = std::malloc(hidden(a.size));
    void* const p = std::malloc(hidden(a.size));
    name(p);
    std::free(hidden(p));
    for (void* const other : others)
        std::free(other);
    if (in_churn) churn(a.detail);
    if (a.wrong) second.call([](void* block) { std::free(hidden(block)); }, p);
    survived();
    if (a.kind != "double_free_at_the_end") allocate_until_reused(p, a.size);
}

void delete_with_wrong_size(const arguments& a) {
    constexpr std::align_val_t alignment{64};
    const std::size_t size = hidden(a.wrong ? a.detail : a.size);
    if (a.kind == "sized_delete_aligned") {
        void* const p = ::operator new(hidden(a.size), alignment);
        name(p);
        ::operator delete(p, size, alignment);
    } else if (a.kind == "sized_delete_array") {
        void* const p = ::operator new[](hidden(a.size));
        name(p);
        ::operator delete[](p, size);
    } else {
        void* const p = ::operator new(hidden(a.size));
        name(p);
        ::operator delete(p, size);
    }
    survived();
}

// Beyond what malloc_usable_size grants, which is the caller's.
void write_beyond(const arguments& a) {
    auto* const p = static_cast<volatile unsigned char*>(std::malloc(hidden(a.size)));
    void* const same = const_cast<unsigned char*>(p);
    const std::size_t usable = ::malloc_usable_size(same);
    name(same);
    const std::size_t at = hidden(a.wrong ? usable : usable - 1);
    p[at] = static_cast<unsigned char>(~p[at]);
    std::free(same);
    survived();
}

// With what stands behind another block of that size, as it is: right there, and not here.
void copy_beyond(const arguments& a) {
    const auto* const from = static_cast<const volatile unsigned char*>(std::malloc(hidden(a.size)));
    auto* const to = static_cast<volatile unsigned char*>(std::malloc(hidden(a.size)));
    void* const same = const_cast<unsigned char*>(to);
    name(same);
    const std::size_t end = hidden(a.wrong ? a.size + 8 : a.size);
    for (std::size_t i = 0; i != end; ++i)
        to[i] = from[i];
    std::free(same);
    survived();
    std::free(const_cast<unsigned char*>(from));
}

void write_after_free(const arguments& a) {
    auto* const p = static_cast<volatile unsigned char*>(std::malloc(hidden(a.size)));
    void* const same = const_cast<unsigned char*>(p);
    name(same);
    if (a.wrong) std::free(hidden(same));
    p[hidden(a.size / 2)] = 0x5A;
    survived();
    allocate_until_reused(same, a.size);
}

// Behind the guard that follows the block's last page.
void write_far_beyond(const arguments& a) {
    auto* const p = static_cast<volatile unsigned char*>(std::malloc(hidden(a.size)));
    name(const_cast<unsigned char*>(p));
    p[hidden(a.wrong ? a.size + 4096 : a.size - 1)] = 1;
    std::free(const_cast<unsigned char*>(p));
    survived();
}

void write_before(const arguments& a) {
    auto* const p = static_cast<volatile unsigned char*>(std::malloc(hidden(a.size)));
    name(const_cast<unsigned char*>(p));
    *(a.wrong ? hidden(p) - 1 : hidden(p)) = 1;
    std::free(const_cast<unsigned char*>(p));
    survived();
}

void write_before_first(const arguments& a) {
    std::vector<volatile unsigned char*> all(std::clamp<std::size_t>((4U << 20U) / a.size, 300, 4000));
    for (auto& p : all)
        p = static_cast<volatile unsigned char*>(std::malloc(hidden(a.size)));
    volatile unsigned char* const first = *std::min_element(all.begin(), all.end());
    name(const_cast<unsigned char*>(first));
    *(a.wrong ? hidden(first) - 1 : hidden(first)) = 1;
    survived();
}

void read_after_free(const arguments& a) {
    auto* const p = static_cast<volatile unsigned char*>(std::malloc(hidden(a.size)));
    name(const_cast<unsigned char*>(p));
    if (a.wrong) std::free(const_cast<unsigned char*>(hidden(p)));
    if (*hidden(p) == 1) std::puts("one");
    survived();
}

// Others of the same size are freed and allocated, until the block has had its turn.
void write_after_free_in_churn(const arguments& a) {
    auto* const p = static_cast<volatile unsigned char*>(std::malloc(hidden(a.size)));
    void* const same = const_cast<unsigned char*>(p);
    name(same);
    p[a.size / 2] = 1;
    if (a.wrong) std::free(hidden(same));
    p[hidden(a.size / 2)] = a.kind == "write_of_zero_after_free_in_churn" ? 0 : 0x5A;
    survived();
    for (std::size_t i = 0; i != a.detail; ++i)
        std::free(std::malloc(hidden(a.size)));
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 7) return 2;
    const ::rlimit no_core{};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::alarm(60);
    const arguments a{argv[1],
                      argv[2],
                      std::strtoull(argv[3], nullptr, 10),
                      std::strtoull(argv[4], nullptr, 10),
                      std::string_view{argv[5]} == "other",
                      std::string_view{argv[6]} == "wrong"};
    if (a.kind == "free_of" || a.kind == "realloc_of" || a.kind == "usable_size_of" ||
        a.kind == "sized_delete_of")
        use_no_block(a);
    else if (a.kind.ends_with("_of_freed"))
        use_freed(a);
    else if (a.kind.starts_with("double_free"))
        free_twice(a);
    else if (a.kind.starts_with("sized_delete"))
        delete_with_wrong_size(a);
    else if (a.kind == "overflow")
        write_beyond(a);
    else if (a.kind == "overflow_by_copy")
        copy_beyond(a);
    else if (a.kind == "overflow_far")
        write_far_beyond(a);
    else if (a.kind == "underflow")
        write_before(a);
    else if (a.kind == "underflow_of_first")
        write_before_first(a);
    else if (a.kind == "read_after_free")
        read_after_free(a);
    else if (a.kind.ends_with("after_free_in_churn"))
        write_after_free_in_churn(a);
    else if (a.kind == "write_after_free")
        write_after_free(a);
    else
        return 2;
    return 0;
}
