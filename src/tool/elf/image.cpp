#include "image.hpp"

#include "../support/failure.hpp"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cenote::tool {

namespace {

#if defined(__x86_64__)
constexpr Elf64_Half this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half this_machine = EM_AARCH64;
#else
#error "elf/image.cpp does not know this machine"
#endif

std::string machine_text(unsigned char word_size, Elf64_Half machine) {
    const std::string bits = word_size == ELFCLASS32 ? "32-bit " : "";
    if (machine == EM_X86_64) return word_size == ELFCLASS32 ? "x32" : "x86-64";
    if (machine == EM_386) return "32-bit x86";
    if (machine == EM_AARCH64) return "aarch64";
    if (machine == EM_ARM) return "32-bit ARM";
    if (machine == EM_RISCV) return bits + "RISC-V";
    if (machine == EM_PPC64) return "POWER";
    if (machine == EM_S390) return "s390";
    return bits + "machine number " + std::to_string(machine);
}

// A file, mapped.
class bytes_of_file {
public:
    explicit bytes_of_file(const std::string& path) {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) fail_with_errno(path);
        struct stat about {};
        if (::fstat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0) {
            void* const p =
                ::mmap(nullptr, static_cast<std::size_t>(about.st_size), PROT_READ, MAP_PRIVATE, file, 0);
            if (p != MAP_FAILED)
                view_ = {static_cast<const char*>(p), static_cast<std::size_t>(about.st_size)};
        }
        ::close(file);
    }
    bytes_of_file(const bytes_of_file&) = delete;
    bytes_of_file& operator=(const bytes_of_file&) = delete;
    ~bytes_of_file() {
        if (!view_.empty()) ::munmap(const_cast<char*>(view_.data()), view_.size());
    }
    std::size_t size() const noexcept { return view_.size(); }

    template <class T>
    std::optional<T> at(std::uint64_t offset) const {
        if (offset > view_.size() || view_.size() - offset < sizeof(T)) return std::nullopt;
        T result;
        std::memcpy(&result, view_.data() + offset, sizeof result);
        return result;
    }
    // That begins there and ends with a zero, or with the file.
    std::string_view text(std::uint64_t offset) const {
        if (offset >= view_.size()) return {};
        const std::string_view rest = view_.substr(offset);
        return rest.substr(0, std::min(rest.find('\0'), rest.size()));
    }

private:
    std::string_view view_;
};

class reader {
public:
    reader(const bytes_of_file& bytes, elf_image& into, const std::vector<std::string>& names)
        : bytes_(bytes), into_(into), names_(names) {}

    void read() {
        const auto head = bytes_.at<Elf64_Ehdr>(0);
        if (!head) return damaged();
        head_ = *head;
        for (std::uint64_t i = 0; i != head_.e_phnum; ++i) {
            const auto part = bytes_.at<Elf64_Phdr>(head_.e_phoff + i * sizeof(Elf64_Phdr));
            if (!part) return damaged();
            parts_.push_back(*part);
        }
        const auto first = std::find_if(parts_.begin(), parts_.end(),
                                        [](const Elf64_Phdr& part) { return part.p_type == PT_LOAD; });
        if (first != parts_.end()) into_.base = first->p_vaddr - first->p_offset;
        for (const Elf64_Phdr& part : parts_) {
            if (part.p_type == PT_INTERP) into_.interpreter = bytes_.text(part.p_offset);
            if (part.p_type == PT_TLS) into_.tls_bytes = part.p_memsz;
        }
        for (const Elf64_Phdr& part : parts_)
            if (part.p_type == PT_DYNAMIC) read_dynamic(part);
        read_table_for_debuggers();
    }

private:
    void damaged() { into_.is_damaged = true; }

    std::uint64_t offset_of(std::uint64_t address) const {
        for (const Elf64_Phdr& part : parts_)
            if (part.p_type == PT_LOAD && address >= part.p_vaddr && address - part.p_vaddr < part.p_filesz)
                return address - part.p_vaddr + part.p_offset;
        return bytes_.size(); // nowhere
    }

