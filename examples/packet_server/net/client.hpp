// What commands know of the client that sent them, and a thread's list of its clients.
#pragma once

#include "../memory/counter.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace packet_server {

struct client {
    std::uint64_t id = 0;
    std::int64_t connected = 0; // milliseconds, on the server's clock
    single_writer<std::int64_t> last_request = 0;
    char* name = nullptr; // a buffer of name_size bytes
    std::size_t name_size = 0;
    bool wants_close = false; // once the replies so far are written
    bool gives_up = false;    // at once

    client* previous = nullptr;
    client* next = nullptr;
};

// Linked through themselves.
class client_list {
public:
    void insert(client* added) noexcept {
        added->next = first_;
        if (first_ != nullptr) first_->previous = added;
        first_ = added;
    }
    void remove(client* gone) noexcept {
        (gone->previous == nullptr ? first_ : gone->previous->next) = gone->next;
        if (gone->next != nullptr) gone->next->previous = gone->previous;
    }
    client* first() const noexcept { return first_; }

private:
    client* first_ = nullptr;
};

} // namespace packet_server
