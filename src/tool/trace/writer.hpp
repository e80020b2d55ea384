// Layer: tool. Writes a trace: events into columns, full columns into a block, compressed, to the file at once, so that what
// is in the file is whole whenever its writer is killed.
#pragma once

#include "description.hpp"
#include "event.hpp"
#include "format.hpp"
#include "module.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace cenote::tool {

class trace_writer {
public:
    static constexpr std::uint32_t most_events = 32'768; // in a block

    // Makes the file, or empties it. Throws failure.
    trace_writer(const std::string& path, const trace_description& about);
    trace_writer(const trace_writer&) = delete;
    trace_writer& operator=(const trace_writer&) = delete;
    ~trace_writer();

    // Adds an event. An allocation that did not fail gets the next number, whatever `e.object` says, and returns it.
    // Objects that are freed are numbers returned before. Times never go back: an earlier one counts as the latest.
    std::uint64_t add(const event& e);
    void define_stack(std::uint32_t number, std::span<const std::uint64_t> frames);
    void define_module(const code_module& m);

    // What was added goes to the file. When it cannot be written, the trace ends there: what is added from then on is
    // dropped, and `error()` is not 0.
    void flush();
    // The last block. False where the file could not be written whole.
    bool close(trace_end end);

    int error() const noexcept { return error_; } // errno of the write that failed
    // That were added: those that a reader gets, without the definitions of stacks and modules.
    std::uint64_t events() const noexcept { return events_ - definitions_; }
    std::uint64_t next_object() const noexcept { return next_object_; }
    std::uint64_t bytes() const noexcept { return file_bytes_; } // written

private:
    struct compressor;

    struct bytes_column {
        std::vector<unsigned char> bytes;
        std::size_t used = 0;

        void varint(std::uint64_t n) {
            reserve(most_varint_bytes);
            used = static_cast<std::size_t>(put_varint(bytes.data() + used, n) - bytes.data());
        }
        void byte(unsigned char b) {
            reserve(1);
            bytes[used++] = b;
        }
        void text(const std::string& s);
        void reserve(std::size_t more) {
            if (bytes.size() - used < more) bytes.resize(bytes.size() * 2 + more);
        }
    };

    void begin(const event& e, std::uint8_t flags);
    void put_object(std::uint64_t object, std::uint64_t address);
    void put_address(std::uint64_t address);
    void write_block(block_type type, std::span<const unsigned char> plain);
    bool write_all(std::span<const unsigned char> bytes);
    void give_up();

    std::array<bytes_column, columns> to_;
    std::uint64_t events_ = 0;
    std::uint64_t definitions_ = 0; // of those
    std::uint64_t kept_events_ = 0;
    std::uint64_t next_object_ = 1;
    std::uint32_t count_ = 0;
    std::uint32_t thread_ = 0;
    std::uint64_t address_ = 0;
    std::uint64_t time_ = 0; // units, of the last event
    events_header block_{};
    std::unique_ptr<compressor> compressor_;
    std::vector<unsigned char> plain_;
    std::vector<unsigned char> stored_;
    int file_ = -1;
    int error_ = 0;
    bool closed_ = false;
    std::uint64_t file_bytes_ = 0;
    std::uint64_t last_block_ = 0; // where it begins
};

} // namespace cenote::tool
