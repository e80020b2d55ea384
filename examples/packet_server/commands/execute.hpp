// Runs one request and makes sure that exactly one reply comes of it.
#pragma once

#include "command.hpp"
#include "table.hpp"
#include "text.hpp"
#include "trim.hpp"

#include <new>

namespace packet_server {

template <class Policy>
void run_command(request<Policy>& r) {
    const command<Policy>* const found = command_table<Policy>::find(r[0]);
    if (found == nullptr) {
        // A browser that was talked into sending here, to reach a server behind a firewall.
        if (is_word(r[0], "POST") || is_word(r[0], "HOST:")) {
            r.from.gives_up = true;
            return;
        }
        r.answer.error("ERR unknown command '" + printable(r[0]) + "'");
    } else if (!found->accepts(r.size())) {
        r.answer.error("ERR wrong number of arguments for '" + lower(found->name) + "' command");
    } else {
        found->run(r);
    }
}

// Commands that change something answer in fewer bytes than `prepare` makes sure of, or before they change
// it. So a request that ran out of memory, wherever that was, has changed nothing.
template <class Policy>
void execute(service<Policy>& server, client& from, const packet& arguments,
             output_of<Policy>& output) noexcept {
    ++server.seen.requests;
    const auto begin = output.here();
    request<Policy> r{server, from, arguments, reply<output_of<Policy>>(output)};
    if (arguments.incomplete() || !output.prepare()) {
        r.refused = true;
    } else {
        try {
            run_command(r);
        } catch (const std::bad_alloc&) {
            r.refused = true;
        }
    }
    if (!r.refused && !output.failed()) return;
    ++server.seen.out_of_memory;
    trim_other_threads(server);
    output.rollback(begin);
    r.answer.error("OOM out of memory, the request was not carried out");
    from.gives_up = from.gives_up || output.failed();
}

} // namespace packet_server
