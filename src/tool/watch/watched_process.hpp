// Layer: tool. A running process that shows its reports: finds where, asks for it where nobody did, reads. See
// cenote/pool/publication.hpp for the other side.
#pragma once

#include "cenote/pool/published_page.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cenote::tool {

// What all pages of a process showed at one time: one of the library that replaces malloc, one of the program's own.
struct published_snapshot {
    std::uint64_t number = 0;   // of snapshots taken so far; 0: none yet, and nothing else is known
    std::uint64_t taken = 0;    // milliseconds of CLOCK_MONOTONIC: the newest
    std::uint64_t began = 0;    // the same: since when there are any
    std::uint64_t left_out = 0; // pools
    std::uint64_t cost = 0;     // nanoseconds that the process spent on all snapshots
    std::vector<detail::heap_report> reports;
};

class watched_process {
public:
    // Of that number, or with a thread of it. Asks the process to publish, if it does not. Throws failure where there is no such process, or it cannot be asked.
    explicit watched_process(int number);
    watched_process(const watched_process&) = delete;
    watched_process& operator=(const watched_process&) = delete;
    ~watched_process();

    int number() const noexcept { return number_; }
    const std::vector<std::string>& command() const noexcept { return command_; }

    bool is_running() const;
    bool was_found() const noexcept { return !pages_.empty(); } // where it publishes
    // For the next seconds snapshots are wanted.
    void keep_watching();
    // Another look at where it publishes; where nowhere, it is asked again. False where it became a program that cannot be.
    bool look_again();
    // Only for pages that came since: a program and a library in it may have one each.
    void search();
    published_snapshot read();

private:
    class page;

    std::string path(const std::string& name) const {
        return "/proc/self/fd/" + std::to_string(folder_) + "/" + name;
    }
    bool find_pages();
    bool ask();
    [[noreturn]] void refuse_to_look() const;
    [[noreturn]] void explain() const;

    int number_;
    int folder_ = -1; // in /proc: of this process, even if its number goes to another
    std::vector<std::string> command_;
    std::vector<std::unique_ptr<page>> pages_;
    std::map<std::uint64_t, int> asked_; // how often, by where
};

} // namespace cenote::tool
