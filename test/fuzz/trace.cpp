// The reader of traces, against files that nobody wrote: as they come, and as blocks whose checks hold, so that what is in them
// is reached. Each event is used as a reader would.
#include "fuzz/trace_file.hpp"

#include "tool/support/failure.hpp"
#include "tool/trace/object_table.hpp"
#include "tool/trace/reader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace cenote_fuzz {
namespace {

std::size_t use(trace_reader& trace) {
    object_table<std::uint64_t> live;
    std::size_t events = 0;
    for (event e; trace.next(e); ++events) {
        require(e.kind < event_kind::stack, "an event of the reader's own came out");
        if (const std::uint64_t gone = is_free(e.kind) ? e.object : e.old_object; gone != 0 && !e.failed)
            live.remove(gone);
        if (is_allocation(e.kind)) {
            require(e.failed == (e.object == 0), "an allocation without an object, or a failed one with one");
            if (e.object != 0) live.add(e.object, e.size);
        }
        for (const std::uint64_t frame : trace.stack(e.stack))
            static_cast<void>(trace.module_at(frame));
    }
    require(trace.position() <= trace.file_bytes(), "read beyond the end");
    return events;
}

void read(std::span<const unsigned char> file) {
    try {
        trace_reader trace(file, "fuzz");
        const std::size_t events = use(trace);
        trace.rewind();
        require(use(trace) == events, "read differently a second time");
    } catch (const failure&) {
        require(file.size() < trace_header_bytes || std::memcmp(file.data(), trace_magic.data(), 8) != 0 ||
                    file[8] != trace_version || file[9] != 0 || file[10] != 0 || file[11] != 0,
                "refused, though it is a trace");
    }
}

} // namespace
} // namespace cenote_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cenote_fuzz;
    read({data, size});
    input from{data, size};
    read(make_file(from));
    return 0;
}
