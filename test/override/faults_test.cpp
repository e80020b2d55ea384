// Commits every fault of fault_table.hpp, each in a process of its own under the library, and compares what becomes of it
// with the table. Each has a twin without the fault, about which nothing may be said; glibc runs the twins, which shows
// that they are right.
#include "override/fault_table.hpp"
#include "override/leg.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <regex>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace cenote_test {
namespace {

struct ended {
    int status = 0;
    std::string out;
    std::string err;
};

std::string read_from_start(std::FILE* file) {
    std::string text;
    std::rewind(file);
    for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file))
        text.push_back(static_cast<char>(c));
    std::fclose(file);
    return text;
}

// Runs malloc_faulty under the library, which this program itself does not use.
ended run(const fault& f, const char* how) {
    std::vector<std::string> words{CENOTE_TEST_FAULTY,       f.kind,   f.place, std::to_string(f.size),
                                   std::to_string(f.detail), f.thread, how};
    std::vector<std::string> settings{under_glibc() ? "CENOTE_TEST=1"
                                                    : "LD_PRELOAD=" + std::string{library_under_test()}};
    // Of what is guarded more is told: see check_guards.py.
    settings.push_back("CENOTE_GUARD_RATE=0");
    const auto pointers = [](std::vector<std::string>& from) {
        std::vector<char*> all;
        for (std::string& s : from)
            all.push_back(s.data());
        all.push_back(nullptr);
        return all;
    };
    std::FILE* const out = std::tmpfile();
    std::FILE* const err = std::tmpfile();
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ::fileno(out), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, ::fileno(err), STDERR_FILENO);
    pid_t child = 0;
    ended all;
    EXPECT_EQ(::posix_spawn(&child, CENOTE_TEST_FAULTY, &actions, nullptr, pointers(words).data(),
                            pointers(settings).data()),
              0);
    ::posix_spawn_file_actions_destroy(&actions);
    EXPECT_EQ(::waitpid(child, &all.status, 0), child);
    all.out = read_from_start(out);
    all.err = read_from_start(err);
    return all;
}

outcome expected_of(const fault& f) {
    return library_under_test().ends_with("hardened.so") ? f.hardened : f.by_default;
}

std::vector<fault> rows() {
    std::vector<fault> all = fault_table();
    std::erase_if(all, [](const fault& f) { return expected_of(f) == outcome::not_run; });
    return all;
}

class faults : public ::testing::TestWithParam<fault> {};
INSTANTIATE_TEST_SUITE_P(table, faults, ::testing::ValuesIn(rows()),
                         [](const auto& row) { return name_of(row.param); });

bool ended_well(const ended& e) { return WIFEXITED(e.status) && WEXITSTATUS(e.status) == 0; }
bool killed_by(const ended& e, int signal) { return WIFSIGNALED(e.status) && WTERMSIG(e.status) == signal; }

// One line: what, which pointer, and where the block has a size class, of how many bytes.
void expect_report(const fault& f, const ended& e) {
    EXPECT_TRUE(killed_by(e, SIGABRT)) << "status " << e.status;
    ASSERT_EQ(std::count(e.err.begin(), e.err.end(), '\n'), 1) << e.err;
    const std::string pointer = e.out.substr(e.out.find("0x"), e.out.find('\n') - e.out.find("0x"));
    const std::string line = std::string{"cenote: .*("} + words_for(f.kind) + ").*" + pointer + "\\b.*\\n";
    EXPECT_TRUE(std::regex_match(e.err, std::regex{line})) << e.err << "does not match " << line;
    if (f.place == "block" && f.size <= largest_small && f.kind.find("freed") == std::string::npos) {
        EXPECT_TRUE(std::regex_search(e.err, std::regex{"[0-9]+ bytes"}))
            << e.err << "does not name the block's size";
    }
}

TEST_P(faults, right_twin_is_silent) {
    const ended e = run(GetParam(), "right");
    EXPECT_TRUE(ended_well(e)) << "status " << e.status;
    EXPECT_EQ(e.err, "");
    EXPECT_NE(e.out.find("survived"), std::string::npos) << e.out;
    EXPECT_EQ(e.out.find("handed out twice"), std::string::npos) << e.out;
}

TEST_P(faults, wrong_one_is_reported_as_the_table_says) {
    const fault& f = GetParam();
    const ended e = run(f, "wrong");
    const outcome expected = expected_of(f);
    SCOPED_TRACE("stdout: " + e.out + "stderr: " + e.err);
    ASSERT_TRUE(e.out.starts_with("pointer 0x"));
    if (expected == outcome::may_miss && ended_well(e)) {
        EXPECT_EQ(e.err, "");
        return;
    }
    if (expected == outcome::guarded && killed_by(e, SIGSEGV)) {
        EXPECT_EQ(e.err, "");
        return;
    }
    expect_report(f, e);
    if (expected == outcome::at_once) {
        EXPECT_EQ(e.out.find("survived"), std::string::npos);
    }
    if (expected == outcome::before_reuse) {
        EXPECT_EQ(e.out.find("handed out twice"), std::string::npos);
    }
}

} // namespace
} // namespace cenote_test
