#include "writer.hpp"

#include "../support/failure.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

namespace cenote::tool {

struct trace_writer::compressor {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ~compressor() { ZSTD_freeCCtx(context); }
};

void trace_writer::bytes_column::text(const std::string& s) {
    varint(s.size());
    reserve(s.size());
    std::memcpy(bytes.data() + used, s.data(), s.size());
    used += s.size();
}

trace_writer::trace_writer(const std::string& path, const trace_description& about)
    : compressor_(std::make_unique<compressor>()) {
    file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file_ < 0) fail_with_errno("cannot open " + path);
    std::array<unsigned char, trace_header_bytes> header{};
    std::memcpy(header.data(), trace_magic.data(), trace_magic.size());
    std::memcpy(header.data() + 8, &trace_version, sizeof trace_version);
    const std::string text = about.text();
    if (write_all(header))
        write_block(block_type::description,
                    {reinterpret_cast<const unsigned char*>(text.data()), text.size()});
    if (error_ != 0) {
        ::close(file_);
        errno = error_;
        fail_with_errno("cannot write " + path);
    }
}

trace_writer::~trace_writer() {
    if (!closed_) {
        flush();
        ::close(file_);
    }
}

std::uint64_t trace_writer::add(const event& e) {
    const bool allocates = is_allocation(e.kind);
    std::uint8_t flags = e.failed ? head_failed : 0;
    if (allocates ? e.alignment_log2 != 0 : e.sized) flags |= head_option;
    if (allocates && e.stack != 0) flags |= head_stack;
    begin(e, flags);
    bytes_column& extra = to_[extras];
    std::uint64_t object = 0;
    if (allocates) {
        if ((flags & head_option) != 0) extra.byte(e.alignment_log2);
        if ((flags & head_stack) != 0) extra.varint(e.stack);
        to_[sizes].varint(e.size);
        if (e.kind == event_kind::realloc) put_object(e.old_object, e.old_address);
        if (!e.failed) {
            put_address(e.address);
            object = next_object_++;
        }
    } else if (is_free(e.kind)) {
        if (e.sized) to_[sizes].varint(e.size);
        put_object(e.object, e.address);
    } else if (e.kind == event_kind::fork || e.kind == event_kind::lost) {
        extra.varint(e.size);
    }
    return object;
}

void trace_writer::define_stack(std::uint32_t number, std::span<const std::uint64_t> frames) {
    begin({.kind = event_kind::stack, .thread = thread_}, 0);
    ++definitions_;
    bytes_column& extra = to_[extras];
    extra.varint(number);
    extra.varint(frames.size());
    std::uint64_t before = 0;
    for (const std::uint64_t frame : frames) {
        extra.varint(zigzag(frame - before));
        before = frame;
    }
}

void trace_writer::define_module(const code_module& m) {
    begin({.kind = event_kind::module, .thread = thread_}, 0);
    ++definitions_;
    bytes_column& extra = to_[extras];
    extra.varint(m.begin);
    extra.varint(m.end);
    extra.varint(m.offset);
    extra.text(m.path);
    extra.text(m.build_id);
}

// The head, the time and the thread, which every event has.
void trace_writer::begin(const event& e, std::uint8_t flags) {
    if (count_ >= most_events) flush();
    const std::uint64_t time = std::max(time_, e.time / time_unit);
    const bool first = count_ == 0;
    if (first) {
        block_.first_event = events_;
        block_.next_object = next_object_;
        block_.first_time = time * time_unit;
        address_ = 0;
        time_ = time;
    }
    if (first || e.thread != thread_) flags |= head_thread;
    to_[heads].byte(static_cast<unsigned char>(static_cast<unsigned>(e.kind) | flags));
    to_[times].varint(time - time_);
    if ((flags & head_thread) != 0) to_[extras].varint(e.thread);
    time_ = time;
    thread_ = e.thread;
    ++count_;
    ++events_;
}

void trace_writer::put_object(std::uint64_t object, std::uint64_t address) {
    to_[objects].varint(object == 0 ? 0 : next_object_ - object);
    if (object == 0) to_[extras].varint(address);
}

