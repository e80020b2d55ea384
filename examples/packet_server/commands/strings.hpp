// GET, SET and the other commands on values.
#pragma once

#include "../store/multi_set.hpp"
#include "command.hpp"
#include "text.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace packet_server::commands {

template <class Policy>
void get(request<Policy>& r) {
    const entry* const found = r.server.data.find(r[1]);
    found == nullptr ? r.answer.nil() : r.answer.bulk(found->value());
}

template <class Policy>
void mget(request<Policy>& r) {
    r.answer.array(r.size() - 1);
    for (std::size_t i = 1; i < r.size(); ++i) {
        const entry* const found = r.server.data.find(r[i]);
        found == nullptr ? r.answer.nil() : r.answer.bulk(found->value());
    }
}

// The options of SET: EX or PX with a number, KEEPTTL, NX or XX, GET.
struct set_options {
    enum class keys : std::uint8_t { any, absent, present };

    keys only = keys::any;
    bool keep_deadline = false;
    bool return_old = false;
    std::int64_t at = never;

    // An error to reply with, empty for none. `now` is the store's clock.
    template <class Policy>
    std::string_view read(const request<Policy>& r, std::int64_t now) {
        std::int64_t unit = 0; // of the time that was given, milliseconds; 0 for none
        std::string_view time;
        for (std::size_t i = 3; i < r.size(); ++i) {
            const std::string_view word = r[i];
            const bool more = i + 1 < r.size();
            if (is_word(word, "NX") && only != keys::present) {
                only = keys::absent;
            } else if (is_word(word, "XX") && only != keys::absent) {
                only = keys::present;
            } else if (is_word(word, "GET")) {
                return_old = true;
            } else if (is_word(word, "KEEPTTL") && unit == 0) {
                keep_deadline = true;
            } else if ((is_word(word, "EX") || is_word(word, "PX")) && unit == 0 && !keep_deadline && more) {
                unit = is_word(word, "EX") ? 1000 : 1;
                time = r[++i];
            } else {
                return errors::syntax;
            }
        }
        return unit == 0 ? std::string_view{} : set_time(time, unit, now);
    }

private:
    std::string_view set_time(std::string_view text, std::int64_t unit, std::int64_t now) {
        const auto amount = to_integer(text);
        if (!amount) return errors::not_an_integer;
        if (*amount <= 0 || *amount > (never - 1 - now) / unit)
            return "ERR invalid expire time in 'set' command";
        at = now + *amount * unit;
        return {};
    }
};

template <class Policy>
void set(request<Policy>& r) {
    store<Policy>& data = r.server.data;
    set_options options;
    if (const std::string_view trouble = options.read(r, data.now()); !trouble.empty())
        return r.answer.error(trouble);

    entry* const there = data.find(r[1]);
    if (options.return_old) there == nullptr ? r.answer.nil() : r.answer.bulk(there->value());
    if ((options.only == set_options::keys::absent && there != nullptr) ||
        (options.only == set_options::keys::present && there == nullptr)) {
        if (!options.return_old) r.answer.nil();
        return;
    }
    if (options.keep_deadline && there != nullptr && there->expires != nullptr)
        options.at = there->expires->at;
    const bool done =
        there == nullptr ? data.add(r[1], r[2], options.at) : data.replace(there, r[2], options.at);
    if (!done) return r.out_of_memory();
    if (!options.return_old) r.answer.ok();
}

template <class Policy>
void mset(request<Policy>& r) {
    if (r.size() % 2 == 0) return r.answer.error("ERR wrong number of arguments for 'mset' command");
    multi_set<Policy> pairs(r.server.data, r.server.io, r.size() / 2);
    for (std::size_t i = 1; i < r.size(); i += 2) {
        if (!pairs.add(r[i], r[i + 1])) return r.out_of_memory();
    }
    pairs.commit();
    r.answer.ok();
}

template <class Policy>
void add_to(request<Policy>& r, std::int64_t amount) {
    entry* const there = r.server.data.find(r[1]);
    std::int64_t value = 0;
    if (there != nullptr) {
        const auto old = to_integer(there->value());
        if (!old) return r.answer.error(errors::not_an_integer);
        value = *old;
    }
    if (__builtin_add_overflow(value, amount, &value)) {
        return r.answer.error("ERR increment or decrement would overflow");
    }
    std::array<char, 24> text;
    const char* const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    const std::string_view digits(text.data(), static_cast<std::size_t>(end - text.data()));
    const bool done =
        there == nullptr ? r.server.data.add(r[1], digits, never) : r.server.data.set_value(there, digits);
    if (!done) return r.out_of_memory();
    r.answer.integer(value);
}

template <class Policy>
void incr(request<Policy>& r) {
    add_to(r, 1);
}

template <class Policy>
void decr(request<Policy>& r) {
    add_to(r, -1);
}

template <class Policy>
void incrby(request<Policy>& r) {
    const auto amount = to_integer(r[2]);
    amount ? add_to(r, *amount) : r.answer.error(errors::not_an_integer);
}

template <class Policy>
void decrby(request<Policy>& r) {
    const auto amount = to_integer(r[2]);
    if (!amount) return r.answer.error(errors::not_an_integer);
    if (*amount == std::numeric_limits<std::int64_t>::min())
        return r.answer.error("ERR decrement would overflow");
    add_to(r, -*amount);
}

template <class Policy>
void append(request<Policy>& r) {
    entry* const there = r.server.data.find(r[1]);
    const std::size_t before = there == nullptr ? 0 : there->value_size;
    const std::size_t after = before + r[2].size();
    // No longer than a request can make a value.
    if (after > r.server.settings.frames.max_frame)
        return r.answer.error("ERR string exceeds maximum allowed size");
    const bool done =
        there == nullptr ? r.server.data.add(r[1], r[2], never) : r.server.data.append(there, r[2]);
    if (!done) return r.out_of_memory();
    r.answer.integer(static_cast<std::int64_t>(after));
}

template <class Policy>
void strlen(request<Policy>& r) {
    const entry* const found = r.server.data.find(r[1]);
    r.answer.integer(found == nullptr ? 0 : found->value_size);
}

} // namespace packet_server::commands
