// Commands about the server.
#pragma once

#include "../report/info.hpp"
#include "command.hpp"
#include "text.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace packet_server::commands {

template <class Policy>
void info(request<Policy>& r) {
    std::string text;
    if (r.size() == 1) {
        text = info_text(r.server.shared, "all");
    } else {
        for (std::size_t i = 1; i < r.size(); ++i)
            text += info_text(r.server.shared, lower(r[i]));
    }
    r.answer.bulk(text);
}

// Read only. Of what Redis knows, the names that its tools ask for; the rest are this server's own.
template <class Policy>
void config(request<Policy>& r) {
    if (!is_word(r[1], "GET"))
        return r.answer.error("ERR unknown subcommand '" + printable(r[1]) + "'. Try CONFIG GET.");
    if (r.size() < 3) return r.answer.error("ERR wrong number of arguments for 'config|get' command");
    const options& set = r.server.settings;
    const std::array<std::pair<std::string_view, std::string>, 13> known = {{
        {"save", ""},
        {"appendonly", "no"},
        {"databases", "1"},
        {"port", std::to_string(r.server.shared.port)},
        {"maxclients", std::to_string(set.max_clients)},
        {"maxmemory", std::to_string(set.max_memory)},
        {"timeout", std::to_string(set.idle_timeout)},
        {"proto-max-bulk-len", std::to_string(set.frames.max_frame)},
        {"max-args", std::to_string(set.frames.max_arguments)},
        {"max-inline", std::to_string(set.frames.max_inline)},
        {"max-output", std::to_string(set.max_output)},
        {"memory", std::string(Policy::name)},
        {"io-threads", std::to_string(set.threads)},
    }};
    const auto asked = [&](std::string_view name) {
        for (std::size_t i = 2; i < r.size(); ++i) {
            if (matches(name, r[i])) return true;
        }
        return false;
    };
    std::size_t count = 0;
    for (const auto& [name, value] : known)
        count += asked(name);
    r.answer.array(2 * count);
    for (const auto& [name, value] : known) {
        if (!asked(name)) continue;
        r.answer.bulk(name);
        r.answer.bulk(value);
    }
}

template <class Policy>
void shutdown(request<Policy>& r) {
    r.from.wants_close = true;
    r.server.shared.stop();
}

} // namespace packet_server::commands