void trace_writer::put_address(std::uint64_t address) {
    to_[addresses].varint(zigzag(address - address_));
    address_ = address;
}

void trace_writer::flush() {
    if (count_ == 0) return;
    block_.count = count_;
    std::size_t bytes = sizeof block_;
    for (std::size_t i = 0; i != columns; ++i) {
        block_.lengths[i] = static_cast<std::uint32_t>(to_[i].used);
        bytes += to_[i].used;
    }
    plain_.resize(bytes);
    unsigned char* at = plain_.data();
    std::memcpy(at, &block_, sizeof block_);
    at += sizeof block_;
    for (bytes_column& each : to_) {
        if (each.used != 0) std::memcpy(at, each.bytes.data(), each.used);
        at += each.used;
        each.used = 0;
    }
    count_ = 0;
    write_block(block_type::events, plain_);
    if (error_ == 0) kept_events_ = events_;
}

void trace_writer::write_block(block_type type, std::span<const unsigned char> plain) {
    if (error_ != 0) return;
    stored_.resize(block_header_bytes + ZSTD_compressBound(plain.size()));
    const std::size_t stored =
        ZSTD_compressCCtx(compressor_->context, stored_.data() + block_header_bytes,
                          stored_.size() - block_header_bytes, plain.data(), plain.size(), 1);
    if (ZSTD_isError(stored) != 0) {
        error_ = ENOMEM;
        return;
    }
    stored_.resize(block_header_bytes + stored);
    const auto put = [this](std::size_t at, std::uint32_t n) { std::memcpy(stored_.data() + at, &n, 4); };
    std::memcpy(stored_.data(), block_magic.data(), 4);
    put(4, static_cast<std::uint32_t>(type));
    put(8, static_cast<std::uint32_t>(stored));
    put(12, static_cast<std::uint32_t>(plain.size()));
    // The check is of the header's first 16 bytes and of what is stored: of the whole block with these 8 bytes as zeros.
    std::memset(stored_.data() + 16, 0, 8);
    const std::uint64_t check = XXH3_64bits(stored_.data(), stored_.size());
    std::memcpy(stored_.data() + 16, &check, 8);
    const std::uint64_t begin = file_bytes_;
    if (write_all(stored_)) last_block_ = begin;
}

// False, with the file as long as before, when it cannot be written.
bool trace_writer::write_all(std::span<const unsigned char> bytes) {
    const std::uint64_t begin = file_bytes_;
    while (!bytes.empty()) {
        const ssize_t written = ::write(file_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            error_ = written < 0 ? errno : ENOSPC;
            file_bytes_ = begin;
            give_up();
            return false;
        }
        file_bytes_ += static_cast<std::uint64_t>(written);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

void trace_writer::give_up() {
    if (::ftruncate(file_, static_cast<off_t>(file_bytes_)) == 0)
        ::lseek(file_, static_cast<off_t>(file_bytes_), SEEK_SET);
}

bool trace_writer::close(trace_end end) {
    flush();
    closed_ = true;
    const int error = error_;
    if (error != 0 && end.why != trace_end::reason::disk_full) {
        end.why = trace_end::reason::disk_full;
        end.value = static_cast<std::uint64_t>(error);
    }
    end.events = kept_events_;
    const std::string text = end.text();
    const std::span<const unsigned char> plain{reinterpret_cast<const unsigned char*>(text.data()),
                                               text.size()};
    error_ = 0;
    write_block(block_type::end, plain);
    if (error_ != 0 && last_block_ > trace_header_bytes) {
        // No room even for this: in place of the last block of events.
        file_bytes_ = last_block_;
        give_up();
        error_ = 0;
        write_block(block_type::end, plain);
    }
    if (error == 0 && error_ == 0 && ::close(file_) == 0) return true;
    if (error != 0 || error_ != 0) ::close(file_);
    error_ = error != 0 ? error : error_ != 0 ? error_ : errno;
    return false;
}

} // namespace cenote::tool
