// `cenote compare`: a program under every malloc that there is, in turn.
#include "../inspect/scope.hpp"
#include "../process/program_file.hpp"
#include "../support/failure.hpp"
#include "../support/progress.hpp"
#include "../support/scratch_folder.hpp"
#include "../support/streams.hpp"
#include "../support/text.hpp"
#include "command.hpp"
#include "compare_report.hpp"
#include "number_check.hpp"
#include "program_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <unistd.h>

namespace cenote::tool {

namespace {

struct compare_options {
    std::string with;
    unsigned rounds = 10;
    double patience = 0;
    std::string input = "/dev/null";
    bool json = false;
    std::string output;
};

// An open file, closed at the end.
class open_file {
public:
    open_file(const std::string& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
        if (number_ < 0) fail_with_errno("cannot open " + path);
    }
    open_file(const open_file&) = delete;
    open_file& operator=(const open_file&) = delete;
    ~open_file() { ::close(number_); }
    int number() const noexcept { return number_; }

private:
    int number_;
};

output_digest digest_of(int file) {
    output_digest result{.bytes = 0, .hash = 0xcbf29ce484222325};
    std::array<unsigned char, 65536> part;
    for (;;) {
        const ssize_t got = ::pread(file, part.data(), part.size(), static_cast<off_t>(result.bytes));
        if (got < 0) fail_with_errno("cannot read the program's output");
        if (got == 0) return result;
        for (ssize_t i = 0; i != got; ++i)
            result.hash = (result.hash ^ part[static_cast<std::size_t>(i)]) * 0x100000001b3;
        result.bytes += static_cast<std::uint64_t>(got);
    }
}

std::string last_line_of(int file) {
    std::string text(4096, '\0');
    const off_t size = ::lseek(file, 0, SEEK_END);
    const off_t from = std::max<off_t>(0, size - static_cast<off_t>(text.size()));
    const ssize_t got = ::pread(file, text.data(), text.size(), from);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    text.erase(text.find_last_not_of('\n') + 1);
    return text.substr(text.rfind('\n') + 1);
}

class comparer {
public:
    comparer(const compare_options& options, std::vector<std::string> words)
        : options_(options), file_(find_program(words.front())), program_(inspect_program(file_)) {
        require_preloadable(program_);
        result_.words = std::move(words);
        result_.rounds = options.rounds;
        for (allocator& each : find_allocators(options.with))
            result_.allocators.push_back({std::move(each), {}, {}});
        const search_scope as_it_is = scope_of(program_, environment::inherited());
        const elf_image* const own = as_it_is.owner_of("malloc");
        if (own != nullptr && is_same_file(own->path, program_.files.back()))
            throw failure(exit_cannot_run,
                          own->path +
                              " has a malloc of its own in itself: nothing that is preloaded replaces it");
        brings_own_ = own != nullptr && !is_same_file(own->path, c_library());
        if (brings_own_) result_.own_malloc = own->path;
        for (const compared_allocator& each : result_.allocators)
            require_active(each.which, program_, variables_for(each.which));
    }

    comparison run() {
        const signal_forwarding signals;
        progress_line progress;
        const std::size_t all = result_.allocators.size() * (options_.rounds + 1);
        std::size_t done = 0;
        double spent = 0;
        std::vector<std::size_t> order(result_.allocators.size());
        for (std::size_t i = 0; i != order.size(); ++i)
            order[i] = i;
        std::mt19937 random(1); // the same orders each time
        // Round 0 warms up; who fails then is out.
        for (unsigned round = 0; round <= options_.rounds; ++round) {
            std::shuffle(order.begin(), order.end(), random);
            for (const std::size_t i : order) {
                compared_allocator& each = result_.allocators[i];
                ++done;
                if (!each.is_in()) continue;
                progress.show((round == 0 ? "warming up"
                                          : "round " + std::to_string(round) + " of " +
                                                std::to_string(options_.rounds)) +
                              ", " + each.which.name +
                              (done > 1 ? "; about " +
                                              seconds_text(spent / static_cast<double>(done - 1) *
                                                           static_cast<double>(all - done + 1)) +
                                              " left"
                                        : ""));
                const compared_run run = run_once(each);
                spent += run.how.seconds;
                if (each.is_in() && round != 0) each.runs.push_back(run);
            }
            if (round == 0) compare_endings();
        }
        return std::move(result_);
    }

private:
    environment variables_for(const allocator& which) const {
        environment variables = environment::inherited();
        which.put_into(variables);
        if (which.library.empty() && brings_own_) variables.preload(c_library());
        return variables;
    }