    void read_dynamic(const Elf64_Phdr& part) {
        into_.is_dynamic = true;
        std::uint64_t strings = bytes_.size(), symbols = bytes_.size(), gnu_hash = 0, hash = 0, soname = 0;
        bool has_soname = false;
        std::vector<std::uint64_t> needed;
        for (std::uint64_t i = 0;; ++i) {
            const auto entry = bytes_.at<Elf64_Dyn>(part.p_offset + i * sizeof(Elf64_Dyn));
            if (!entry) return damaged();
            if (entry->d_tag == DT_NULL) break;
            const std::uint64_t what = entry->d_un.d_val;
            if (entry->d_tag == DT_STRTAB) strings = offset_of(what);
            if (entry->d_tag == DT_SYMTAB) symbols = offset_of(what);
            if (entry->d_tag == DT_GNU_HASH) gnu_hash = offset_of(what);
            if (entry->d_tag == DT_HASH) hash = offset_of(what);
            if (entry->d_tag == DT_NEEDED) needed.push_back(what);
            if (entry->d_tag == DT_FLAGS && (what & DF_STATIC_TLS) != 0) into_.needs_static_tls = true;
            if (entry->d_tag == DT_SONAME) {
                soname = what;
                has_soname = true;
            }
        }
        for (const std::uint64_t name : needed)
            into_.needed.emplace_back(bytes_.text(strings + name));
        if (has_soname) into_.soname = bytes_.text(strings + soname);
        const std::uint64_t count = hash != 0       ? count_by_hash(hash)
                                    : gnu_hash != 0 ? count_by_gnu_hash(gnu_hash)
                                                    : 0;
        read_symbols(symbols, count, strings, true);
    }

    std::uint64_t count_by_hash(std::uint64_t at) {
        const auto count = bytes_.at<std::uint32_t>(at + 4);
        if (!count) damaged();
        return count.value_or(0);
    }
    // The table has no count: the last symbol is at the end of the last list.
    std::uint64_t count_by_gnu_hash(std::uint64_t at) {
        const auto lists = bytes_.at<std::uint32_t>(at), first = bytes_.at<std::uint32_t>(at + 4),
                   filters = bytes_.at<std::uint32_t>(at + 8);
        if (!lists || !first || !filters) return damaged(), 0;
        const std::uint64_t heads = at + 16 + std::uint64_t{*filters} * 8;
        const std::uint64_t hashes = heads + std::uint64_t{*lists} * 4;
        std::uint64_t last = 0;
        for (std::uint64_t i = 0; i != *lists; ++i) {
            const auto head = bytes_.at<std::uint32_t>(heads + i * 4);
            if (!head) return damaged(), 0;
            last = std::max<std::uint64_t>(last, *head);
        }
        if (last < *first) return *first;
        for (;; ++last) {
            const auto hash = bytes_.at<std::uint32_t>(hashes + (last - *first) * 4);
            if (!hash) return damaged(), 0;
            if ((*hash & 1) != 0) return last + 1;
        }
    }

    void read_symbols(std::uint64_t at, std::uint64_t count, std::uint64_t strings, bool exported) {
        for (std::uint64_t i = 0; i != count; ++i) {
            const auto symbol = bytes_.at<Elf64_Sym>(at + i * sizeof(Elf64_Sym));
            if (!symbol) return damaged();
            const std::string_view name = bytes_.text(strings + symbol->st_name);
            if (name.empty() || std::find(names_.begin(), names_.end(), name) == names_.end()) continue;
            const auto type = ELF64_ST_TYPE(symbol->st_info);
            if (type != STT_FUNC && type != STT_NOTYPE && type != STT_GNU_IFUNC && type != STT_OBJECT)
                continue;
            into_.symbols.push_back(
                {std::string(name), symbol->st_shndx != SHN_UNDEF, exported, symbol->st_value});
        }
    }

    void read_table_for_debuggers() {
        if (head_.e_shoff == 0) return;
        for (std::uint64_t i = 0; i != head_.e_shnum; ++i) {
            const auto section = bytes_.at<Elf64_Shdr>(head_.e_shoff + i * sizeof(Elf64_Shdr));
            if (!section) return damaged();
            if (section->sh_type != SHT_SYMTAB) continue;
            const auto strings = bytes_.at<Elf64_Shdr>(head_.e_shoff + section->sh_link * sizeof(Elf64_Shdr));
            if (!strings) return damaged();
            read_symbols(section->sh_offset, section->sh_size / sizeof(Elf64_Sym), strings->sh_offset, false);
        }
    }

