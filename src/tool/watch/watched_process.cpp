#include "watched_process.hpp"

#include "../elf/image.hpp"
#include "../support/failure.hpp"
#include "../support/text.hpp"

#include "cenote/pool/publication.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cenote::tool {

namespace {

using detail::publication_anchor;
using detail::published_page;

constexpr std::uint64_t wanted_at_once = 100; // snapshots: ten seconds' at most
constexpr int most_asks = 2;                  // of one publication, while no page of it comes
constexpr int read_tries = 1'000;             // some 100 ms: a process may be stopped amid a snapshot

// Descriptors that close themselves.
class open_number {
public:
    explicit open_number(int fd) noexcept : fd_(fd) {}
    open_number(const open_number&) = delete;
    open_number& operator=(const open_number&) = delete;
    ~open_number() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const noexcept { return fd_; }

private:
    int fd_;
};

std::string text_of_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Empty where it cannot be read, as errno says.
std::string target_of_link(const std::string& path) {
    std::string target(4096, '\0');
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    target.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
    return target;
}

// The last number of a line of /proc/PID/status.
int number_in(const std::string& status, const char* line_name, int otherwise) {
    std::istringstream lines(status);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(line_name)) return std::stoi(line.substr(line.find_last_of("\t ") + 1));
    return otherwise;
}

// A file that is mapped, and where its first byte is or would be: where its code runs, should it be mapped for something else as well.
struct mapped_file {
    std::string path;
    std::uint64_t start;
    bool is_run;
};
std::vector<mapped_file> mapped_files(const std::string& maps) {
    std::vector<mapped_file> files;
    std::istringstream lines(maps);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string range, rights, offset, device, inode, path;
        words >> range >> rights >> offset >> device >> inode >> std::ws;
        std::getline(words, path);
        if (!path.starts_with('/') || path.ends_with(" (deleted)")) continue;
        const std::uint64_t from = std::stoull(offset, nullptr, 16);
        const std::uint64_t start = std::stoull(range, nullptr, 16) - from;
        auto known = std::find_if(files.begin(), files.end(),
                                  [&path](const mapped_file& each) { return each.path == path; });
        if (known == files.end())
            known = files.insert(files.end(), {path, start, false});
        else if (from == 0 && !known->is_run)
            known->start = start; // another mapping begins
        if (rights.size() > 2 && rights[2] == 'x') known->is_run = true;
    }
    return files;
}

// Where it is asked: an anchor in each library that has one.
std::vector<std::uint64_t> anchors_of(const std::string& process, const std::string& maps) {
    std::vector<std::uint64_t> addresses;
    for (const mapped_file& each : mapped_files(maps)) {
        if (!each.is_run) continue;
        const std::string seen = process + "root" + each.path;
        struct stat about {};
        if (::stat(seen.c_str(), &about) != 0 || !S_ISREG(about.st_mode) || ::access(seen.c_str(), R_OK) != 0)
            continue;
        const elf_image image = read_elf(seen, {detail::publication_symbol});
        for (const elf_symbol& symbol : image.symbols)
            if (symbol.is_defined) {
                addresses.push_back(each.start - image.base + symbol.address);
                break;
            }
    }
    return addresses;
}

} // namespace

class watched_process::page {
public:
    // None where the file is no such page, or another process's.
    static std::unique_ptr<page> open(const std::string& path, std::uint32_t process) {
        const open_number file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        struct stat about {};
        // Without the seal it might become smaller under us, which would be a signal.
        if (file.get() < 0 || ::fstat(file.get(), &about) != 0 ||
            static_cast<std::size_t>(about.st_size) != sizeof(published_page))
            return nullptr;
        const int seals = ::fcntl(file.get(), F_GET_SEALS);
        if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) return nullptr;
        void* const p =
            ::mmap(nullptr, sizeof(published_page), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        if (p == MAP_FAILED) return nullptr;
        auto* const at = static_cast<published_page*>(p);
        std::unique_ptr<page> made(new page(at, about.st_ino));
        return at->is_right() && at->process() == process ? std::move(made) : nullptr;
    }
    page(const page&) = delete;
    page& operator=(const page&) = delete;
    ~page() { ::munmap(at_, sizeof(published_page)); }

