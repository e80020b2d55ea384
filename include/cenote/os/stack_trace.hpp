// Layer: os. Where a thread is: the addresses its calls will return to, taken and printed without allocating, so that malloc's
// own trouble can be told as well. Unwinding is the compiler runtime's (libgcc, libunwind), which every C++ program has.
//
// Printed are the nearest exported symbol, and the module with an offset that `addr2line -e MODULE OFFSET` understands.
#pragma once

#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <dlfcn.h>
#include <unistd.h>
#include <unwind.h>

namespace cenote::detail {

// At most MaxFrames addresses, the innermost first; those beyond are cut off.
template <std::uint32_t MaxFrames>
struct basic_stack_trace {
    static constexpr std::uint32_t max_frames = MaxFrames;

    std::uint32_t count = 0;
    void* frames[max_frames] = {};

    friend bool operator==(const basic_stack_trace& a, const basic_stack_trace& b) noexcept {
        if (a.count != b.count) return false;
        for (std::uint32_t i = 0; i != a.count; ++i)
            if (a.frames[i] != b.frames[i]) return false;
        return true;
    }

    // Of the caller, without `skip` of its own innermost frames. Some 100 ns a frame. Takes no lock of ours; with glibc before
    // 2.35 the loader's. Not for signal handlers.
    [[gnu::noinline]] static basic_stack_trace here(std::uint32_t skip = 0) noexcept {
        struct walk {
            basic_stack_trace* trace;
            std::uint32_t skip;
        };
        basic_stack_trace trace;
        walk w{&trace, skip + 1};
        ::_Unwind_Backtrace(
            [](_Unwind_Context* at, void* to) noexcept {
                auto& into = *static_cast<walk*>(to);
                if (into.skip != 0) {
                    --into.skip;
                    return _URC_NO_REASON;
                }
                if (into.trace->count == max_frames) return _URC_END_OF_STACK;
                const auto address = static_cast<std::uintptr_t>(::_Unwind_GetIP(at));
                if (address == 0) return _URC_END_OF_STACK;
                into.trace->frames[into.trace->count++] = reinterpret_cast<void*>(address);
                return _URC_NO_REASON;
            },
            &w);
        return trace;
    }

    // A line for each frame to an open file, after one with `title`; "unknown" where there is none.
    CENOTE_COLD void print(const char* title, int to = STDERR_FILENO) const noexcept {
        say_to(to, "%s%s", title, count == 0 ? " unknown" : "");
        for (std::uint32_t i = 0; i != count; ++i)
            print_frame(i, to);
    }

private:
    void print_frame(std::uint32_t i, int to) const noexcept {
        // A return address may be the first byte of the next function: the call before it is meant.
        const char* const address = static_cast<const char*>(frames[i]) - 1;
        Dl_info found{};
        if (::dladdr(address, &found) == 0 || found.dli_fname == nullptr) {
            say_to(to, "  #%u %p", i, static_cast<const void*>(address));
            return;
        }
        const auto offset = static_cast<std::size_t>(address - static_cast<const char*>(found.dli_fbase));
        say_to(to, "  #%u %p %.100s (%.100s+0x%zx)", i, static_cast<const void*>(address),
               found.dli_sname == nullptr ? "?" : found.dli_sname, found.dli_fname, offset);
    }
};

using stack_trace = basic_stack_trace<16>;

} // namespace cenote::detail
