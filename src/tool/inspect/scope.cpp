#include "scope.hpp"

#include "../process/child.hpp"
#include "../process/memory_file.hpp"
#include "../support/failure.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

namespace cenote::tool {

const elf_image* search_scope::owner_of(const std::string& function) const& {
    for (const elf_image& object : objects)
        if (object.defines(function, true)) return &object;
    return nullptr;
}

bool search_scope::has(const std::string& path) const {
    for (const elf_image& object : objects)
        if (is_same_file(object.path, path)) return true;
    return false;
}

bool is_same_file(const std::string& a, const std::string& b) {
    std::error_code none;
    return a == b || std::filesystem::equivalent(a, b, none);
}

search_scope scope_of(const program_file& program, environment variables) {
    const memory_file output("cenote-list"), errors("cenote-errors");
    start_options start;
    start.file = program.files.back();
    start.arguments = {start.file};
    start.variables = std::move(variables);
    start.variables.set("LD_TRACE_LOADED_OBJECTS", "1");
    start.output = output.number();
    start.errors = errors.number();
    child listing(std::move(start));
    const ending how = listing.wait();

    search_scope scope;
    scope.objects.push_back(program.image);
    // "\tNAME => PATH (ADDRESS)", "\tPATH (ADDRESS)", "\tNAME => not found"
    std::istringstream lines(output.text());
    for (std::string line; std::getline(lines, line);) {
        const std::size_t arrow = line.find(" => ");
        std::string path = arrow == std::string::npos ? line : line.substr(arrow + 4);
        if (path.starts_with("not found")) {
            scope.complaints.push_back(line.substr(line.find_first_not_of("\t ")));
            continue;
        }
        path.resize(std::min(path.size(), path.rfind(" (")));
        path.erase(0, path.find_first_not_of("\t "));
        if (path.starts_with('/')) scope.objects.push_back(read_elf(path, functions_of_interest()));
    }
    std::istringstream complaints(errors.text());
    for (std::string line; std::getline(complaints, line);)
        if (!line.empty()) scope.complaints.push_back(line);
    if (!how.is_success() && scope.complaints.empty())
        throw failure(exit_trouble, "the dynamic linker does not list what " + program.files.back() +
                                        " needs: " + how.text());
    return scope;
}

} // namespace cenote::tool
