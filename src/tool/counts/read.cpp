#include "read.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cenote::tool {

using namespace cenote::detail;
using namespace cenote::detail::counting;

namespace {

// One file, mapped; nullptr where it is none of ours, or not whole.
class mapped_counts {
public:
    explicit mapped_counts(const std::string& path) {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) return;
        struct stat about {};
        if (::fstat(file, &about) == 0 && about.st_size == static_cast<off_t>(file_bytes)) {
            void* const p = ::mmap(nullptr, file_bytes, PROT_READ, MAP_SHARED, file, 0);
            if (p != MAP_FAILED) header_ = static_cast<const file_header*>(p);
        }
        ::close(file);
    }
    mapped_counts(const mapped_counts&) = delete;
    mapped_counts& operator=(const mapped_counts&) = delete;
    ~mapped_counts() {
        if (header_ != nullptr) ::munmap(const_cast<file_header*>(header_), file_bytes);
    }
    const file_header* header() const noexcept {
        return header_ != nullptr && header_->magic == file_header::right_magic &&
                       header_->layout == right_layout
                   ? header_
                   : nullptr;
    }

private:
    const file_header* header_ = nullptr;
};

std::string text_of(const char* text, std::size_t room) { return {text, ::strnlen(text, room)}; }

struct summed_times {
    double calls = 0, nanoseconds = 0, squares = 0;
    std::uint64_t interrupted = 0;
    void add(const call_times& of) {
        calls += static_cast<double>(value(of.calls));
        nanoseconds += static_cast<double>(value(of.nanoseconds));
        interrupted += value(of.interrupted);
        squares += of.squares.load(std::memory_order_relaxed);
    }
};

// The mean of those that were timed, for all; which were timed does not depend on what they took.
time_figures estimate(const summed_times& timed, std::uint64_t calls, double clock_cost) {
    time_figures result{
        .calls = calls, .timed = static_cast<std::uint64_t>(timed.calls), .interrupted = timed.interrupted};
    if (timed.calls == 0) return result;
    const double all = static_cast<double>(calls);
    const double mean = timed.nanoseconds / timed.calls;
    result.seconds = std::max(0.0, mean - clock_cost) * all * 1e-9;
    const double spread = std::max(0.0, timed.squares / timed.calls - mean * mean);
    result.variance = spread / timed.calls * all * all * 1e-18;
    return result;
}

std::uint64_t at_least_nothing(std::int64_t n) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(n, 0));
}

count_figures figures_of(const file_header& head) {
    count_figures f;
    f.program = text_of(head.program, sizeof head.program);
    f.process = head.process;
    f.parent = head.parent;
    f.is_forked = head.is_forked != 0;
    f.has_ended = head.has_ended.load(std::memory_order_relaxed) != 0;
    f.has_failed = head.has_failed.load(std::memory_order_relaxed) != 0;
    f.said = text_of(head.said, sizeof head.said);
    while (!f.said.empty() && f.said.back() == '\n')
        f.said.pop_back();
    f.threads = std::min<std::uint64_t>(head.threads.load(std::memory_order_relaxed), most_threads);
    f.uncounted_threads = value(head.uncounted_threads);
    f.last = head.last;
    f.at_most_live = head.at_most_live;
    f.has_snapshot = value(head.snapshots) != 0;

    const auto* const pages = reinterpret_cast<const thread_counts*>(&head + 1);
    summed_times allocating, freeing, reallocating;
    std::int64_t unpublished = 0;
    std::int64_t live_large = static_cast<std::int64_t>(head.inherited_large);
    for (std::uint64_t t = 0; t != f.threads; ++t) {
        const thread_counts& of = pages[t];
        for (std::size_t k = 0; k != kinds; ++k) {
            f.kinds[k].allocated += value(of.of[k].allocated);
            f.kinds[k].freed += value(of.of[k].freed);
            f.kinds[k].requested += value(of.of[k].requested);
        }
        f.kinds[0].given += value(of.large_given);
        live_large += static_cast<std::int64_t>(value(of.large_given) - value(of.large_returned));
        f.reallocations += value(of.reallocations);
        f.in_place += value(of.in_place);
        f.refused += value(of.refused);
        allocating.add(of.allocating);
        freeing.add(of.freeing);
        reallocating.add(of.reallocating);
        unpublished += of.unpublished;
    }
    for (std::size_t k = 0; k != kinds; ++k) {
        kind_figures& of = f.kinds[k];
        of.block_size = head.block_sizes[k];
        if (k != 0) of.given = of.allocated * of.block_size;
        of.live = at_least_nothing(static_cast<std::int64_t>(head.inherited[k] + of.allocated - of.freed));
        of.live_bytes = k != 0 ? of.live * of.block_size : at_least_nothing(live_large);
        of.in_magazines = head.classes[k].in_magazines;
        of.capacity = head.classes[k].capacity;
        of.refills = head.classes[k].refills;
        of.flushes = head.classes[k].flushes;
    }
    const kind_figures total = f.total();
    f.live = at_least_nothing(head.live.load(std::memory_order_relaxed) + unpublished);
    f.most_live = std::max(at_least_nothing(head.most_live.load(std::memory_order_relaxed)), f.live);
    const double clock = head.clock_cost.load(std::memory_order_relaxed);
    f.allocating =
        estimate(allocating, total.allocated - std::min(total.allocated, f.reallocations) + f.refused, clock);
    f.freeing = estimate(freeing, total.freed - std::min(total.freed, f.reallocations), clock);
    f.reallocating = estimate(reallocating, f.reallocations, clock);
    return f;
}

} // namespace

