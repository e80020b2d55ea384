// DEL, EXPIRE and the other commands on whole keys.
#pragma once

#include "command.hpp"
#include "text.hpp"
#include "trim.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace packet_server::commands {

template <class Policy>
void del(request<Policy>& r) {
    std::int64_t removed = 0;
    for (std::size_t i = 1; i < r.size(); ++i) {
        entry* const found = r.server.data.find(r[i]);
        if (found == nullptr) continue;
        r.server.data.erase(found);
        ++removed;
    }
    r.answer.integer(removed);
}

template <class Policy>
void exists(request<Policy>& r) {
    std::int64_t found = 0;
    for (std::size_t i = 1; i < r.size(); ++i)
        found += r.server.data.find(r[i]) != nullptr;
    r.answer.integer(found);
}

template <class Policy>
void type(request<Policy>& r) {
    r.answer.status(r.server.data.find(r[1]) == nullptr ? "none" : "string");
}

template <class Policy>
void expire_in(request<Policy>& r, std::int64_t unit) {
    store<Policy>& data = r.server.data;
    const auto amount = to_integer(r[2]);
    if (!amount) return r.answer.error(errors::not_an_integer);
    if (*amount > (never - 1 - data.now()) / unit || *amount < -(never / unit)) {
        return r.answer.error("ERR invalid expire time in '" + lower(r[0]) + "' command");
    }
    entry* const found = data.find(r[1]);
    if (found == nullptr) return r.answer.integer(0);
    if (*amount <= 0) {
        data.erase(found);
    } else if (!data.expire_at(found, data.now() + *amount * unit)) {
        return r.out_of_memory();
    }
    r.answer.integer(1);
}

template <class Policy>
void expire(request<Policy>& r) {
    expire_in(r, 1000);
}

template <class Policy>
void pexpire(request<Policy>& r) {
    expire_in(r, 1);
}

// What is left of a key's time, in units of `unit` milliseconds, rounded as Redis does.
template <class Policy>
void time_left(request<Policy>& r, std::int64_t unit) {
    const entry* const found = r.server.data.find(r[1]);
    if (found == nullptr) return r.answer.integer(-2);
    if (found->expires == nullptr) return r.answer.integer(-1);
    r.answer.integer((found->expires->at - r.server.data.now() + unit / 2) / unit);
}

template <class Policy>
void ttl(request<Policy>& r) {
    time_left(r, 1000);
}

template <class Policy>
void pttl(request<Policy>& r) {
    time_left(r, 1);
}

template <class Policy>
void persist(request<Policy>& r) {
    entry* const found = r.server.data.find(r[1]);
    r.answer.integer(found != nullptr && r.server.data.persist(found) ? 1 : 0);
}

template <class Policy>
void dbsize(request<Policy>& r) {
    r.answer.integer(static_cast<std::int64_t>(r.server.data.size()));
}

template <class Policy>
void flushall(request<Policy>& r) {
    if (r.size() > 2 || (r.size() == 2 && !is_word(r[1], "ASYNC") && !is_word(r[1], "SYNC"))) {
        return r.answer.error(errors::syntax);
    }
    r.server.data.clear();
    trim_other_threads(r.server);
    r.answer.ok();
}

} // namespace packet_server::commands
