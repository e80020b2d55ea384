#include "allocator.hpp"

#include "../inspect/scope.hpp"
#include "../process/libraries.hpp"
#include "../support/failure.hpp"
#include "profile_file.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>

namespace cenote::tool {

namespace {

struct known {
    const char* name;
    std::array<const char*, 3> files; // as the dynamic linker knows them; the first that is there
    bool is_ours = false;
};
// Of tcmalloc the minimal form first, which its documentation advises where no profiler is wanted; of oneTBB's allocator the
// proxy that replaces malloc.
constexpr known all_known[] = {
    {"glibc", {}},
    {"jemalloc", {"libjemalloc.so.2", "libjemalloc.so.1"}},
    {"mimalloc", {"libmimalloc.so.2", "libmimalloc.so.3", "libmimalloc.so.1"}},
    {"tcmalloc", {"libtcmalloc_minimal.so.4", "libtcmalloc.so.4"}},
    {"tbbmalloc", {"libtbbmalloc_proxy.so.2"}},
    {"cenote-hardened", {hardened_malloc_library}, true},
    {"cenote", {malloc_library}, true},
};

const search_scope& scope_of_this_program(const std::string& preloaded) {
    static search_scope scope;
    environment variables = environment::inherited();
    variables.remove("LD_PRELOAD");
    if (!preloaded.empty()) variables.set("LD_PRELOAD", preloaded);
    scope = scope_of(inspect_program("/proc/self/exe"), std::move(variables));
    return scope;
}

// The file that the dynamic linker takes for a library's name; empty where it finds none.
std::string file_of(const std::string& name) {
    for (const elf_image& object : scope_of_this_program(name).objects)
        if (std::filesystem::path(object.path).filename() == name) return object.path;
    return {};
}

std::string file_of(const known& which) {
    for (const char* const file : which.files) {
        if (file == nullptr) break;
        if (std::string found = which.is_ours ? find_library_or_none(file) : file_of(std::string(file));
            !found.empty())
            return found;
    }
    return {};
}

// NAME:PROFILE.
allocator find_with_profile(const known& which, const std::string& asked, const std::string& profile) {
    const std::string file = std::filesystem::absolute(profile).string();
    if (const auto fault = fault_of_profile(file)) throw failure(exit_usage, "--with: " + *fault);
    return {asked, find_library(which.files.front()), file};
}

std::string names_of(const std::vector<std::string>& others) {
    std::string names = known_allocators();
    for (const std::string& each : others)
        names += ", " + each;
    return names;
}

allocator find_asked(const std::string& asked, const std::vector<std::string>& others) {
    if (std::find(others.begin(), others.end(), asked) != others.end()) return {asked, {}};
    for (const known& each : all_known)
        if (const std::string front = std::string(each.name) + ":"; each.is_ours && asked.starts_with(front))
            return find_with_profile(each, asked, asked.substr(front.size()));
    if (const std::size_t equals = asked.find('='); equals != std::string::npos) {
        std::error_code none;
        const std::filesystem::path file = std::filesystem::absolute(asked.substr(equals + 1));
        if (equals == 0) throw failure(exit_usage, "--with: " + asked + " is not NAME=FILE");
        if (!std::filesystem::is_regular_file(file, none))
            throw failure(exit_usage, "--with: there is no file " + file.string());
        return {asked.substr(0, equals), file.string()};
    }
    for (const known& each : all_known) {
        if (asked != each.name) continue;
        if (each.files.front() == nullptr) return {each.name, {}};
        std::string file = file_of(each);
        if (file.empty())
            throw failure(exit_trouble, "--with: " + asked +
                                            " is not on this machine: the dynamic linker finds no " +
                                            each.files.front());
        return {each.name, std::move(file)};
    }
    throw failure(exit_usage, "--with: nobody knows " + asked + "; known are " + names_of(others) +
                                  ", cenote:PROFILE, or NAME=FILE");
}

} // namespace

void allocator::put_into(environment& variables) const {
    if (!library.empty()) variables.preload(library);
    if (profile.empty())
        variables.remove("CENOTE_PROFILE");
    else
        variables.set("CENOTE_PROFILE", profile);
}

std::string known_allocators() {
    std::string names;
    for (const known& each : all_known)
        names += std::string(names.empty() ? "" : ", ") + each.name;
    return names;
}

std::vector<allocator> find_allocators(const std::string& asked, const std::vector<std::string>& others) {
    std::vector<allocator> result;
    if (asked.empty()) {
        for (const known& each : all_known) {
            std::string file = file_of(each);
            if (each.files.front() == nullptr || !file.empty())
                result.push_back({each.name, std::move(file)});
        }
        for (const std::string& each : others)
            result.push_back({each, {}});
        return result;
    }
    std::istringstream names(asked);
    for (std::string name; std::getline(names, name, ',');) {
        if (name.empty()) continue;
        allocator found = find_asked(name, others);
        for (const allocator& other : result)
            if (other.name == found.name)
                throw failure(exit_usage, "--with: " + found.name + " stands there twice");
        result.push_back(std::move(found));
    }
    if (result.empty()) throw failure(exit_usage, "--with: names no allocator");
    return result;
}

void require_active(const allocator& which, const program_file& program, environment variables) {
    const search_scope scope = scope_of(program, std::move(variables));
    const elf_image* const owner = scope.owner_of("malloc");
    const std::string wanted = which.library.empty() ? c_library() : which.library;
    if (owner != nullptr && is_same_file(owner->path, wanted)) return;
    throw failure(exit_trouble, "under " + which.name + " malloc would be that of " +
                                    (owner != nullptr ? owner->path : "nobody") + ", not of " + wanted +
                                    (scope.complaints.empty() ? "" : ": " + scope.complaints.front()));
}

std::string c_library() {
    std::string file = file_of("libc.so.6");
    if (file.empty())
        throw failure(exit_trouble,
                      "this program runs on no libc.so.6: cannot tell which file is the C library");
    return file;
}

} // namespace cenote::tool