    ino_t identity() const noexcept { return identity_; }
    void want(std::uint64_t snapshots) noexcept { at_->want(snapshots); }
    // What it shows; what it showed last where the process does not get on with the next.
    void add_to(published_snapshot& all) {
        detail::published_head head;
        std::vector<detail::heap_report> rows(published_page::most_rows);
        if (at_->read(head, rows.data(), read_tries)) {
            rows.resize(head.rows);
            std::swap(head_, head);
            std::swap(rows_, rows);
        }
        all.number += head_.number;
        all.taken = std::max(all.taken, head_.taken);
        all.began = all.began == 0 ? at_->began() : std::min(all.began, at_->began());
        all.left_out += head_.left_out;
        all.cost += head_.cost;
        for (detail::heap_report each : rows_) {
            if (each.kind[0] == '\0') continue;
            // A heap's row says of its magazines nothing that those of its size classes do not say.
            if (std::strcmp(each.kind, "heap") == 0)
                each.in_magazines = std::min(magazines_of(each.id), each.live);
            all.reports.push_back(each);
        }
    }

private:
    page(published_page* at, ino_t identity) noexcept : at_(at), identity_(identity) {}

    std::size_t magazines_of(std::uint64_t id) const {
        std::size_t bytes = 0;
        for (const detail::heap_report& each : rows_)
            if (each.id == id && std::strcmp(each.kind, "size_class") == 0)
                bytes += each.in_magazines * each.block_size;
        return bytes;
    }

    published_page* at_;
    ino_t identity_;
    detail::published_head head_;
    std::vector<detail::heap_report> rows_;
};

