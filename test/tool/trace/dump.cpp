// A trace as text, an event a line: kind thread size alignment object old-object flags, for tests written in Python. What
// is wrong with the file goes to stderr.
#include "tool/trace/reader.hpp"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
    using namespace cenote::tool;
    static constexpr const char* names[] = {
        "malloc",   "calloc",       "aligned",    "new",  "new[]", "realloc", "free",  "delete",
        "delete[]", "thread_begin", "thread_end", "fork", "exec",  "lost",    "stack", "module"};
    if (argc != 2) return 2;
    try {
        trace_reader trace(argv[1]);
        for (event e; trace.next(e);)
            std::printf("%s %u %llu %u %llu %llu %s%s%s %llu %zu\n", names[static_cast<unsigned>(e.kind)],
                        e.thread, static_cast<unsigned long long>(e.size), 1U << e.alignment_log2,
                        static_cast<unsigned long long>(e.object),
                        static_cast<unsigned long long>(e.old_object), e.failed ? "failed" : "",
                        e.sized ? "sized" : "", e.failed || e.sized ? "" : "-",
                        static_cast<unsigned long long>(e.time), trace.stack(e.stack).size());
        std::printf("modules %zu\n", trace.modules().size());
        std::printf("%s%s", trace.about().text().c_str(), trace.end().text().c_str());
        for (const std::string& note : trace.notes())
            std::fprintf(stderr, "%s\n", note.c_str());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