    static void stop_where_told() {
        if (const int number = signal_forwarding::told_to_end(); number != 0)
            throw failure(static_cast<exit_code>(128 + number), "interrupted: nothing was compared");
    }

    compared_run run_once(compared_allocator& each) {
        stop_where_told();
        const open_file input(options_.input, O_RDONLY);
        const open_file output(scratch_.path() + "/output", O_RDWR | O_CREAT | O_TRUNC);
        const open_file errors(scratch_.path() + "/errors", O_RDWR | O_CREAT | O_TRUNC);
        start_options start;
        start.file = file_;
        start.arguments = result_.words;
        start.variables = variables_for(each.which);
        start.input = input.number();
        start.output = output.number();
        start.errors = errors.number();
        child program(std::move(start));
        compared_run run;
        run.how = program.wait(options_.patience);
        stop_where_told();
        run.output = digest_of(output.number());
        first_endings_.try_emplace(each.which.name, run.how);
        const ending& first = first_endings_.at(each.which.name);
        const std::string said = last_line_of(errors.number());
        if (run.how.was_killed)
            each.failure = "not at its end after " + seconds_text(options_.patience);
        else if (run.how.was_signalled() || run.how.status != first.status)
            each.failure = run.how.text() + (said.empty() ? "" : ": " + said);
        errors_[each.which.name] = said;
        return run;
    }

    // Any exit status is a program's good right, as long as it is the same.
    void compare_endings() {
        const compared_allocator& base = result_.allocators.front();
        if (!base.is_in()) return;
        const ending& right = first_endings_.at(base.which.name);
        for (compared_allocator& each : result_.allocators) {
            const ending& how = first_endings_.at(each.which.name);
            if (!each.is_in() || how.status == right.status) continue;
            const std::string& said = errors_.at(each.which.name);
            each.failure = how.text() + ", under " + base.which.name + " " + right.text() +
                           (said.empty() ? "" : ": " + said);
        }
    }

    const compare_options& options_;
    std::string file_;
    program_file program_;
    bool brings_own_ = false;
    scratch_folder scratch_;
    std::map<std::string, ending> first_endings_;
    std::map<std::string, std::string> errors_; // the last line that was said
    comparison result_;
};

int compare_allocators(const compare_options& options, std::vector<std::string> words) {
    result_file report(options.output, STDOUT_FILENO);
    const comparison result = comparer(options, std::move(words)).run();
    report.write(options.json
                     ? compare_json(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) +
                           "\n"
                     : compare_text(result));
    report.close();
    return result.differences().empty() ? exit_fine : exit_finding;
}

std::function<int()> prepare_compare(CLI::App& line) {
    take_program(line);
    const auto options = std::make_shared<compare_options>();
    line.add_option(
        "--with", options->with,
        "which, with commas between; the first is what others are compared to: " + known_allocators() +
            ", cenote:PROFILE (with a profile of cenote advise), or NAME=FILE (default: all that are found)");
    line.add_option("-n,--runs", options->rounds,
                    "runs under each, one in each round; from 6 on there is an interval")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    line.add_option("--timeout", options->patience, "seconds after which a run is killed; 0: never")
        ->check(number_between(0, 1e9))
        ->capture_default_str();
    line.add_option("--input", options->input, "what each run has for stdin")
        ->check(CLI::ExistingPath)
        ->capture_default_str();
    line.add_flag("--json", options->json, "the report as JSON, with every run");
    line.add_option("-o,--output", options->output, "file for the report (default: stdout)");
    return [&line, options] { return compare_allocators(*options, program_of(line)); };
}

} // namespace

extern const command compare_command{
    "compare", "runs a program under each malloc in turn, and says what differs", prepare_compare};

} // namespace cenote::tool
