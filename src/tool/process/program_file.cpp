#include "program_file.hpp"

#include "../support/failure.hpp"
#include "child.hpp"

#include <filesystem>
#include <fstream>
#include <pwd.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace cenote::tool {

namespace {

// The program that a script's first line names; empty where there is none. `/usr/bin/env NAME` counts as NAME.
std::string interpreter_of(const std::string& path) {
    std::ifstream file(path);
    std::string line(2, '\0');
    if (!file.read(line.data(), 2) || line != "#!") return {};
    std::getline(file, line);
    std::istringstream words(line.substr(0, 255));
    std::string first, second;
    words >> first >> second;
    if (second == "-S") words >> second;
    if (first.ends_with("/env") && !second.empty() && second.front() != '-' &&
        second.find('=') == std::string::npos)
        return find_program(second);
    return first;
}

std::string privilege_of(const std::string& path) {
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0) return {};
    if ((file.st_mode & S_ISUID) != 0 && file.st_uid != ::geteuid()) {
        const passwd* const owner = ::getpwuid(file.st_uid);
        return std::string("set-user-ID ") +
               (owner != nullptr ? owner->pw_name : std::to_string(file.st_uid).c_str());
    }
    if ((file.st_mode & S_ISGID) != 0 && (file.st_mode & S_IXGRP) != 0 && file.st_gid != ::getegid())
        return "set-group-ID";
    if (::geteuid() != 0 && ::getxattr(path.c_str(), "security.capability", nullptr, 0) > 0)
        return "with file capabilities";
    return {};
}

} // namespace

program_file inspect_program(const std::string& path) {
    program_file result;
    std::string at = path;
    for (int depth = 0;; ++depth) {
        result.files.push_back(at);
        result.image = read_elf(at, functions_of_interest());
        if (result.image.is_elf || depth == 5) break;
        std::string next = interpreter_of(at);
        // Without such a line it is /bin/sh's, or the kernel knows better.
        at = next.empty() ? "/bin/sh" : std::move(next);
    }
    result.privilege = privilege_of(result.files.back());
    result.is_privileged = !result.privilege.empty();
    return result;
}

std::optional<preload_obstacle> obstacle_of(const program_file& program) {
    const elf_image& image = program.image;
    const std::string& name = program.files.back();
    if (!image.is_elf) return {{"not_elf", name + " is no ELF file", "name the program that runs it"}};
    if (image.is_damaged)
        return {
            {"damaged", name + " is damaged: what it says leads beyond its end", "build or install it anew"}};
    if (!image.is_of_this_machine)
        return {{"other_machine",
                 name + " is for another machine, " + image.machine + "; the library is for this one",
                 "build the library for that machine as well"}};
    if (image.is_static())
        return {
            {"static_program",
             name + " is linked statically: no dynamic linker comes along that would load the library",
             "link it dynamically (without -static); or, where the sources are at hand, use cenote::heap"}};
    if (std::filesystem::path(image.interpreter).filename().string().starts_with("ld-musl"))
        return {{"other_c_library", name + " runs on musl's C library; the library needs glibc's",
                 "build it for glibc"}};
    if (program.is_privileged)
        return {
            {"privileged",
             name + " runs " + program.privilege + ": the dynamic linker then ignores LD_PRELOAD with a path",
             "run it as that user instead; or, for the whole machine, name the library in "
             "/etc/ld.so.preload"}};
    return std::nullopt;
}

void require_preloadable(const program_file& program) {
    if (const auto obstacle = obstacle_of(program))
        throw failure(exit_cannot_run, obstacle->text + "; it was not run. What to do: " + obstacle->remedy);
}

} // namespace cenote::tool
