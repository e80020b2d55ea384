#include "reader.hpp"

#include "../support/failure.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

namespace cenote::tool {

struct trace_reader::decompressor {
    ZSTD_DCtx* context = ZSTD_createDCtx();
    ~decompressor() { ZSTD_freeDCtx(context); }
};

// A block's columns, each read to its end.
class trace_reader::columns_of {
public:
    byte_cursor& operator[](column c) noexcept { return all_[c]; }

    // False where the lengths are not those of what is there.
    bool set(const events_header& header, std::span<const unsigned char> from) noexcept {
        for (std::size_t i = 0; i != columns; ++i) {
            if (header.lengths[i] > from.size()) return false;
            all_[i] = byte_cursor(from.data(), header.lengths[i]);
            from = from.subspan(header.lengths[i]);
        }
        return true;
    }
    bool failed() const noexcept {
        return std::any_of(all_.begin(), all_.end(), [](const byte_cursor& c) { return c.failed(); });
    }

    std::uint64_t next_object = 1;
    std::uint64_t address = 0;
    std::uint64_t time = 0; // nanoseconds
    std::uint32_t thread = 0;

private:
    std::array<byte_cursor, columns> all_;
};

trace_reader::trace_reader(const std::string& path)
    : name_(path), decompressor_(std::make_unique<decompressor>()) {
    file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file_ < 0) fail_with_errno("cannot open " + path);
    struct stat status {};
    try {
        if (::fstat(file_, &status) != 0) fail_with_errno("cannot read " + path);
        if (!S_ISREG(status.st_mode)) throw failure(exit_trouble, path + " is no file with a trace");
        file_bytes_ = static_cast<std::uint64_t>(status.st_size);
        open();
    } catch (...) {
        ::close(file_);
        throw;
    }
}

trace_reader::trace_reader(std::span<const unsigned char> bytes, const std::string& name)
    : name_(name), memory_(bytes), file_bytes_(bytes.size()),
      decompressor_(std::make_unique<decompressor>()) {
    open();
}

trace_reader::~trace_reader() {
    if (file_ >= 0) ::close(file_);
}

void trace_reader::open() {
    if (file_bytes_ == 0) throw failure(exit_trouble, name_ + " is empty, and no trace");
    std::array<unsigned char, trace_header_bytes> header{};
    if (!read_at(0, header.data(), std::min<std::uint64_t>(header.size(), file_bytes_)))
        fail_with_errno("cannot read " + name_);
    if (file_bytes_ < header.size() ||
        std::memcmp(header.data(), trace_magic.data(), trace_magic.size()) != 0)
        throw failure(exit_trouble, name_ + " is no trace of cenote record");
    std::uint32_t version = 0;
    std::memcpy(&version, header.data() + trace_magic.size(), sizeof version);
    if (version != trace_version)
        throw failure(exit_trouble, name_ + " is a trace of version " + std::to_string(version) +
                                        ", and this cenote reads version " + std::to_string(trace_version));
    rewind();
    if (const auto first = load(at_); first && first->type == block_type::description)
        about_ = trace_description::from({reinterpret_cast<const char*>(plain_.data()), plain_.size()});
    else
        note("what it says of the program is damaged or missing");
}

void trace_reader::rewind() {
    modules_.clear();
    at_ = trace_header_bytes;
    events_.clear();
    next_ = 0;
    expected_event_ = 0;
    over_ = false;
}