    const bytes_of_file& bytes_;
    elf_image& into_;
    const std::vector<std::string>& names_;
    Elf64_Ehdr head_{};
    std::vector<Elf64_Phdr> parts_;
};

} // namespace

bool elf_image::defines(const std::string& function, bool exported) const {
    return std::any_of(symbols.begin(), symbols.end(), [&](const elf_symbol& each) {
        return each.is_defined && each.is_exported == exported && each.name == function;
    });
}

elf_image read_elf(const std::string& path, const std::vector<std::string>& names) {
    const bytes_of_file bytes(path);
    elf_image image;
    image.path = path;
    if (!bytes.text(0).starts_with(ELFMAG)) return image;
    image.is_elf = true;
    const auto word_size = bytes.at<unsigned char>(EI_CLASS), order = bytes.at<unsigned char>(EI_DATA);
    const auto machine = bytes.at<Elf64_Half>(offsetof(Elf64_Ehdr, e_machine));
    if (!word_size || !order || !machine) {
        image.is_damaged = true;
        return image;
    }
    image.machine = *order == ELFDATA2LSB ? machine_text(*word_size, *machine)
                                          : "a machine with the other order of bytes";
    image.is_of_this_machine = *word_size == ELFCLASS64 && *order == ELFDATA2LSB && *machine == this_machine;
    if (image.is_of_this_machine) reader(bytes, image, names).read();
    return image;
}

const std::vector<std::string>& malloc_functions() {
    static const std::vector<std::string> names{"malloc",
                                                "free",
                                                "calloc",
                                                "realloc",
                                                "reallocarray",
                                                "aligned_alloc",
                                                "posix_memalign",
                                                "memalign",
                                                "valloc",
                                                "pvalloc",
                                                "malloc_usable_size",
                                                "_Znwm",
                                                "_Znam",
                                                "_ZnwmSt11align_val_t",
                                                "_ZnamSt11align_val_t",
                                                "_ZnwmRKSt9nothrow_t",
                                                "_ZnamRKSt9nothrow_t",
                                                "_ZnwmSt11align_val_tRKSt9nothrow_t",
                                                "_ZnamSt11align_val_tRKSt9nothrow_t",
                                                "_ZdlPv",
                                                "_ZdaPv",
                                                "_ZdlPvm",
                                                "_ZdaPvm",
                                                "_ZdlPvSt11align_val_t",
                                                "_ZdaPvSt11align_val_t",
                                                "_ZdlPvmSt11align_val_t",
                                                "_ZdaPvmSt11align_val_t",
                                                "_ZdlPvRKSt9nothrow_t",
                                                "_ZdaPvRKSt9nothrow_t",
                                                "_ZdlPvSt11align_val_tRKSt9nothrow_t",
                                                "_ZdaPvSt11align_val_tRKSt9nothrow_t"};
    return names;
}

const std::vector<std::string>& foreign_functions() {
    static const std::vector<std::string> names{"mallocx",
                                                "rallocx",
                                                "xallocx",
                                                "dallocx",
                                                "sdallocx",
                                                "je_malloc",
                                                "je_calloc",
                                                "je_realloc",
                                                "je_free",
                                                "je_mallocx",
                                                "je_dallocx",
                                                "mi_malloc",
                                                "mi_calloc",
                                                "mi_realloc",
                                                "mi_free",
                                                "mi_heap_malloc",
                                                "mi_new",
                                                "tc_malloc",
                                                "tc_calloc",
                                                "tc_realloc",
                                                "tc_free",
                                                "tc_new",
                                                "tc_delete",
                                                "scalable_malloc",
                                                "scalable_calloc",
                                                "scalable_realloc",
                                                "scalable_free",
                                                "scalable_aligned_malloc",
                                                "scalable_aligned_free",
                                                "__libc_malloc",
                                                "__libc_calloc",
                                                "__libc_realloc",
                                                "__libc_free",
                                                "__libc_memalign"};
    return names;
}

const std::vector<std::string>& functions_of_interest() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all = malloc_functions();
        all.insert(all.end(), foreign_functions().begin(), foreign_functions().end());
        return all;
    }();
    return names;
}

} // namespace cenote::tool
