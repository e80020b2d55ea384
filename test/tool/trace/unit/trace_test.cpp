// What is written is read: events of every kind, whole files and damaged ones.
#include "tool/support/failure.hpp"
#include "tool/trace/reader.hpp"
#include "tool/trace/writer.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace cenote::tool {
namespace {

using bytes = std::vector<unsigned char>;

class trace_file : public testing::Test {
protected:
    trace_file() {
        const int file = ::mkstemp(path_.data());
        ::close(file);
    }
    ~trace_file() override { std::remove(path_.c_str()); }

    bytes content() const {
        std::ifstream in(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }

    std::string path_ = testing::TempDir() + "cenote_trace_XXXXXX";
    std::mt19937_64 random_{1};
};

const trace_description about{.program = {"prog\\ram", "two\nlines", ""},
                              .process = 42,
                              .started = 1'000'000'000'000'000'000,
                              .stack_interval = 4096,
                              .page_size = 4096,
                              .allocator = "/lib/some malloc.so",
                              .forked = true};

std::vector<event> read_all(trace_reader& from) {
    std::vector<event> all;
    for (event e; from.next(e);)
        all.push_back(e);
    return all;
}

// As a program might: allocations of all kinds, frees of what is live, and the rest now and then.
class made_up {
public:
    explicit made_up(std::mt19937_64& random) : random_(random) {}

    event next() {
        event e;
        time_ += time_unit * (random_() % 100);
        e.time = time_;
        e.thread = static_cast<std::uint32_t>(random_() % 3);
        switch (random_() % 16) {
        case 0:
            e.kind = event_kind::fork;
            e.size = random_() % 100'000;
            return e;
        case 1:
            e.kind = random_() % 2 == 0 ? event_kind::thread_begin : event_kind::thread_end;
            return e;
        case 2:
            e.kind = event_kind::lost;
            e.size = random_();
            return e;
        case 3:
            return realloc(e);
        case 4:
        case 5:
        case 6:
        case 7:
        case 8:
            return free(e);
        default:
            e.kind = static_cast<event_kind>(random_() % 5);
            return allocate(e);
        }
    }

private:
    event allocate(event e) {
        e.size = random_() >> (random_() % 64);
        if (random_() % 8 == 0) e.alignment_log2 = static_cast<std::uint8_t>(random_() % 20);
        if (random_() % 8 == 0) e.stack = static_cast<std::uint32_t>(random_() % 50);
        e.failed = random_() % 20 == 0;
        if (e.failed) return e;
        e.address = random_();
        e.object = ++objects_;
        live_.push_back(e.object);
        return e;
    }
    event realloc(event e) {
        e.kind = event_kind::realloc;
        if (random_() % 4 == 0 || live_.empty())
            e.old_address = random_() % 2 == 0 ? 0 : random_();
        else
            e.old_object = take();
        e = allocate(e);
        if (e.failed && e.old_object != 0) live_.push_back(e.old_object);
        return e;
    }
    event free(event e) {
        e.kind = static_cast<event_kind>(6 + random_() % 3);
        e.sized = random_() % 4 == 0;
        if (e.sized) e.size = random_() % 10'000;
        if (live_.empty() || random_() % 10 == 0)
            e.address = random_();
        else
            e.object = take();
        return e;
    }
    std::uint64_t take() {
        const std::size_t i = random_() % live_.size();
        std::swap(live_[i], live_.back());
        const std::uint64_t object = live_.back();
        live_.pop_back();
        return object;
    }

