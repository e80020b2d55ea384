#include "module_list.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <string>

namespace cenote::tool {

namespace {

bool read_at(std::ifstream& file, std::uint64_t offset, void* to, std::size_t bytes) {
    file.clear();
    file.seekg(static_cast<std::streamoff>(offset));
    return static_cast<bool>(file.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes)));
}

// NT_GNU_BUILD_ID among the notes of an ELF file's segment.
std::string find_id(const std::vector<char>& notes) {
    for (std::size_t at = 0; at + sizeof(Elf64_Nhdr) <= notes.size();) {
        Elf64_Nhdr note{};
        std::memcpy(&note, notes.data() + at, sizeof note);
        const std::size_t name = at + sizeof note;
        const std::size_t content = name + ((std::size_t{note.n_namesz} + 3) & ~std::size_t{3});
        const std::size_t end = content + ((std::size_t{note.n_descsz} + 3) & ~std::size_t{3});
        if (end > notes.size() || content > notes.size()) break;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            std::memcmp(notes.data() + name, "GNU", 4) == 0) {
            std::string text;
            for (std::size_t i = 0; i != note.n_descsz; ++i) {
                char digits[3];
                std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(notes[content + i]));
                text += digits;
            }
            return text;
        }
        at = end;
    }
    return {};
}

std::string read_build_id(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    Elf64_Ehdr header{};
    if (!read_at(file, 0, &header, sizeof header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr))
        return {};
    for (unsigned i = 0; i != header.e_phnum; ++i) {
        Elf64_Phdr segment{};
        if (!read_at(file, header.e_phoff + i * sizeof segment, &segment, sizeof segment)) break;
        if (segment.p_type != PT_NOTE || segment.p_filesz > 65'536) continue;
        std::vector<char> notes(segment.p_filesz);
        if (!read_at(file, segment.p_offset, notes.data(), notes.size())) break;
        if (std::string id = find_id(notes); !id.empty()) return id;
    }
    return {};
}

} // namespace

bool module_list::has(std::uint64_t address) const noexcept {
    return std::any_of(known_.begin(), known_.end(),
                       [&](const code_module& m) { return m.begin <= address && address < m.end; });
}

std::vector<code_module> module_list::refresh() {
    std::vector<code_module> found;
    std::ifstream lines("/proc/" + std::to_string(process_) + "/maps");
    for (std::string line; std::getline(lines, line);) {
        unsigned long begin = 0;
        unsigned long end = 0;
        unsigned long offset = 0;
        char rights[8] = {};
        int path = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx %7s %lx %*s %*s %n", &begin, &end, rights, &offset, &path) !=
                4 ||
            rights[2] != 'x' || path == 0 || static_cast<std::size_t>(path) >= line.size())
            continue;
        found.push_back({begin, end, offset, line.substr(static_cast<std::size_t>(path)), {}});
    }
    std::vector<code_module> fresh;
    for (code_module& each : found) {
        if (each.path.front() == '/') each.build_id = build_id(each.path);
        if (std::find(known_.begin(), known_.end(), each) == known_.end()) fresh.push_back(each);
    }
    if (!found.empty()) known_ = std::move(found);
    return fresh;
}

const std::string& module_list::build_id(const std::string& path) {
    const auto [place, is_new] = build_ids_.try_emplace(path);
    if (is_new) place->second = read_build_id(path);
    return place->second;
}

} // namespace cenote::tool
