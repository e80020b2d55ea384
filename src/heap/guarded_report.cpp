#include "guarded_report.hpp"

#include "heap_core.hpp"
#include "heap_list.hpp"

#include "cenote/base/error.hpp"
#include "cenote/os/errno_kept.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

namespace cenote::detail {

namespace {

std::int32_t this_thread_number() noexcept { return static_cast<std::int32_t>(::syscall(SYS_gettid)); }

void print(const char* did, const guarded_event& event) noexcept {
    if (event.thread == 0) return;
    char title[80];
    std::snprintf(title, sizeof title, "%s by thread %d at", did, static_cast<int>(event.thread));
    event.stack.print(title);
}
void print_history(const guarded_block& block) noexcept {
    print("freed", block.freed);
    print("allocated", block.allocated);
}

// Bytes between an address and a block that it is not in.
std::uintptr_t distance(std::uintptr_t address, const guarded_block& from) noexcept {
    const std::uintptr_t first = address_of(from.at);
    return address < first ? first - address : address - (first + from.size);
}

void say_access(std::uintptr_t address, const guarded_block& block) noexcept {
    const std::uintptr_t first = address_of(block.at);
    const char* const freed = block.is_live ? "" : "freed ";
    const void* const p = reinterpret_cast<const void*>(address);
    if (address < first)
        say("%s: %p is %zu bytes before a %sblock of %zu bytes at %p",
            block.is_live ? "underflow" : "use after free, and underflow", p, first - address, freed,
            block.size, static_cast<const void*>(block.at));
    else if (address >= first + block.size)
        say("%s: %p is %zu bytes to the right of a %sblock of %zu bytes at %p",
            block.is_live ? "overflow" : "use after free, and overflow", p, address - (first + block.size),
            freed, block.size, static_cast<const void*>(block.at));
    else
        say("use after free: %p is %zu bytes into a freed block of %zu bytes at %p", p, address - first,
            block.size, static_cast<const void*>(block.at));
}

} // namespace

guarded_event guarded_event::now(const void* from) noexcept {
    guarded_event e{.stack = stack_trace::here(), .thread = this_thread_number()};
    stack_trace& s = e.stack;
    void** const end = s.frames + s.count;
    void** const first = std::find(s.frames, end, from);
    if (first == end) return e;
    std::fill(std::copy(first, end, s.frames), end, nullptr);
    s.count = static_cast<std::uint32_t>(end - first);
    return e;
}

void guarded_store::explain_access(const void* address, const void* pc) const noexcept {
    const std::uintptr_t at = address_of(address);
    const guarded_block* nearest = nullptr;
    const auto look_at = [&](const void* p) {
        const std::uint32_t i = index_of(p);
        if (i == nowhere || blocks_[i].at == nullptr) return;
        if (nearest == nullptr || distance(at, blocks_[i]) < distance(at, *nearest)) nearest = &blocks_[i];
    };
    const auto* const p = static_cast<const std::byte*>(address);
    if (index_of(p) != nowhere) {
        look_at(p);
    } else {
        look_at(p - vm::page_size());
        look_at(p + vm::page_size());
    }
    if (nearest == nullptr) return say("access to a guard: %p, near no block", address);
    say_access(at, *nearest);
    guarded_event access = guarded_event::now(pc);
    // Frames are printed as return addresses; this is none.
    if (access.stack.count != 0 && access.stack.frames[0] == pc)
        access.stack.frames[0] = static_cast<std::byte*>(access.stack.frames[0]) + 1;
    print("accessed", access);
    print_history(*nearest);
}

void guarded_store::report(const char* what, const void* p, const void* from) const noexcept {
    const guarded_event now = guarded_event::now(from);
    guarded_block block;
    bool is_first_byte = false;
    {
        const locked_scope hold{lock};
        const std::uint32_t i = index_of(p);
        if (i != nowhere) block = blocks_[i];
        is_first_byte = block.at == p;
    }
    if (block.at == nullptr) fail_with("%s: %p, which is a guard of the heap's", what, p);
    const bool is_double = is_first_byte && !block.is_live && what[0] == 'f';
    say("%s: %p, %td bytes into a %sblock of %zu bytes", is_double ? "double free" : what, p,
        static_cast<const std::byte*>(p) - block.at, block.is_live ? "" : "freed ", block.size);
    print(is_double ? "freed again" : "passed", now);
    print_history(block);
    std::abort();
}

void report_damage(const guarded_block& block, const guarded_event& now, const std::byte* before,
                   const std::byte* after, const std::byte* after_end,
                   bool (*is_marked)(std::byte)) noexcept {
    const std::byte* const first =
        std::find_if_not(before, static_cast<const std::byte*>(block.at), is_marked);
    if (first != block.at) {
        say("underflow: %td bytes before a block of %zu bytes at %p were written to, as is found when it is "
            "freed",
            block.at - first, block.size, static_cast<const void*>(block.at));
    } else {
        const std::byte* last = after_end;
        while (last != after && is_marked(last[-1]))
            --last;
        say("overflow: %td bytes to the right of a block of %zu bytes at %p were written to, as is found "
            "when "
            "it is freed",
            last - after, block.size, static_cast<const void*>(block.at));
    }
    print("freed", now);
    print("allocated", block.allocated);
    std::abort();
}

namespace {

// One report at a time: whoever comes second dies with the process.
constinit std::atomic<bool> is_explaining{false};

// Where the thread was.
const void* instruction_of([[maybe_unused]] const void* context) noexcept {
#if defined(__x86_64__)
    return reinterpret_cast<const void*>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return reinterpret_cast<const void*>(static_cast<const ucontext_t*>(context)->uc_mcontext.pc);
#else
    return nullptr;
#endif
}

void on_access(int, siginfo_t* info, void* context) noexcept {
    const errno_kept kept;
    if (info->si_code > 0) {
        if (const guarded_store* const store = heaps.guarding(info->si_addr)) {
            // Relaxed: nothing is passed on.
            while (is_explaining.exchange(true, std::memory_order_relaxed))
                ::syscall(SYS_sched_yield);
            store->explain_access(info->si_addr, instruction_of(context));
        }
    }
    // As if there had been no handler: the access is made again, and ends the program; a signal that somebody sent is sent
    // again.
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    ::sigaction(SIGSEGV, &usual, nullptr);
    if (info->si_code <= 0) ::syscall(SYS_tgkill, ::syscall(SYS_getpid), this_thread_number(), SIGSEGV);
}

} // namespace

void catch_accesses() noexcept {
    const errno_kept kept;
    struct sigaction is {};
    if (::sigaction(SIGSEGV, nullptr, &is) != 0 || (is.sa_flags & SA_SIGINFO) != 0 ||
        is.sa_handler != SIG_DFL)
        return;
    struct sigaction ours {};
    ours.sa_sigaction = on_access;
    // On the thread's other stack, where it has one.
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigaction(SIGSEGV, &ours, nullptr);
}

} // namespace cenote::detail
