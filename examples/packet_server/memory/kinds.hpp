// What the server allocates, by purpose: the rows of its reports and of its recordings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace packet_server {

enum class object_kind : std::uint8_t {
    session,  // one client's connection
    packet,   // one request, from its first byte until it is answered
    entry,    // one key of the store
    deadline, // when a key expires
    data,     // the bytes of keys and values, and the table that finds them
    io,       // input and output buffers, long argument lists
    handler,  // Asio's own state of an operation that waits
};

inline constexpr std::array<std::string_view, 7> kind_names = {"session", "packet", "entry",  "deadline",
                                                               "data",    "io",     "handler"};
inline constexpr std::size_t kind_count = kind_names.size();

constexpr std::size_t index_of(object_kind kind) noexcept { return static_cast<std::size_t>(kind); }
constexpr std::string_view name_of(object_kind kind) noexcept { return kind_names[index_of(kind)]; }

} // namespace packet_server