bool trace_reader::read_at(std::uint64_t offset, void* to, std::size_t bytes) const {
    if (offset > file_bytes_ || bytes > file_bytes_ - offset) return false;
    if (file_ < 0) {
        if (bytes != 0) std::memcpy(to, memory_.data() + offset, bytes);
        return true;
    }
    auto* at = static_cast<unsigned char*>(to);
    while (bytes != 0) {
        const ssize_t got = ::pread(file_, at, bytes, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        offset += static_cast<std::uint64_t>(got);
        bytes -= static_cast<std::size_t>(got);
    }
    return true;
}

std::optional<block_header> trace_reader::load(std::uint64_t offset) {
    std::array<unsigned char, block_header_bytes> bytes{};
    if (!read_at(offset, bytes.data(), bytes.size()) ||
        std::memcmp(bytes.data(), block_magic.data(), block_magic.size()) != 0)
        return std::nullopt;
    block_header header{};
    std::memcpy(&header.type, bytes.data() + 4, 4);
    std::memcpy(&header.stored, bytes.data() + 8, 4);
    std::memcpy(&header.plain, bytes.data() + 12, 4);
    std::memcpy(&header.check, bytes.data() + 16, 8);
    if (header.stored > most_block_bytes || header.plain > most_block_bytes ||
        header.stored > file_bytes_ - offset - block_header_bytes)
        return std::nullopt;
    stored_.resize(block_header_bytes + header.stored);
    if (!read_at(offset, stored_.data(), stored_.size())) return std::nullopt;
    std::memset(stored_.data() + 16, 0, 8);
    if (XXH3_64bits(stored_.data(), stored_.size()) != header.check) return std::nullopt;
    plain_.resize(header.plain);
    const std::size_t plain = ZSTD_decompressDCtx(decompressor_->context, plain_.data(), plain_.size(),
                                                  stored_.data() + block_header_bytes, header.stored);
    if (ZSTD_isError(plain) != 0 || plain != header.plain) return std::nullopt;
    return header;
}

std::optional<std::uint64_t> trace_reader::find_block(std::uint64_t from) {
    std::vector<unsigned char> window;
    constexpr std::size_t step = 1U << 20U;
    while (from + block_header_bytes <= file_bytes_) {
        window.resize(static_cast<std::size_t>(std::min<std::uint64_t>(step, file_bytes_ - from)));
        if (!read_at(from, window.data(), window.size())) return std::nullopt;
        for (auto at = window.begin();; ++at) {
            at = std::search(at, window.end(), block_magic.begin(), block_magic.end());
            if (at == window.end()) break;
            const std::uint64_t offset = from + static_cast<std::uint64_t>(at - window.begin());
            if (load(offset)) return offset;
        }
        if (window.size() < step) return std::nullopt;
        from += window.size() - (block_magic.size() - 1);
    }
    return std::nullopt;
}

// The next block of events into events_.
bool trace_reader::read_block() {
    events_.clear();
    next_ = 0;
    while (!over_) {
        if (at_ == file_bytes_) {
            note("it ends without its end: who recorded it was killed, or it was cut off");
            over_ = true;
            break;
        }
        auto header = load(at_);
        if (!header) {
            const auto found = find_block(at_ + 1);
            if (!found) {
                note("it is damaged or cut off from byte " + std::to_string(at_) + " of " +
                     std::to_string(file_bytes_) + " on");
                over_ = true;
                break;
            }
            note("bytes " + std::to_string(at_) + " to " + std::to_string(*found) +
                 " are damaged, and were skipped");
            at_ = *found;
            header = load(at_);
            if (!header) continue;
        }
        const std::uint64_t begin = at_;
        at_ += block_header_bytes + header->stored;
        const std::span<const unsigned char> plain(plain_.data(), header->plain);
        if (header->type == block_type::end) {
            end_ = trace_end::from({reinterpret_cast<const char*>(plain.data()), plain.size()});
            if (end_.why == trace_end::reason::disk_full)
                note("it could not be written whole: the disk was full");
            if (end_.events > expected_event_)
                note(std::to_string(end_.events - expected_event_) + " events at its end are missing");
            if (end_.lost != 0)
                note(std::to_string(end_.lost) + " events were not recorded: the recorder could not keep up");
            over_ = true;
        } else if (header->type == block_type::events) {
            if (!decode(plain))
                note("the block at byte " + std::to_string(begin) + " makes no sense from some event on");
            has_events_ = has_events_ || !events_.empty();
            if (!events_.empty()) return true;
        }
    }
    return false;
}

void trace_reader::require_events() const {
    if (!notes_.empty() && !has_events_)
        throw failure(exit_trouble, name_ + " has no events that can be read: " + notes_.front());
}

void trace_reader::note(const std::string& text) {
    constexpr std::size_t most_notes = 100;
    if (notes_.size() < most_notes && std::find(notes_.begin(), notes_.end(), text) == notes_.end())
        notes_.push_back(text);
}

bool trace_reader::decode(std::span<const unsigned char> plain) {
    events_header header{};
    if (plain.size() < sizeof header) return false;
    std::memcpy(&header, plain.data(), sizeof header);
    columns_of from;
    // Each event has a head, so that there are not more than bytes; each object was an event; and however well a file is
    // compressed, there is a limit.
    if (!from.set(header, plain.subspan(sizeof header)) || header.count > header.lengths[heads] ||
        header.count > most_block_events || header.first_event / most_events_a_byte > file_bytes_ ||
        header.next_object > header.first_event + 1)
        return false;
    if (header.first_event != expected_event_ && expected_event_ != 0 && header.first_event > expected_event_)
        note(std::to_string(header.first_event - expected_event_) + " events are missing before event " +
             std::to_string(header.first_event));
    from.next_object = header.next_object;
    from.time = header.first_time;
    events_.resize(header.count);
    std::size_t kept = 0;
    std::uint32_t i = 0;
    for (; i != header.count; ++i) {
        const bool is_for_callers = decode_event(from, events_[kept]);
        if (from.failed()) break;
        if (is_for_callers) ++kept;
    }
    expected_event_ = header.first_event + header.count;
    events_.resize(kept);
    return i == header.count;
}

// False for what only the reader needs.
bool trace_reader::decode_event(columns_of& from, event& e) {
    const std::uint8_t head = from[heads].byte();
    byte_cursor& extra = from[extras];
    from.time += from[times].varint() * time_unit;
    if ((head & head_thread) != 0) from.thread = static_cast<std::uint32_t>(extra.varint());
    e = event{};
    e.kind = static_cast<event_kind>(head & head_kind);
    e.failed = (head & head_failed) != 0;
    e.thread = from.thread;
    e.time = from.time;
    if (is_allocation(e.kind)) {
        if ((head & head_option) != 0) e.alignment_log2 = extra.byte() & 63U;
        if ((head & head_stack) != 0) e.stack = static_cast<std::uint32_t>(extra.varint());
        e.size = from[sizes].varint();
        if (e.kind == event_kind::realloc) {
            const std::uint64_t back = from[objects].varint();
            if (back == 0)
                e.old_address = extra.varint();
            else if (back < from.next_object)
                e.old_object = from.next_object - back;
        }
        if (!e.failed) {
            from.address += unzigzag(from[addresses].varint());
            e.address = from.address;
            e.object = from.next_object++;
        }
    } else if (is_free(e.kind)) {
        e.sized = (head & head_option) != 0;
        if (e.sized) e.size = from[sizes].varint();
        const std::uint64_t back = from[objects].varint();
        if (back == 0)
            e.address = extra.varint();
        else if (back < from.next_object)
            e.object = from.next_object - back;
    } else if (e.kind == event_kind::fork || e.kind == event_kind::lost) {
        e.size = extra.varint();
    } else if (e.kind == event_kind::stack) {
        define_stack(from);
        return false;
    } else if (e.kind == event_kind::module) {
        define_module(from);
        return false;
    }
    return true;
}

void trace_reader::define_stack(columns_of& from) {
    byte_cursor& extra = from[extras];
    const auto number = static_cast<std::uint32_t>(extra.varint());
    const std::uint64_t count = extra.varint();
    if (count > extra.left()) {
        extra.bytes(count); // fails
        return;
    }
    const bool is_new = !stacks_.contains(number);
    const std::size_t first = frames_.size();
    std::uint64_t frame = 0;
    for (std::uint64_t i = 0; i != count; ++i) {
        frame += unzigzag(extra.varint());
        if (is_new) frames_.push_back(frame);
    }
    if (is_new) stacks_.emplace(number, range{first, static_cast<std::size_t>(count)});
}

void trace_reader::define_module(columns_of& from) {
    byte_cursor& extra = from[extras];
    code_module m;
    m.begin = extra.varint();
    m.end = extra.varint();
    m.offset = extra.varint();
    for (std::string* const text : {&m.path, &m.build_id}) {
        const std::uint64_t length = extra.varint();
        const unsigned char* const bytes = extra.bytes(length);
        if (bytes == nullptr) return;
        text->assign(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
    }
    modules_.push_back(m);
}

std::span<const std::uint64_t> trace_reader::stack(std::uint32_t number) const noexcept {
    const auto found = stacks_.find(number);
    if (found == stacks_.end()) return {};
    return std::span<const std::uint64_t>(frames_).subspan(found->second.first, found->second.count);
}

const code_module* trace_reader::module_at(std::uint64_t address) const noexcept {
    const auto found = std::find_if(modules_.rbegin(), modules_.rend(), [&](const code_module& m) {
        return m.begin <= address && address < m.end;
    });
    return found == modules_.rend() ? nullptr : &*found;
}

} // namespace cenote::tool
