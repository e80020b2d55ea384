#include "code_file.hpp"

#include <algorithm>
#include <cstdlib>
#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <filesystem>
#include <gelf.h>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace cenote::tool {

namespace {

// libdw asks the servers that DEBUGINFOD_URLS names, as many systems have it, for every build-id that a trace names: downloads,
// and waits without an end.
void ask_servers_only_where_wanted() {
    const char* const wanted = std::getenv("CENOTE_DEBUGINFOD");
    if (wanted == nullptr || std::string_view(wanted) != "1") ::unsetenv("DEBUGINFOD_URLS");
}

struct freed {
    void operator()(void* p) const noexcept { std::free(p); }
};

std::string demangled(const char* name) {
    // The C library's names for calls within itself.
    constexpr std::string_view internal = "__GI_";
    if (std::string_view(name).starts_with(internal)) name += internal.size();
    int status = 0;
    const std::unique_ptr<char, freed> text(abi::__cxa_demangle(name, nullptr, nullptr, &status));
    return status == 0 && text != nullptr ? text.get() : name;
}

std::string hexadecimal(const unsigned char* bytes, int count) {
    static constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (int i = 0; i < count; ++i) {
        text += digits[bytes[i] >> 4U];
        text += digits[bytes[i] & 15U];
    }
    return text;
}

// As linkers know it, which has namespaces and parameters; where it has no such name, as the source does.
std::string function_name(Dwarf_Die* die) {
    for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
        Dwarf_Attribute attribute;
        if (dwarf_attr_integrate(die, name, &attribute) == nullptr) continue;
        if (const char* const text = dwarf_formstring(&attribute)) return demangled(text);
    }
    const char* const text = dwarf_diename(die);
    return text != nullptr ? text : "";
}

unsigned number_of(Dwarf_Die* die, unsigned name) {
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    return dwarf_formudata(dwarf_attr(die, name, &attribute), &value) == 0 ? static_cast<unsigned>(value) : 0;
}

// Where an inlined function was called.
std::string calling_file(Dwarf_Die* unit, Dwarf_Die* inlined) {
    Dwarf_Files* files = nullptr;
    std::size_t count = 0;
    const unsigned number = number_of(inlined, DW_AT_call_file);
    if (dwarf_getsrcfiles(unit, &files, &count) != 0 || number >= count) return {};
    const char* const text = dwarf_filesrc(files, number, nullptr, nullptr);
    return text != nullptr ? text : "";
}

// The name lives as long as the file is open.
struct code_symbol {
    Dwarf_Addr begin;
    Dwarf_Addr end;
    const char* name;

    // How much it looks like a name for use within: "_IO_puts" more than "puts".
    std::size_t inner() const noexcept { return std::string_view(name).find_first_not_of('_'); }
};

} // namespace

struct code_file::debug_information {
    ~debug_information() { dwfl_end(session); }

    bool open(const std::string& path, const std::string& name) {
        if (session == nullptr) return false;
        dwfl_report_begin(session);
        module = dwfl_report_elf(session, name.c_str(), path.c_str(), -1, 0, true);
        return dwfl_report_end(session, nullptr, nullptr) == 0 && module != nullptr;
    }
    std::string build_id() const {
        const unsigned char* bytes = nullptr;
        GElf_Addr address = 0;
        return hexadecimal(bytes, dwfl_module_build_id(module, &bytes, &address));
    }
    // Where the linker put what is at an offset of the file.
    std::optional<Dwarf_Addr> address_of(std::uint64_t offset) const {
        GElf_Addr bias = 0;
        Elf* const elf = dwfl_module_getelf(module, &bias);
        std::size_t count = 0;
        if (elf == nullptr || elf_getphdrnum(elf, &count) != 0) return std::nullopt;
        for (std::size_t i = 0; i != count; ++i) {
            GElf_Phdr segment;
            if (gelf_getphdr(elf, static_cast<int>(i), &segment) != nullptr && segment.p_type == PT_LOAD &&
                segment.p_offset <= offset && offset - segment.p_offset < segment.p_filesz)
                return offset - segment.p_offset + segment.p_vaddr + bias;
        }
        return std::nullopt;
    }
    // Out of debug information; none where there is none.
    std::vector<source_call> calls_at(Dwarf_Addr address) const {
        std::vector<source_call> calls;
        Dwarf_Addr bias = 0;
        Dwarf_Die* const unit = dwfl_module_addrdie(module, address, &bias);
        if (unit == nullptr) return calls;
        std::string file;
        int line = 0;
        if (Dwfl_Line* const at = dwfl_module_getsrc(module, address))
            if (const char* const text = dwfl_lineinfo(at, nullptr, &line, nullptr, nullptr, nullptr))
                file = text;
        for (Dwarf_Die& die : enclosing(unit, address - bias)) {
            const int tag = dwarf_tag(&die);
            if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
            calls.push_back({.function = function_name(&die),
                             .file = file,
                             .line = static_cast<unsigned>(std::max(line, 0)),
                             .is_inlined = tag == DW_TAG_inlined_subroutine});
            if (tag == DW_TAG_subprogram) return calls;
            file = calling_file(unit, &die);
            line = static_cast<int>(number_of(&die, DW_AT_call_line));
        }
        calls.clear(); // no function around it: what is damaged
        return calls;
    }
    // Out of the symbol tables: only where the symbol covers the address, as before it may be any other function's.
    std::string symbol_at(Dwarf_Addr address) {
        if (!has_symbols) read_symbols();
        has_symbols = true;
        const auto behind =
            std::upper_bound(symbols.begin(), symbols.end(), address,
                             [](Dwarf_Addr a, const code_symbol& symbol) { return a < symbol.begin; });
        if (behind == symbols.begin() || address >= std::prev(behind)->end) return {};
        return demangled(std::prev(behind)->name);
    }

