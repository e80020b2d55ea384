// Layer: tool. The code that a process has mapped, as the kernel lists it, with the build-ids of the files.
#pragma once

#include "../trace/module.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cenote::tool {

class module_list {
public:
    explicit module_list(std::uint32_t process) : process_(process) {}

    // Whether an address is in what is known.
    bool has(std::uint64_t address) const noexcept;
    // Reads the kernel's list again; what is new in it. Nothing where the process is gone.
    std::vector<code_module> refresh();

private:
    const std::string& build_id(const std::string& path);

    std::uint32_t process_;
    std::vector<code_module> known_;
    std::map<std::string, std::string> build_ids_;
};

} // namespace cenote::tool
