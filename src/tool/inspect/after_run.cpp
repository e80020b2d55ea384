#include "after_run.hpp"

#include "../support/text.hpp"

#include <algorithm>
#include <csignal>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace cenote::tool {

namespace {

std::string line_with(const std::string& text, const std::string& what) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.find(what) != std::string::npos) return line;
    return {};
}

std::string last_line(std::string text) {
    text.erase(text.find_last_not_of('\n') + 1);
    return text.substr(text.rfind('\n') + 1);
}

void look_at_activity(const observed_run& run, const std::string& library, const std::string& profile,
                      finding_list& found) {
    const std::string with = profile.empty() ? "" : ", with the profile " + profile;
    std::uint64_t calls = 0;
    for (const count_figures& each : run.counts.programs)
        calls += each.calls();
    const bool is_mapped = std::any_of(run.mapped.begin(), run.mapped.end(),
                                       [&](const std::string& path) { return is_same_file(path, library); });
    const bool has_spoken = run.errors.find("cenote: ") != std::string::npos;
    if (run.counts.programs.empty() && !is_mapped && !has_spoken) {
        found.find("not_active", "the library was not in the program's memory",
                   run.is_secure
                       ? "it ran with more rights than yours (AT_SECURE), and LD_PRELOAD was ignored: run it "
                         "as that user"
                       : "see whether the program starts another, by a wrapper that clears LD_PRELOAD");
        return;
    }
    if (run.counts.programs.empty())
        found.fine("active", "the library was active" + with);
    else if (calls == 0)
        found.note(
            "not_called",
            "the library was there, but nobody called it: the program allocates nothing, or elsewhere");
    else
        found.fine("active",
                   "the library was active: " + with_commas(calls) + " calls in " +
                       std::to_string(run.counts.programs.size()) +
                       (run.counts.programs.size() == 1 ? " program" : " programs and forked processes") +
                       with);
}

void look_at_late_libraries(const observed_run& run, const search_scope& scope, finding_list& found) {
    for (const std::string& path : run.mapped) {
        if (scope.has(path) || path.ends_with("(deleted)") || ::access(path.c_str(), R_OK) != 0) continue;
        const elf_image object = read_elf(path, malloc_functions());
        if (!object.is_elf) continue;
        // One that the dynamic linker refused may have been mapped for a moment, and is a finding already.
        const bool is_refused =
            line_with(run.errors, "static TLS block").find(path.substr(path.rfind('/') + 1)) !=
            std::string::npos;
        if (object.needs_static_tls && object.tls_bytes > 512 && !is_refused)
            found.find("late_static_tls",
                       path + ", loaded while the program runs, needs " + std::to_string(object.tls_bytes) +
                           " bytes of static thread-local memory; the dynamic linker keeps about 1.6 KiB for "
                           "all such libraries",
                       "put it into LD_PRELOAD behind the library, or set "
                       "GLIBC_TUNABLES=glibc.rtld.optional_static_tls=4096");
        if (object.defines("malloc", true))
            found.note("late_malloc", path + ", loaded while the program runs, has a malloc too; the library "
                                             "stands in front of it, unless it "
                                             "was loaded with RTLD_DEEPBIND");
    }
}

void look_at_ending(const observed_run& run, finding_list& found) {
    if (run.was_told_to_end || run.how.is_success()) return;
    const std::string said = last_line(run.errors);
    if (!run.how.was_signalled()) {
        found.note("exit_status", "the program ended with " + run.how.text() +
                                      (said.empty() ? "" : "; its last line: " + said));
        return;
    }
    found.find(
        "ended_by_signal",
        "the program was ended by " + run.how.text() + (said.empty() ? "" : "; its last line: " + said),
        "see whether it is so without the library: cenote compare -n 1 --with glibc,cenote -- PROGRAM");
}

} // namespace

void look_at_report(const std::string& line, finding_list& found) {
    const auto has = [&line](const char* what) { return line.find(what) != std::string::npos; };
    if (has("wrong size"))
        found.find(
            "sized_delete", line,
            "a sized delete says another size than new: a class without a virtual destructor that is deleted "
            "by its base, "
            "or two definitions of one class; -fsanitize=address shows where (new-delete-type-mismatch)");
    else if (has("in no block") || has("to no block"))
        found.find(
            "foreign_free", line,
            "a pointer to no block, or one freed before, came to free: memory of another allocator (strdup "
            "of a library that was "
            "linked with its own, a pool), or a double free; -fsanitize=address or Valgrind shows where");
    else if (has("double free"))
        found.find("double_free", line,
                   "a block was freed twice; -fsanitize=address or Valgrind shows where");
    else
        found.find("bad_use", line, "memory is used wrongly; -fsanitize=address or Valgrind shows where");
}

void look_at_run(const observed_run& run, const search_scope& scope, const std::string& library,
                 const std::string& profile, finding_list& found) {
    look_at_activity(run, library, profile, found);
    if (run.is_secure)
        found.find("secure", "the program ran with more rights than who started it (AT_SECURE)",
                   "run it as that user");
    if (const std::string line = line_with(run.errors, "static TLS block"); !line.empty())
        found.find(
            "static_tls_exhausted", "the dynamic linker says: " + line,
            "put that library into LD_PRELOAD, or set GLIBC_TUNABLES=glibc.rtld.optional_static_tls=4096");
    for (const std::string& program : run.without)
        if (!run.is_secure)
            found.note("started_without",
                       program + " was started without the library, by a program that clears LD_PRELOAD or "
                                 "with more rights",
                       "set LD_PRELOAD where that program is started");
    look_at_late_libraries(run, scope, found);
    bool is_reported = false;
    for (const count_figures& each : run.counts.programs)
        if (each.has_failed) {
            look_at_report(each.said, found);
            is_reported = true;
        }
    // The hardened library has no counts, and ends nothing else by this signal.
    if (const std::string line = line_with(run.errors, "cenote: ");
        !is_reported && !line.empty() && run.how.was_signalled() && WTERMSIG(run.how.status) == SIGABRT) {
        look_at_report(line, found);
        is_reported = true;
    }
    if (!is_reported) look_at_ending(run, found);
}

} // namespace cenote::tool
