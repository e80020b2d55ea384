// Traces that tests write event by event.
#pragma once

#include "tool/trace/format.hpp"
#include "tool/trace/reader.hpp"
#include "tool/trace/writer.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <unistd.h>

namespace cenote::tool {

class written_trace : public testing::Test {
protected:
    written_trace() { ::close(::mkstemp(path_.data())); }
    ~written_trace() override { std::remove(path_.c_str()); }

    void begin(std::uint64_t stack_interval = 0) {
        about_.program = {"some", "program"};
        about_.stack_interval = stack_interval;
        writer_.emplace(path_, about_);
    }
    // As in a damaged trace: times and the numbers of objects begin once more.
    void begin_again() {
        writer_->flush();
        before_ += content().substr(before_.empty() ? 0 : trace_header_bytes);
        time_ = 0;
        writer_.emplace(path_, about_);
    }
    std::uint64_t allocate(std::uint64_t size, std::uint32_t stack = 0, std::uint32_t thread = 0,
                           std::uint8_t alignment_log2 = 0) {
        event e;
        e.kind = alignment_log2 == 0 ? event_kind::malloc : event_kind::aligned;
        e.size = size;
        e.stack = stack;
        e.thread = thread;
        e.alignment_log2 = alignment_log2;
        e.address = 0x1000 + 16 * ++made_;
        return add(e);
    }
    void free(std::uint64_t object, std::uint32_t thread = 0) {
        event e;
        e.kind = event_kind::free;
        e.object = object;
        e.thread = thread;
        add(e);
    }
    std::uint64_t add(event e) {
        e.time = time_;
        time_ += 64;
        return writer_->add(e);
    }
    void pass(std::uint64_t nanoseconds) { time_ += nanoseconds; }
    trace_writer& writer() { return *writer_; }
    void end() {
        ASSERT_TRUE(writer_->close({}));
        writer_.reset();
        if (before_.empty()) return;
        const std::string whole = before_ + content().substr(trace_header_bytes);
        std::ofstream(path_, std::ios::binary) << whole;
    }

    // Of the file that was ended, counted from 0.
    void damage_block(int number) {
        std::string whole = content();
        const std::string magic(block_magic.begin(), block_magic.end());
        std::size_t at = whole.find(magic);
        for (int i = 0; i != number; ++i)
            at = whole.find(magic, at + 1);
        ASSERT_LT(at + block_header_bytes, whole.size());
        whole[at + block_header_bytes] ^= 1;
        std::ofstream(path_, std::ios::binary) << whole;
    }

    std::string path_ = testing::TempDir() + "cenote_advise_XXXXXX";

private:
    std::string content() const {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    trace_description about_;
    std::string before_;
    std::optional<trace_writer> writer_;
    std::uint64_t time_ = 0;
    std::uint64_t made_ = 0;
};

} // namespace cenote::tool