void time_figures::add(const time_figures& other) {
    calls += other.calls;
    timed += other.timed;
    interrupted += other.interrupted;
    seconds += other.seconds;
    variance += other.variance;
}

void kind_figures::add(const kind_figures& other) {
    allocated += other.allocated;
    freed += other.freed;
    requested += other.requested;
    given += other.given;
    live += other.live;
    live_bytes += other.live_bytes;
    in_magazines += other.in_magazines;
    capacity += other.capacity;
    refills += other.refills;
    flushes += other.flushes;
}

kind_figures count_figures::total() const {
    kind_figures sum;
    for (const kind_figures& each : kinds)
        sum.add(each);
    return sum;
}

time_figures count_figures::time() const {
    time_figures sum = allocating;
    sum.add(freeing);
    sum.add(reallocating);
    return sum;
}

void count_figures::add(const count_figures& other) {
    has_ended = has_ended && other.has_ended;
    has_failed = has_failed || other.has_failed;
    threads += other.threads;
    uncounted_threads += other.uncounted_threads;
    for (std::size_t k = 0; k != kinds.size(); ++k) {
        kinds[k].block_size = other.kinds[k].block_size;
        kinds[k].add(other.kinds[k]);
    }
    reallocations += other.reallocations;
    in_place += other.in_place;
    refused += other.refused;
    allocating.add(other.allocating);
    freeing.add(other.freeing);
    reallocating.add(other.reallocating);
    live += other.live;
    has_snapshot = has_snapshot || other.has_snapshot;
    if (other.most_live > most_live) {
        most_live = other.most_live;
        at_most_live = other.at_most_live;
    }
    last.most_held = std::max(last.most_held, other.last.most_held);
    last.live += other.last.live;
    last.in_magazines += other.last.in_magazines;
    last.free += other.last.free;
    last.mapping_cache += other.last.mapping_cache;
    last.held += other.last.held;
}

counts_of_folder read_counts(const std::string& folder) {
    counts_of_folder result;
    std::vector<std::filesystem::path> files;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none))
        if (entry.path().extension() != ".maps") files.push_back(entry.path());
    // PROCESS.N, by number.
    const auto number = [](const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); };
    std::sort(files.begin(), files.end(), [number](const auto& a, const auto& b) {
        return std::pair(number(a.stem()), number(a.extension().string().substr(1))) <
               std::pair(number(b.stem()), number(b.extension().string().substr(1)));
    });
    for (const auto& file : files) {
        const mapped_counts counts(file.string());
        if (counts.header() != nullptr)
            result.programs.push_back(figures_of(*counts.header()));
        else
            result.unreadable.push_back(file.string());
    }
    return result;
}

} // namespace cenote::tool
