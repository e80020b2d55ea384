#include "recorder.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <system_error>

namespace packet_server {

namespace format = record_format;

// What errno says; std::strerror is not for several threads.
static std::string text_of(int error) { return std::generic_category().message(error); }

recorder::recorder(const std::string& path, std::uint64_t limit, const format::kind_sizes& sizes)
    : file_(std::fopen(path.c_str(), "wb")), sizes_(sizes), limit_(limit) {
    if (!file_) {
        trouble_ = path + ": " + text_of(errno);
        return;
    }
    payload_.resize(format::largest_payload);
    std::array<char, format::header_bytes> header{};
    std::memcpy(header.data(), format::magic.data(), format::magic.size());
    char* to = header.data() + format::magic.size();
    format::put_u32(to, format::version);
    format::put_u32(to + 4, static_cast<std::uint32_t>(kind_count));
    to += 8;
    for (const std::uint32_t size : sizes_) {
        format::put_u32(to, size);
        to += 4;
    }
    format::put_u32(to, format::crc32({header.data(), format::header_bytes - 4}));
    write(header.data(), header.size());
}

recorder::~recorder() { close(); }

void recorder::created(object_kind kind, std::size_t bytes, const void* p) noexcept {
    if (!wants_event()) return;
    try {
        std::uint32_t slot = slots_;
        if (!free_slots_.empty()) {
            slot = free_slots_.back();
            free_slots_.pop_back();
        } else {
            // A free must never need memory to give its slot back.
            if (free_slots_.capacity() <= slots_) free_slots_.reserve(2 * (std::size_t{slots_} + 1));
            ++slots_;
        }
        live_.emplace(p, live_object{slot, kind});
        payload_[filled_++] = static_cast<char>(index_of(kind));
        if (sizes_[index_of(kind)] == 0) put_number(bytes);
        put_number(slot);
        finish_event();
    } catch (const std::exception&) {
        stop(ENOMEM);
    }
}

void recorder::freed(const void* p) noexcept {
    const auto found = live_.find(p);
    if (found == live_.end()) return;
    const live_object object = found->second;
    live_.erase(found);
    if (!wants_event()) return;
    free_slots_.push_back(object.slot);
    payload_[filled_++] = static_cast<char>(index_of(object.kind) | format::free_flag);
    put_number(object.slot);
    finish_event();
}

void recorder::close() noexcept {
    if (!file_) return;
    write_frame();
    const std::array<char, format::frame_header_bytes> end{};
    write(end.data(), end.size());
    if (file_ && std::fclose(file_.release()) != 0) stop(errno);
}

bool recorder::wants_event() noexcept {
    if (!file_ || full_) return false;
    full_ = events_ >= limit_;
    return !full_;
}

void recorder::put_number(std::uint64_t value) noexcept {
    for (; value > 127; value >>= 7)
        payload_[filled_++] = static_cast<char>((value & 127) | 128);
    payload_[filled_++] = static_cast<char>(value);
}

void recorder::finish_event() noexcept {
    ++events_;
    ++frame_events_;
    if (filled_ + format::longest_event > format::largest_payload) write_frame();
}

void recorder::write_frame() noexcept {
    if (filled_ == 0) return;
    std::array<char, format::frame_header_bytes> header{};
    format::put_u32(header.data(), static_cast<std::uint32_t>(filled_));
    format::put_u32(header.data() + 4, frame_events_);
    format::put_u32(header.data() + 8, format::crc32({payload_.data(), filled_}));
    write(header.data(), header.size());
    write(payload_.data(), filled_);
    filled_ = 0;
    frame_events_ = 0;
}

void recorder::write(const char* bytes, std::size_t count) noexcept {
    if (file_ && std::fwrite(bytes, 1, count, file_.get()) != count) stop(errno);
}

void recorder::stop(int error) noexcept {
    file_.reset();
    try {
        trouble_ = text_of(error);
    } catch (const std::exception&) {
        trouble_.clear();
    }
}

} // namespace packet_server