watched_process::watched_process(int number) : number_(number) {
    const std::string name = "process " + std::to_string(number);
    const auto enter = [this] {
        folder_ = ::open(("/proc/" + std::to_string(number_)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    };
    enter();
    // A thread's number has a folder too, with the files of its process.
    if (const int process = folder_ < 0 ? number : number_in(text_of_file(path("status")), "Tgid:", number);
        process != number) {
        ::close(folder_);
        number_ = process;
        enter();
    }
    if (folder_ < 0 || !is_running()) throw failure(exit_not_found, "there is no " + name);
    std::istringstream line(text_of_file(path("cmdline")));
    for (std::string word; std::getline(line, word, '\0');)
        command_.push_back(word);
    // Programs that say there what they are at leave their arguments' room empty.
    while (!command_.empty() && command_.back().empty())
        command_.pop_back();
    find_pages();
    if (!ask() && pages_.empty()) explain();
}

watched_process::~watched_process() {
    if (folder_ >= 0) ::close(folder_);
}

bool watched_process::is_running() const {
    const std::string stat = text_of_file(path("stat"));
    const std::size_t name = stat.rfind(')'); // the name may have blanks and brackets
    return name != std::string::npos && name + 2 < stat.size() && stat[name + 2] != 'Z' &&
           stat[name + 2] != 'X';
}

// Keeps what it has where there is nothing else.
bool watched_process::find_pages() {
    // As the process itself has it, where it is in a namespace of its own.
    const auto process =
        static_cast<std::uint32_t>(number_in(text_of_file(path("status")), "NStgid:", number_));
    std::vector<std::unique_ptr<page>> found;
    std::error_code error;
    std::filesystem::directory_iterator files(path("fd"), error);
    if (error == std::errc::permission_denied || error == std::errc::operation_not_permitted)
        refuse_to_look();
    for (; !error && files != std::filesystem::directory_iterator(); files.increment(error)) {
        const std::string file = files->path().string();
        if (!target_of_link(file).starts_with(std::string("/memfd:") + published_page::file_name)) continue;
        // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): the owner goes out of scope here
        std::unique_ptr<page> opened = page::open(file, process);
        if (opened == nullptr) continue;
        const auto same = [&](const std::unique_ptr<page>& other) {
            return other != nullptr && other->identity() == opened->identity();
        };
        if (std::any_of(found.begin(), found.end(), same)) continue;
        const auto known = std::find_if(pages_.begin(), pages_.end(), same);
        if (known != pages_.end())
            std::swap(*known, opened);
        else
            asked_.clear(); // what was asked for came
        found.push_back(std::move(opened));
    }
    if (found.empty()) return false;
    pages_ = std::move(found);
    return true;
}

// Writes into its memory that it is asked, where a publication has no page that is known of. False where it has no place for that.
bool watched_process::ask() {
    const std::vector<std::uint64_t> anchors = anchors_of(path(""), text_of_file(path("maps")));
    if (anchors.empty()) return false;
    using detail::publication;
    const open_number memory(::open(path("mem").c_str(), O_RDWR | O_CLOEXEC));
    const auto read_word = [&memory](std::uint64_t at, auto& to) {
        return memory.get() >= 0 &&
               ::pread(memory.get(), &to, sizeof to, static_cast<off_t>(at)) == sizeof to;
    };
    struct place {
        std::uint64_t at;
        std::uint32_t is;
    };
    std::vector<place> places;
    bool is_other = false;
    bool is_refused = memory.get() < 0;
    bool is_starting = false; // the dynamic linker is at work: neither is there yet
    for (const std::uint64_t address : anchors) {
        publication_anchor anchor{};
        if (!read_word(address, anchor)) {
            is_starting = true;
            continue;
        }
        if (anchor.magic != published_page::right_magic) continue;
        if (anchor.layout != published_page::right_layout) {
            is_other = true;
            continue;
        }
        place found{reinterpret_cast<std::uintptr_t>(anchor.wanted), 0};
        if (read_word(found.at, found.is))
            places.push_back(found);
        else
            is_starting = true;
    }
    const auto published = static_cast<std::size_t>(std::count_if(
        places.begin(), places.end(), [](const place& each) { return each.is == publication::published; }));
    for (const place& each : places) {
        // One that says it is published, and closed its file, is asked to look whether it has.
        const bool is_lost = each.is == publication::published && pages_.size() < published;
        if (each.is != publication::nothing && !is_lost) continue;
        int& times = asked_[each.at];
        if (times == most_asks) continue;
        const std::uint32_t word = publication::asked;
        if (::pwrite(memory.get(), &word, sizeof word, static_cast<off_t>(each.at)) == sizeof word)
            ++times;
        else
            is_refused = true;
    }
    if (!pages_.empty()) return true;
    const std::string name = "process " + std::to_string(number_);
    if (is_refused)
        throw failure(exit_cannot_run, name + " may not be asked to publish, which takes the rights of a "
                                              "debugger (ptrace(2)): be root, or start it "
                                              "with CENOTE_PUBLISH=1, or have it call cenote::publish()");
    if (places.empty() && is_other)
        throw failure(exit_cannot_run,
                      name + " is of another version of Cenote: use the cenote that came with it");
    return is_starting || !places.empty();
}

void watched_process::refuse_to_look() const {
    throw failure(exit_cannot_run,
                  "process " + std::to_string(number_) +
                      " may not be looked at: it is another user's, or the system keeps debuggers from it "
                      "(ptrace(2)); watch it as that user, or as root with CAP_SYS_PTRACE");
}

// Why there is nothing to be seen.
void watched_process::explain() const {
    const std::string name = "process " + std::to_string(number_) +
                             (command_.empty() ? "" : " (" + command_text(command_, 40) + ")");
    const std::string exe = path("exe");
    if (target_of_link(exe).empty()) {
        const int why = errno;
        if (!is_running()) throw failure(exit_not_found, name + " has just ended");
        if (why != ENOENT) refuse_to_look();
        throw failure(exit_cannot_run, name + " is a thread of the kernel's, which has no program");
    }
    const elf_image image = read_elf(exe, {});
    if (!image.is_of_this_machine)
        throw failure(exit_cannot_run,
                      name + " is a program for " + image.machine + ", which cannot be watched");
    throw failure(exit_cannot_run, name + " does not use Cenote's heap, and publishes no pools: run it with "
                                          "libcenote-malloc.so in LD_PRELOAD, "
                                          "or have it call cenote::publish()");
}

void watched_process::keep_watching() {
    for (const auto& each : pages_)
        each->want(wanted_at_once);
}

bool watched_process::look_again() {
    const bool is_found = find_pages();
    if (!is_found) pages_.clear();
    return ask() || is_found;
}

void watched_process::search() { find_pages(); }

published_snapshot watched_process::read() {
    published_snapshot all;
    for (const auto& each : pages_)
        each->add_to(all);
    return all;
}

} // namespace cenote::tool
