// Commands about the connection itself.
#pragma once

#include "command.hpp"
#include "text.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace packet_server::commands {

template <class Policy>
void ping(request<Policy>& r) {
    if (r.size() > 2) return r.answer.error("ERR wrong number of arguments for 'ping' command");
    r.size() == 2 ? r.answer.bulk(r[1]) : r.answer.status("PONG");
}

template <class Policy>
void echo(request<Policy>& r) {
    r.answer.bulk(r[1]);
}

template <class Policy>
void quit(request<Policy>& r) {
    r.from.wants_close = true;
    r.answer.ok();
}

template <class Policy>
void select(request<Policy>& r) {
    const auto index = to_integer(r[1]);
    if (!index) return r.answer.error(errors::not_an_integer);
    *index == 0 ? r.answer.ok() : r.answer.error("ERR DB index is out of range");
}

// Only RESP2 is spoken here.
template <class Policy>
void hello(request<Policy>& r) {
    if (r.size() > 1) {
        const auto version = to_integer(r[1]);
        if (!version) return r.answer.error("ERR Protocol version is not an integer or out of range");
        if (*version != 2) return r.answer.error("NOPROTO unsupported protocol version");
    }
    if (r.size() > 2) return r.answer.error(errors::syntax);
    r.answer.array(6);
    r.answer.bulk("server");
    r.answer.bulk("packet_server");
    r.answer.bulk("proto");
    r.answer.integer(2);
    r.answer.bulk("id");
    r.answer.integer(static_cast<std::int64_t>(r.from.id));
}

template <class Policy>
void set_client_name(request<Policy>& r, std::string_view name) {
    for (const char c : name) {
        if (c < '!' || c > '~') {
            return r.answer.error("ERR Client names cannot contain spaces, newlines or special characters.");
        }
    }
    char* copy = nullptr;
    if (!name.empty()) {
        copy = static_cast<char*>(r.server.io.allocate(name.size()));
        if (copy == nullptr) return r.out_of_memory();
        std::memcpy(copy, name.data(), name.size());
    }
    if (r.from.name != nullptr) r.server.io.free(r.from.name, r.from.name_size);
    r.from.name = copy;
    r.from.name_size = name.size();
    r.answer.ok();
}

inline std::string description(const client& c, std::int64_t now) {
    return "id=" + std::to_string(c.id) + " name=" + std::string(c.name, c.name_size) +
           " age=" + std::to_string((now - c.connected) / 1000) +
           " idle=" + std::to_string((now - c.last_request) / 1000) + " db=0 resp=2\n";
}

template <class Policy>
void client_command(request<Policy>& r) {
    const std::string_view what = r[1];
    if (is_word(what, "SETNAME") && r.size() == 3) {
        set_client_name(r, r[2]);
    } else if (is_word(what, "GETNAME") && r.size() == 2) {
        r.from.name == nullptr ? r.answer.nil() : r.answer.bulk({r.from.name, r.from.name_size});
    } else if (is_word(what, "ID") && r.size() == 2) {
        r.answer.integer(static_cast<std::int64_t>(r.from.id));
    } else if (is_word(what, "INFO") && r.size() == 2) {
        r.answer.bulk(description(r.from, r.server.now));
    } else if (is_word(what, "LIST") && r.size() == 2) {
        std::string all;
        for (const service<Policy>* thread : r.server.shared.services) {
            for (const client* each = thread->clients.first(); each != nullptr; each = each->next)
                all += description(*each, r.server.now);
        }
        r.answer.bulk(all);
    } else if (is_word(what, "SETINFO") && r.size() == 4) {
        r.answer.ok(); // the library's name and version: of no interest here
    } else {
        r.answer.error("ERR unknown subcommand or wrong number of arguments for '" + printable(what) +
                       "'. Try CLIENT SETNAME, GETNAME, ID, INFO, LIST or SETINFO.");
    }
}

} // namespace packet_server::commands
