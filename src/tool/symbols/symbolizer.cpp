#include "symbolizer.hpp"

#include <array>
#include <cstdio>

namespace cenote::tool {

namespace {
std::string with_offset(const std::string& name, std::uint64_t offset) {
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "0x%llx", static_cast<unsigned long long>(offset));
    return name.empty() ? digits.data() : name + "+" + digits.data();
}
} // namespace

std::string source_call::name() const {
    if (!function.empty()) return function;
    return with_offset(module, offset) + (problem.empty() ? "" : " (" + problem + ")");
}

std::string source_call::text() const {
    if (!file.empty()) return name() + " at " + file + ":" + std::to_string(line);
    return function.empty() ? name() : name() + " in " + module;
}

std::span<const source_call> symbolizer::calls_at(const code_module* module, std::uint64_t return_address) {
    // The call is the instruction before the one to return to, which may be another line's, or another function's.
    const std::uint64_t address = return_address - 1;
    if (module == nullptr) {
        auto& calls = nowhere_[return_address];
        if (calls.empty()) calls.push_back({.offset = return_address});
        return calls;
    }
    known_file& known = files_[{module->path, module->build_id}];
    if (known.file == nullptr) known.file = std::make_unique<code_file>(module->path, module->build_id);
    const std::uint64_t offset = address - module->begin + module->offset;
    auto& calls = known.calls[offset];
    if (calls.empty()) calls = known.file->calls_at(offset);
    return calls;
}

} // namespace cenote::tool
