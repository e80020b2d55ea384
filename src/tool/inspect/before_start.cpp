#include "before_start.hpp"

#include "../allocators/profile_file.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

namespace cenote::tool {

namespace {

std::string name_of(const std::string& path) { return std::filesystem::path(path).filename().string(); }

std::string plain_name(const std::string& symbol) {
    static const std::map<std::string, std::string> names{{"_Znwm", "operator new"},
                                                          {"_Znam", "operator new[]"},
                                                          {"_ZdlPv", "operator delete"},
                                                          {"_ZdaPv", "operator delete[]"},
                                                          {"_ZdlPvm", "sized operator delete"},
                                                          {"_ZdaPvm", "sized operator delete[]"}};
    const auto found = names.find(symbol);
    return found != names.end()       ? found->second
           : symbol.starts_with("_Z") ? "another form of new or delete"
                                      : symbol;
}

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i != std::min<std::size_t>(names.size(), 6); ++i)
        text += (i == 0 ? "" : ", ") + names[i];
    return text + (names.size() > 6 ? ", ..." : "");
}

void look_at_preloading(const search_scope& scope, const std::string& library, finding_list& found) {
    for (const std::string& complaint : scope.complaints) {
        const bool is_ours = complaint.find(library) != std::string::npos;
        found.find(is_ours ? "library_not_loaded" : "loader_complains",
                   "the dynamic linker says: " + complaint,
                   is_ours ? "the library has to be for the program's machine, readable, and its path "
                             "without spaces and colons"
                           : "take it out of LD_PRELOAD, or install what is missing");
    }
    for (std::size_t i = 1; i != scope.objects.size(); ++i) {
        const elf_image& object = scope.objects[i];
        if (is_same_file(object.path, library) || name_of(object.path).starts_with("libc.so")) continue;
        std::vector<std::string> names;
        for (const char* const name : {"malloc", "free", "_Znwm", "_ZdlPv"})
            if (object.defines(name, true)) names.push_back(plain_name(name));
        // The C++ runtime's new and delete call malloc and free.
        const bool is_runtime = !object.defines("malloc", true);
        if (!names.empty() && !is_runtime)
            found.note("other_malloc",
                       object.path + " has " + listed(names) + " too; the library stands in front of it");
    }
}

// Which functions are not the library's, by who has them.
void look_at_owners(const program_file& program, const search_scope& scope, const std::string& library,
                    finding_list& found) {
    std::map<std::string, std::vector<std::string>> others;
    unsigned ours = 0;
    for (const std::string& function : malloc_functions()) {
        const elf_image* const owner = scope.owner_of(function);
        if (owner == nullptr) continue;
        if (is_same_file(owner->path, library))
            ++ours;
        else
            others[owner->path].push_back(plain_name(function));
    }
    if (others.empty() && ours != 0)
        found.fine("functions",
                   "all " + std::to_string(ours) + " functions of malloc, new and delete are the library's");
    for (const auto& [path, names] : others) {
        const bool has_malloc = std::find(names.begin(), names.end(), "malloc") != names.end();
        if (has_malloc)
            found.find("own_malloc",
                       path + " has " + listed(names) +
                           " of its own, in front of the library's: those are called",
                       is_same_file(path, program.files.back())
                           ? "build the program without its allocator, as often an option of its build has "
                             "it (-DUSE_JEMALLOC=no, "
                             "--without-mimalloc, ...)"
                           : "take " + path + " out of LD_PRELOAD or /etc/ld.so.preload");
        else
            found.note("own_new", path + " has " + listed(names) +
                                      " of its own: the library sees what these ask malloc for");
    }
}

// What one allocates and another frees.
void look_at_pairs(const search_scope& scope, finding_list& found) {
    const std::array<std::vector<std::string>, 4> families{{
        {"malloc", "free", "realloc", "calloc", "posix_memalign", "aligned_alloc"},
        {"_Znwm", "_ZdlPv"},
        {"_Znam", "_ZdaPv"},
        {"_ZnwmSt11align_val_t", "_ZdlPvSt11align_val_t"},
    }};
    for (const std::vector<std::string>& family : families) {
        const elf_image* const first = scope.owner_of(family.front());
        std::vector<std::string> others;
        std::string whose;
        for (const std::string& function : family) {
            const elf_image* const owner = scope.owner_of(function);
            if (first == nullptr || owner == nullptr || is_same_file(first->path, owner->path)) continue;
            others.push_back(plain_name(function));
            whose = owner->path;
        }
        if (!others.empty())
            found.find("mixed_pair",
                       plain_name(family.front()) + " is that of " + first->path + ", but " + listed(others) +
                           " that of " + whose + ": what one allocates the other does not know",
                       "whoever replaces one of them has to replace all");
    }
}

void look_at_hidden(const program_file& program, const search_scope& scope, finding_list& found) {
    const elf_image& image = program.image;
    if (image.defines("malloc", false) && !image.defines("malloc", true))
        found.find("hidden_malloc",
                   image.path + " has a malloc in itself that it does not export: its own calls go there, "
                                "those of libraries to the library",
                   "build it without its allocator, or with -Wl,--export-dynamic-symbol=malloc and so on to "
                   "have one for all");
    std::vector<std::string> called;
    for (const elf_image& object : scope.objects) {
        if (&object != &scope.objects.front() && !name_of(object.path).starts_with("lib")) continue;
        for (const elf_symbol& symbol : object.symbols) {
            const bool is_foreign = std::find(foreign_functions().begin(), foreign_functions().end(),
                                              symbol.name) != foreign_functions().end();
            if (symbol.is_exported && !symbol.is_defined && is_foreign)
                called.push_back(symbol.name + " by " + name_of(object.path));
        }
    }
    if (!called.empty())
        found.find("direct_calls",
                   "functions of another allocator are called by their own names (" + listed(called) +
                       "): their blocks must not get to free, nor those of malloc to them",
                   "use malloc and free there, or make sure that blocks go back the way they came");
}

void look_at_static_tls(const search_scope& scope, finding_list& found) {
    std::uint64_t bytes = 0;
    for (const elf_image& object : scope.objects)
        if (object.needs_static_tls) bytes += object.tls_bytes;
    if (bytes > 4096)
        found.note("static_tls",
                   std::to_string(bytes) +
                       " bytes of static thread-local memory are needed at the start; the dynamic linker "
                       "makes room for these, but what is loaded later has little left");
}

} // namespace

bool look_at_program(const program_file& program, finding_list& found) {
    if (program.files.size() > 1)
        found.note("script", program.files.front() + " is a script; what runs is " + program.files.back());
    const auto obstacle = obstacle_of(program);
    if (obstacle) found.find(obstacle->what, obstacle->text, obstacle->remedy);
    return !obstacle;
}

void look_at_scope(const program_file& program, const search_scope& scope, const std::string& library,
                   finding_list& found) {
    look_at_preloading(scope, library, found);
    look_at_owners(program, scope, library, found);
    look_at_pairs(scope, found);
    look_at_hidden(program, scope, found);
    look_at_static_tls(scope, found);
}

std::string look_at_profile(const environment& variables, finding_list& found) {
    std::string file = variables.get("CENOTE_PROFILE");
    if (file.empty()) return {};
    const auto fault = fault_of_profile(file);
    if (!fault) return file;
    found.find(
        "bad_profile", "CENOTE_PROFILE=" + *fault + ": the library has its usual size classes",
        "correct the file's name, make the profile anew with cenote advise, or take CENOTE_PROFILE out of "
        "the environment");
    return {};
}

} // namespace cenote::tool