    Dwfl* session = dwfl_begin(&callbacks);
    Dwfl_Module* module = nullptr;

private:
    // In order, for libdwfl goes through all of them at each question.
    void read_symbols() {
        const int count = dwfl_module_getsymtab(module);
        for (int i = 0; i < count; ++i) {
            GElf_Sym symbol;
            GElf_Addr address = 0;
            const char* const name =
                dwfl_module_getsym_info(module, i, &symbol, &address, nullptr, nullptr, nullptr);
            const int type = GELF_ST_TYPE(symbol.st_info);
            if (name == nullptr || *name == '\0' || symbol.st_size == 0 || symbol.st_shndx == SHN_UNDEF ||
                (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE))
                continue;
            symbols.push_back({address, address + symbol.st_size, name});
        }
        // Of several at one place the one that is meant for others.
        std::stable_sort(symbols.begin(), symbols.end(), [](const code_symbol& a, const code_symbol& b) {
            return std::make_pair(a.begin, b.inner()) < std::make_pair(b.begin, a.inner());
        });
    }

    std::vector<code_symbol> symbols;
    bool has_symbols = false;

    // From the innermost outwards, as the code lies.
    static std::vector<Dwarf_Die> enclosing(Dwarf_Die* unit, Dwarf_Addr address) {
        Dwarf_Die* found = nullptr;
        const int depth = dwarf_getscopes(unit, address, &found);
        const std::unique_ptr<Dwarf_Die, freed> innermost(found);
        if (depth <= 0) return {};
        found = nullptr;
        const int count = dwarf_getscopes_die(innermost.get(), &found);
        const std::unique_ptr<Dwarf_Die, freed> all(found);
        if (count <= 0) return {};
        return {all.get(), all.get() + count};
    }

    static const Dwfl_Callbacks callbacks;
};

const Dwfl_Callbacks code_file::debug_information::callbacks{.find_elf = dwfl_build_id_find_elf,
                                                             .find_debuginfo = dwfl_standard_find_debuginfo,
                                                             .section_address = dwfl_offline_section_address,
                                                             .debuginfo_path = nullptr};

code_file::code_file(const std::string& path, const std::string& build_id)
    : name_(path.substr(path.rfind('/') + 1)) {
    if (path.empty() || path.front() != '/') return; // the kernel's, or nobody's
    // A damaged trace may name a device, or a pipe that nobody writes to.
    std::error_code none;
    if (!std::filesystem::is_regular_file(path, none)) {
        problem_ = "no such file";
        return;
    }
    ask_servers_only_where_wanted();
    from_ = std::make_unique<debug_information>();
    if (!from_->open(path, name_)) {
        problem_ = "not readable";
        from_.reset();
    } else if (!build_id.empty() && from_->build_id() != build_id) {
        problem_ = "other build";
        from_.reset();
    }
}

code_file::~code_file() = default;

std::vector<source_call> code_file::calls_at(std::uint64_t offset) const {
    std::vector<source_call> calls;
    if (from_ != nullptr)
        if (const auto address = from_->address_of(offset)) {
            calls = from_->calls_at(*address);
            if (calls.empty()) calls.push_back({.function = from_->symbol_at(*address)});
        }
    if (calls.empty()) calls.emplace_back();
    for (source_call& each : calls) {
        each.module = name_;
        each.offset = offset;
        each.problem = problem_;
    }
    return calls;
}

} // namespace cenote::tool
