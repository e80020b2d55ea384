// `cenote top`: what a running program's pools and size classes are at, again and again.
#include "../support/failure.hpp"
#include "../support/streams.hpp"
#include "../watch/terminal.hpp"
#include "../watch/watched_process.hpp"
#include "command.hpp"
#include "number_check.hpp"
#include "top_report.hpp"

#include "cenote/os/clock.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cenote::tool {

namespace {

struct top_options {
    int process = 0;
    double interval = 1;
    std::uint64_t count = 0;
    std::string order = "live_bytes";
    bool json = false;
    std::string output;
};

constexpr std::array<std::pair<const char*, top_order>, 5> top_orders{{{"live_bytes", top_order::live_bytes},
                                                                       {"live", top_order::live},
                                                                       {"held_bytes", top_order::held_bytes},
                                                                       {"refills", top_order::refills},
                                                                       {"name", top_order::name}}};

top_order order_of(const std::string& name) {
    return std::find_if(top_orders.begin(), top_orders.end(),
                        [&name](const auto& each) { return each.first == name; })
        ->second;
}

// Milliseconds.
constexpr std::uint64_t first_patience = 500; // for figures of now
constexpr std::uint64_t look_every = 50;
constexpr std::uint64_t search_every = 5;           // until it was found where the process publishes
constexpr std::uint64_t stale_after = 2'000;        // without a snapshot: is it still there, where it was?
constexpr std::uint64_t search_found_every = 1'000; // for pages besides
constexpr std::uint64_t search_first_every = 50;    // the same, in the first seconds
constexpr std::uint64_t first_seconds = 3'000;
constexpr std::uint64_t unfound_after = 300; // the process may have closed the file at once

class watching {
public:
    explicit watching(const top_options& options)
        : options_(options), report_(options.output, STDOUT_FILENO), process_(options.process) {
        noted_signals::listen();
        if (!options.json && options.output.empty() && ::isatty(STDOUT_FILENO) == 1) screen_.emplace();
    }

    int run() {
        first_ = process_.read().number;
        std::uint64_t next = now() + first_patience;
        for (;;) {
            if (const int signal = noted_signals::ended(); signal != 0)
                return finish(signal == SIGINT ? exit_fine : static_cast<exit_code>(128 + signal));
            if (!process_.is_running()) {
                if (shown_ == 0) show(); // what it was when it ended
                return finish(exit_fine, "has ended");
            }
            search();
            process_.keep_watching();
            if (!look_after_stale_figures())
                return finish(exit_fine, "became a program that cannot be watched");
            if (now() >= next || (shown_ == 0 && process_.read().number > first_)) {
                show();
                next = now() + static_cast<std::uint64_t>(options_.interval * 1e3);
                if (shown_ == options_.count) return finish(exit_fine);
            }
            const std::uint64_t left =
                std::min(next - std::min(next, now()), process_.was_found() ? look_every : search_every);
            const char key =
                wait_for_key(static_cast<int>(left), screen_.has_value() && ::isatty(STDIN_FILENO) == 1);
            if (key == 'q' || key == 'Q') return finish(exit_fine);
            if (screen_ && noted_signals::was_paused()) {
                screen_->pause();
                redraw();
            } else if (!screen_ && noted_signals::was_paused()) {
                ::raise(SIGSTOP);
            }
            if (screen_ && noted_signals::was_resized()) redraw();
        }
    }

private:
    static std::uint64_t now() { return detail::coarse_milliseconds(); }

    int finish(exit_code code, const char* why = nullptr) {
        screen_.reset();
        report_.close();
        if (why != nullptr) std::fprintf(stderr, "cenote: process %d %s\n", process_.number(), why);
        return code;
    }

    // What was asked publishes when it next comes along.
    void search() {
        const std::uint64_t pause = !process_.was_found()            ? 0
                                    : now() - began_ < first_seconds ? search_first_every
                                                                     : search_found_every;
        if (now() - searched_ < pause) return;
        searched_ = now();
        process_.search();
    }

    // It may have closed the file, or become another program.
    bool look_after_stale_figures() {
        const published_snapshot seen = process_.read();
        if (seen.number != last_number_) {
            last_number_ = seen.number;
            looked_ = now();
        }
        if (now() - looked_ < (process_.was_found() ? stale_after : unfound_after)) return true;
        looked_ = now();
        return process_.look_again() || !process_.is_running();
    }

    void show() {
        published_snapshot read = process_.read();
        top_view view = view_of(process_, read, before_, order_of(options_.order), now());
        if (view.is_new) before_ = std::move(read);
        ++shown_;
        if (options_.json) {
            report_.write(top_json(view).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
                          "\n");
        } else if (!screen_) {
            report_.write((shown_ == 1 ? "" : "\n") + top_text(view));
        } else {
            text_ = top_text(view);
            redraw();
        }
    }
    void redraw() { screen_->show(text_); }

    const top_options& options_;
    result_file report_;
    watched_process process_;
    std::optional<screen> screen_;
    std::string text_;
    published_snapshot before_;
    std::uint64_t first_ = 0; // the number of the snapshot that was there
    std::uint64_t shown_ = 0;
    std::uint64_t last_number_ = 0;
    std::uint64_t looked_ = now();
    std::uint64_t searched_ = now();
    const std::uint64_t began_ = now();
};

std::function<int()> prepare_top(CLI::App& line) {
    const auto options = std::make_shared<top_options>();
    line.add_option("PID", options->process, "the process")->required()->check(CLI::Range(1, 0x7fff'ffff));
    line.add_option("--interval", options->interval, "seconds between two looks")
        ->check(number_between(0.1, 86'400.0))
        ->capture_default_str();
    line.add_option("-n,--count", options->count,
                    "looks; without it as many as there are until q, Ctrl-C or the process's end")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32U));
    std::vector<std::string> orders;
    orders.reserve(top_orders.size());
    for (const auto& [name, order] : top_orders)
        orders.emplace_back(name);
    line.add_option("--sort", options->order, "what comes first: the most of it, or by name")
        ->check(CLI::IsMember(orders))
        ->capture_default_str();
    line.add_flag("--json", options->json, "a JSON object for each look, one a line");
    line.add_option("-o,--output", options->output, "file for them (default: stdout)");
    return [options] { return watching(*options).run(); };
}

} // namespace

extern const command top_command{"top", "shows what the pools and size classes of a running program are at",
                                 prepare_top};

} // namespace cenote::tool
