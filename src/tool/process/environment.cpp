#include "environment.hpp"

#include <algorithm>
#include <unistd.h>

namespace cenote::tool {

environment environment::inherited() {
    environment result;
    for (char** entry = ::environ; *entry != nullptr; ++entry)
        result.entries_.emplace_back(*entry);
    return result;
}

void environment::remove(std::string_view name) {
    std::erase_if(entries_, [name](const std::string& entry) {
        return entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=';
    });
}

void environment::set(std::string_view name, std::string_view value) {
    remove(name);
    entries_.push_back(std::string(name) + "=" + std::string(value));
}

std::string environment::get(std::string_view name) const {
    for (const std::string& entry : entries_)
        if (entry.starts_with(name) && entry.size() > name.size() && entry[name.size()] == '=')
            return entry.substr(name.size() + 1);
    return {};
}

void environment::preload(std::string_view library) {
    const std::string others = get("LD_PRELOAD");
    set("LD_PRELOAD", std::string(library) + (others.empty() ? "" : ":" + others));
}

std::vector<char*> environment::pointers() {
    std::vector<char*> result;
    for (std::string& entry : entries_)
        result.push_back(entry.data());
    result.push_back(nullptr);
    return result;
}

} // namespace cenote::tool
