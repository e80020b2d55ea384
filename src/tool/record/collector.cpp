#include "collector.hpp"

#include "../support/failure.hpp"
#include "../support/text.hpp"
#include "ticks.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <new>
#include <sstream>
#include <sys/mman.h>
#include <unistd.h>

namespace cenote::tool {

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t flush_interval = second / 2; // what a kill of the recorder costs at most
constexpr std::uint64_t short_sleep = 500'000;       // nanoseconds, after something came
constexpr std::uint64_t long_sleep = 10'000'000;     // and when nothing does

// Whether the processor's counter is what the kernel itself takes for time: then all processors' agree.
bool are_ticks_good() {
#if defined(__x86_64__)
    std::ifstream file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    std::string name;
    file >> name;
    return name == "tsc" || name == "kvm-clock" || name.starts_with("hyperv");
#else
    return true;
#endif
}

bool is_running(std::uint32_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return false;
    const std::size_t name = line.rfind(')'); // the name may have blanks and brackets
    return name != std::string::npos && name + 2 < line.size() && line[name + 2] != 'Z' &&
           line[name + 2] != 'X';
}

// With a zero after each word; nothing where the process is gone.
std::string command_line_of(std::uint32_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/cmdline");
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> words_of(const std::string& line) {
    std::istringstream text(line);
    std::vector<std::string> words;
    for (std::string word; std::getline(text, word, '\0');)
        words.push_back(word);
    return words;
}

std::uint64_t nanoseconds_since_1970() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * second + static_cast<std::uint64_t>(now.tv_nsec);
}

} // namespace

collector::collector(record_options options) : options_(std::move(options)) {
    {
        // That the file can be written is known before anything starts. It is made anew when the first event comes.
        const trace_writer probe(options_.path, {});
    }
    file_ = ::memfd_create("cenote-record", MFD_CLOEXEC);
    if (file_ < 0 || ::ftruncate(file_, sizeof(region)) != 0) fail_with_errno("cannot make shared memory");
    void* const p = ::mmap(nullptr, sizeof(region), PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    if (p == MAP_FAILED) fail_with_errno("cannot map shared memory");
    region_ = static_cast<region*>(p); // all zero, which is how everything in it begins
    region_header& to = region_->header;
    const bool ticks = are_ticks_good();
    to.recorder = static_cast<std::uint32_t>(::getpid());
    to.options = (options_.drops ? record_drops : 0) | (options_.children ? record_children : 0) |
                 (ticks ? 0 : record_no_ticks);
    to.stack_interval = options_.stack_interval;
    to.magic = region_magic;
    scale_ = std::make_unique<tick_scale>(ticks);
    while (!scale_->is_measured()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        scale_->measure();
    }
    thread_ = std::thread([this] { work(); });
}

collector::~collector() {
    if (thread_.joinable()) {
        hurries_ = true;
        ended_ = true;
        thread_.join();
    }
    ::munmap(region_, sizeof(region));
    ::close(file_);
}

std::string collector::region_path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file_);
}

void collector::set_recorded(std::uint32_t process) {
    region_->header.recorded.store(process, std::memory_order_relaxed); // a number, which orders nothing
}

std::uint32_t collector::refused() const { return region_->header.refused.load(std::memory_order_relaxed); }