    std::mt19937_64& random_;
    std::vector<std::uint64_t> live_;
    std::uint64_t objects_ = 0;
    std::uint64_t time_ = 0;
};

std::vector<event> write_events(trace_writer& to, made_up& from, std::size_t count) {
    std::vector<event> written;
    for (std::size_t i = 0; i != count; ++i) {
        written.push_back(from.next());
        const std::uint64_t object = to.add(written.back());
        EXPECT_EQ(object, is_allocation(written.back().kind) ? written.back().object : 0);
    }
    return written;
}

// Of 50 events each.
std::vector<event> write_four_blocks(const std::string& path, std::mt19937_64& random) {
    made_up from(random);
    trace_writer to(path, about);
    std::vector<event> written;
    for (int i = 0; i != 4; ++i) {
        const std::vector<event> more = write_events(to, from, 50);
        written.insert(written.end(), more.begin(), more.end());
        to.flush();
    }
    to.close({});
    return written;
}

TEST_F(trace_file, gives_back_every_event_as_it_was_written) {
    made_up from(random_);
    trace_writer to(path_, about);
    const std::vector<event> written = write_events(to, from, 100'000);
    ASSERT_TRUE(to.close({.why = trace_end::reason::exited, .value = 3, .lost = 0}));

    trace_reader read(path_);
    EXPECT_EQ(read.about(), about);
    EXPECT_EQ(read_all(read), written);
    EXPECT_EQ(read.end(), (trace_end{trace_end::reason::exited, 3, 100'000, 0}));
    EXPECT_TRUE(read.notes().empty());
    EXPECT_EQ(read.position(), read.file_bytes());

    read.rewind();
    std::vector<event> again;
    for (auto block = read.next_block(); !block.empty(); block = read.next_block())
        again.insert(again.end(), block.begin(), block.end());
    EXPECT_EQ(again, written);
}

TEST_F(trace_file, has_blocks_that_are_not_too_large_whatever_is_defined_where_one_is_full) {
    made_up from(random_);
    trace_writer to(path_, about);
    std::vector<event> written = write_events(to, from, trace_writer::most_events - 1);
    to.define_stack(1, std::vector<std::uint64_t>{0x5555'0000'2000});
    const std::vector<event> more = write_events(to, from, 100'000);
    written.insert(written.end(), more.begin(), more.end());
    ASSERT_TRUE(to.close({.why = trace_end::reason::exited}));

    trace_reader read(path_);
    EXPECT_EQ(read_all(read), written);
    EXPECT_TRUE(read.notes().empty());
}

TEST_F(trace_file, has_stacks_and_modules_from_where_they_are_defined_on) {
    const std::vector<std::uint64_t> frames{0x7fff'0000'1000, 0x5555'0000'2000, 0xffff'ffff'ffff'ffff, 0};
    const code_module m{0x7fff'0000'0000, 0x7fff'0001'0000, 0x1000, "/usr/lib/lib x.so", "00ff12"};
    {
        trace_writer to(path_, about);
        to.add({.kind = event_kind::malloc, .address = 16, .size = 1});
        to.define_module(m);
        to.define_stack(7, frames);
        to.add({.kind = event_kind::malloc, .stack = 7, .address = 32, .size = 2});
        to.flush();
        to.add({.kind = event_kind::malloc, .stack = 8, .address = 48, .size = 3});
    }
    trace_reader read(path_);
    event e;
    ASSERT_TRUE(read.next(e));
    EXPECT_EQ(e.stack, 0U);
    ASSERT_TRUE(read.next(e));
    EXPECT_EQ(e.stack, 7U);
    EXPECT_EQ(std::vector<std::uint64_t>(read.stack(7).begin(), read.stack(7).end()), frames);
    ASSERT_TRUE(read.next(e));
    EXPECT_TRUE(read.stack(8).empty());
    EXPECT_FALSE(read.next(e));
    EXPECT_EQ(read.modules(), std::vector<code_module>{m});
    EXPECT_EQ(read.module_at(0x7fff'0000'0000), &read.modules().front());
    EXPECT_EQ(read.module_at(0x7fff'0001'0000), nullptr);

    read.rewind();
    EXPECT_EQ(read_all(read).size(), 3U);
    EXPECT_EQ(read.modules().size(), 1U);
}

TEST_F(trace_file, is_whole_up_to_the_last_flush_when_the_writer_is_killed) {
    made_up from(random_);
    auto* const to = new trace_writer(path_, about); // never closed: what a kill leaves
    std::vector<event> written = write_events(*to, from, 5'000);
    to->flush();
    const std::vector<event> unwritten = write_events(*to, from, 100);

    trace_reader read(path_);
    EXPECT_EQ(read_all(read), written);
    EXPECT_EQ(read.end().why, trace_end::reason::unknown);
    ASSERT_EQ(read.notes().size(), 1U);
    EXPECT_NE(read.notes()[0].find("without its end"), std::string::npos);

    delete to;
    written.insert(written.end(), unwritten.begin(), unwritten.end());
    trace_reader flushed(path_);
    EXPECT_EQ(read_all(flushed), written);
}

TEST_F(trace_file, is_read_as_far_as_it_goes_wherever_it_is_cut_off) {
    const std::vector<event> written = write_four_blocks(path_, random_);
    const bytes whole = content();
    std::size_t before = 0;
    for (std::size_t length = 0; length != whole.size(); ++length) {
        const std::span<const unsigned char> part(whole.data(), length);
        if (length < trace_header_bytes) {
            EXPECT_THROW(trace_reader(part, "part"), failure);
            continue;
        }
        trace_reader read(part, "part");
        const std::vector<event> got = read_all(read);
        ASSERT_FALSE(read.notes().empty()) << length;
        ASSERT_EQ(got.size() % 50, 0U);
        ASSERT_GE(got.size(), before);
        before = got.size();
        ASSERT_TRUE(std::equal(got.begin(), got.end(), written.begin())) << length;
    }
    EXPECT_EQ(before, written.size());
}

TEST_F(trace_file, loses_a_block_for_a_damaged_byte_and_no_more) {
    const std::vector<event> written = write_four_blocks(path_, random_);
    const bytes whole = content();
    for (std::size_t at = trace_header_bytes; at != whole.size(); ++at) {
        bytes damaged = whole;
        damaged[at] ^= static_cast<unsigned char>(1U << (at % 8));
        trace_reader read(damaged, "damaged");
        const std::vector<event> got = read_all(read);
        ASSERT_FALSE(read.notes().empty()) << at;
        ASSERT_GE(got.size(), written.size() - 50) << at;
        // What is there is right, in order.
        auto next = written.begin();
        for (const event& e : got) {
            next = std::find(next, written.end(), e);
            ASSERT_NE(next, written.end()) << at;
        }
    }
}

std::string refusal(const bytes& content) {
    try {
        const trace_reader read(content, "FILE");
    } catch (const failure& error) {
        EXPECT_EQ(error.code(), exit_trouble);
        return error.what();
    }
    return "none";
}

TEST_F(trace_file, is_refused_with_what_is_wrong) {
    EXPECT_EQ(refusal({}), "FILE is empty, and no trace");
    EXPECT_EQ(refusal({'C', 'e', 'n'}), "FILE is no trace of cenote record");
    EXPECT_EQ(refusal(bytes(100, 'x')), "FILE is no trace of cenote record");
    bytes newer(trace_header_bytes);
    std::copy(trace_magic.begin(), trace_magic.end(), newer.begin());
    newer[8] = 9;
    EXPECT_EQ(refusal(newer), "FILE is a trace of version 9, and this cenote reads version 1");
    EXPECT_THROW(trace_reader("/nowhere/at all"), failure);
    EXPECT_THROW(trace_reader("/dev/null"), failure);
    EXPECT_THROW(trace_writer("/nowhere/at all", about), failure);
    EXPECT_THROW(trace_writer("/dev/full", about), failure);
}

TEST_F(trace_file, ends_with_a_note_when_the_disk_is_full) {
    // A limit of the file's size, in place of a disk.
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    for (const rlim_t limit : {20'000U, 20'100U, 21'000U, 30'000U}) {
        made_up from(random_);
        trace_writer to(path_, about);
        rlimit small = before;
        small.rlim_cur = limit;
        ::setrlimit(RLIMIT_FSIZE, &small);
        std::vector<event> written;
        while (to.error() == 0) {
            const std::vector<event> more = write_events(to, from, 100);
            written.insert(written.end(), more.begin(), more.end());
            to.flush();
        }
        to.add({.kind = event_kind::malloc, .address = 16, .size = 1}); // dropped
        EXPECT_FALSE(to.close({.why = trace_end::reason::exited}));
        ::setrlimit(RLIMIT_FSIZE, &before);
        EXPECT_EQ(to.error(), EFBIG);

        trace_reader read(path_);
        const std::vector<event> got = read_all(read);
        EXPECT_EQ(read.end().why, trace_end::reason::disk_full);
        EXPECT_LE(written.size() - got.size(), 200U);
        EXPECT_TRUE(std::equal(got.begin(), got.end(), written.begin()));
        ASSERT_FALSE(read.notes().empty());
        EXPECT_NE(read.notes()[0].find("the disk was full"), std::string::npos);
    }
}

} // namespace
} // namespace cenote::tool
