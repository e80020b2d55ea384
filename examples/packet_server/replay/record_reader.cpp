#include "record_reader.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace packet_server {

namespace {

namespace format = record_format;

constexpr std::uint64_t largest_size = std::uint64_t{1} << 30; // bytes of one object

struct close_file {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using open_file = std::unique_ptr<std::FILE, close_file>;

// Takes a frame's payload apart. Every next_... says whether there was one.
class payload_reader {
public:
    explicit payload_reader(std::string_view payload) noexcept : left_(payload) {}

    bool empty() const noexcept { return left_.empty(); }
    bool next_byte(std::uint8_t& byte) noexcept {
        if (left_.empty()) return false;
        byte = static_cast<std::uint8_t>(left_.front());
        left_.remove_prefix(1);
        return true;
    }
    bool next_number(std::uint64_t& number) noexcept {
        number = 0;
        std::uint8_t byte = 128;
        for (int shift = 0; shift < 63 && byte >= 128; shift += 7) {
            if (!next_byte(byte)) return false;
            number |= static_cast<std::uint64_t>(byte & 127) << shift;
        }
        return byte < 128;
    }

private:
    std::string_view left_;
};

// Adds events to a recording, as long as they make sense.
class event_reader {
public:
    explicit event_reader(recording& into) noexcept : into_(into) {}

    // False when the payload is not a sequence of events that fits what came before.
    bool read(std::string_view payload) {
        payload_reader reader(payload);
        while (!reader.empty()) {
            if (!read_event(reader)) return false;
        }
        return true;
    }

    // Adds the frees that were not recorded.
    void finish() {
        into_.still_live = live_;
        for (std::size_t slot = 0; slot < holds_.size(); ++slot) {
            if (holds_[slot].size != 0) free(static_cast<std::uint32_t>(slot));
        }
        into_.slots = holds_.size();
    }

private:
    struct object {
        std::uint32_t size = 0; // 0: no object
        object_kind kind{};
    };

    bool read_event(payload_reader& reader) {
        std::uint8_t head = 0;
        std::uint64_t size = 0;
        std::uint64_t slot = 0;
        if (!reader.next_byte(head)) return false;
        const std::uint8_t kind = head & format::kind_mask;
        const bool frees = (head & format::free_flag) != 0;
        if (kind >= kind_count || (head & ~(format::kind_mask | format::free_flag)) != 0) return false;
        if (!frees) {
            size = into_.sizes[kind];
            if (size == 0 && !reader.next_number(size)) return false;
            if (size == 0 || size > largest_size) return false;
        }
        if (!reader.next_number(slot)) return false;
        return frees ? free_recorded(slot, kind) : allocate(slot, static_cast<std::uint32_t>(size), kind);
    }

    // A new slot is always the next one, so a damaged number can't ask for a huge table.
    bool allocate(std::uint64_t slot, std::uint32_t size, std::uint8_t kind) {
        if (slot > holds_.size()) return false;
        if (slot == holds_.size()) holds_.emplace_back();
        object& there = holds_[slot];
        if (there.size != 0) return false;
        there = {size, static_cast<object_kind>(kind)};
        into_.events.push_back({static_cast<std::uint32_t>(slot), size, there.kind, false});
        ++into_.pairs;
        if (++live_ > into_.peak_live) into_.peak_live = live_;
        return true;
    }
    bool free_recorded(std::uint64_t slot, std::uint8_t kind) {
        if (slot >= holds_.size() || holds_[slot].size == 0) return false;
        if (holds_[slot].kind != static_cast<object_kind>(kind)) return false;
        free(static_cast<std::uint32_t>(slot));
        return true;
    }
    void free(std::uint32_t slot) {
        into_.events.push_back({slot, holds_[slot].size, holds_[slot].kind, true});
        holds_[slot].size = 0;
        --live_;
    }

    recording& into_;
    std::vector<object> holds_;
    std::size_t live_ = 0;
};

void read_header(std::FILE* file, const std::string& path, recording& into) {
    std::array<char, format::header_bytes> header{};
    const std::size_t got = std::fread(header.data(), 1, header.size(), file);
    if (got < format::magic.size() ||
        std::string_view(header.data(), format::magic.size()) != format::magic) {
        throw std::runtime_error(path + ": not a recording of packet_server");
    }
    if (got < header.size()) throw std::runtime_error(path + ": truncated in its header");
    const char* from = header.data() + format::magic.size();
    const std::uint32_t version = format::get_u32(from);
    if (version != format::version) {
        throw std::runtime_error(path + ": version " + std::to_string(version) +
                                 ", this program reads version " + std::to_string(format::version));
    }
    const std::string_view covered(header.data(), header.size() - 4);
    if (format::get_u32(header.data() + covered.size()) != format::crc32(covered) ||
        format::get_u32(from + 4) != kind_count) {
        throw std::runtime_error(path + ": damaged header");
    }
    from += 8;
    for (std::uint32_t& size : into.sizes) {
        size = format::get_u32(from);
        from += 4;
        if (size > largest_size) throw std::runtime_error(path + ": damaged header");
    }
}

// Reads frames up to the end or the first damage; returns what is wrong, empty for nothing.
std::string read_frames(std::FILE* file, event_reader& events) {
    std::string payload;
    for (;;) {
        std::array<char, format::frame_header_bytes> header{};
        if (std::fread(header.data(), 1, header.size(), file) != header.size()) return "the file ends early";
        const std::uint32_t size = format::get_u32(header.data());
        const std::uint32_t crc = format::get_u32(header.data() + 8);
        if (size == 0) return std::fgetc(file) == EOF ? "" : "bytes follow the end";
        if (size > format::largest_payload) return "a frame is damaged";
        payload.resize(size);
        if (std::fread(payload.data(), 1, size, file) != size) return "the file ends early";
        if (format::crc32(payload) != crc) return "a frame is damaged";
        if (!events.read(payload)) return "a frame holds events that cannot be";
    }
}

} // namespace

recording read_recording(const std::string& path) {
    const open_file file(std::fopen(path.c_str(), "rb"));
    if (!file) throw std::runtime_error(path + ": " + std::generic_category().message(errno));
    recording result;
    read_header(file.get(), path, result);
    event_reader events(result);
    const std::string trouble = read_frames(file.get(), events);
    if (!trouble.empty()) {
        result.note =
            path + ": " + trouble + "; " + std::to_string(result.events.size()) + " events read before that";
    }
    events.finish();
    return result;
}

} // namespace packet_server