std::vector<recorded_trace> collector::finish(trace_end how, const std::atomic<bool>& stop) {
    end_ = how;
    ended_ = true;
    std::thread watch([&] {
        while (!hurries_) {
            if (stop) hurries_ = true;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    });
    thread_.join();
    hurries_ = true;
    watch.join();
    if (!trouble_.empty()) throw failure(exit_trouble, trouble_);
    return done_;
}

void collector::work() {
    try {
        while (look()) {
        }
    } catch (const std::exception& error) {
        trouble_ = error.what();
    }
    // Nobody may wait for us.
    region_->header.stopped.store(1, std::memory_order_relaxed);
    for (ring& each : region_->rings) {
        each.rounds.fetch_add(1, std::memory_order_relaxed); // the futex orders it
        wake(each.rounds);
    }
}

// Once around; false when it is over.
bool collector::look() {
    region_header& of = region_->header;
    of.heartbeat.fetch_add(1, std::memory_order_relaxed); // only looked at for change
    const std::uint32_t rung = of.doorbell.load(std::memory_order_relaxed);
    // What was written before it ended is there when we know that it ended.
    const bool ended = ended_;
    for (std::size_t i = 0; i != process_count; ++i)
        if (of.processes[i].is.load(std::memory_order_acquire) ==
            process_place::attached) // pairs with attach()
            meet(i);
    const bool any = drain_all();

    const std::uint64_t now = nanoseconds_now();
    if (now - last_flush_ > flush_interval) {
        last_flush_ = now;
        scale_->measure();
        for (const auto& each : streams_)
            each->flush();
        show_progress(false);
    }
    if (ended || now - last_look_ > second / 5) {
        last_look_ = now;
        part_with_the_dead();
    }
    if (ended && (streams_.empty() || hurries_)) {
        while (!streams_.empty())
            part(*streams_.front(), {.why = trace_end::reason::stopped});
        show_progress(true);
        return false;
    }
    if (any) last_found_ = now;
    // A program that does little is to be left alone.
    if (!any) wait_for_change(of.doorbell, rung, now - last_found_ > second / 20 ? long_sleep : short_sleep);
    return true;
}

bool collector::drain_all() {
    bool any = false;
    for (const auto& each : streams_)
        if (each->drain()) any = true;
    return any;
}

// A process that attached itself: one that is known and became another program, or a new one.
void collector::meet(std::size_t place) {
    const process_place& at = region_->header.processes[place];
    for (const auto& each : streams_) {
        if (each->place() == place) return;
        if (each->process() == at.process) {
            each->drain_last();
            each->become(place);
            return;
        }
    }
    const std::string path = options_.path + (is_recorded(at) ? "" : "." + std::to_string(at.process));
    streams_.push_back(std::make_unique<record_stream>(*region_, place, path, describe(at), *scale_));
}

// As it was when the process attached: whole where somebody still knows the line that began so, else its start.
std::vector<std::string> collector::program_of(const process_place& place) const {
    const std::string start(place.program, std::min<std::size_t>(place.program_bytes, sizeof place.program));
    if (const std::string now = command_line_of(place.process); now.starts_with(start) && !now.empty())
        return words_of(now);
    std::string asked;
    for (const std::string& word : options_.program)
        asked += word + '\0';
    return words_of(asked.starts_with(start) && is_recorded(place) ? asked : start);
}

bool collector::is_recorded(const process_place& place) const {
    return place.process == region_->header.recorded.load(std::memory_order_relaxed); // only a number
}

trace_description collector::describe(const process_place& place) const {
    trace_description about;
    about.program = program_of(place);
    about.process = place.process;
    about.started = nanoseconds_since_1970();
    about.stack_interval = options_.stack_interval;
    about.page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    about.allocator = place.allocator;
    about.forked = place.forked != 0;
    return about;
}

void collector::part(record_stream& s, const trace_end& how) {
    s.drain_last();
    s.close(how);
    const trace_writer& to = s.writer();
    done_.push_back({s.path(), s.process(), to.events(), to.bytes(), s.lost(), to.error()});
    std::erase_if(streams_, [&](const auto& each) { return each.get() == &s; });
}

void collector::part_with_the_dead() {
    const std::uint32_t recorded = region_->header.recorded.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < streams_.size();) {
        record_stream& s = *streams_[i];
        const bool is_first = s.process() == recorded;
        if (is_first ? ended_.load() : !is_running(s.process()))
            part(s, is_first ? end_ : trace_end{.why = trace_end::reason::ended});
        else
            ++i;
    }
}

void collector::show_progress(bool last) {
    if (!options_.shows_progress) return;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    for (const auto& each : streams_) {
        events += each->writer().events();
        bytes += each->writer().bytes();
    }
    for (const recorded_trace& each : done_) {
        events += each.events;
        bytes += each.bytes;
    }
    if (last)
        std::fprintf(stderr, "\r\033[K");
    else
        std::fprintf(stderr, "\rcenote: %s, %s\033[K", counted(events, "event").c_str(),
                     bytes_text(static_cast<double>(bytes)).c_str());
    std::fflush(stderr);
}

} // namespace cenote::tool
