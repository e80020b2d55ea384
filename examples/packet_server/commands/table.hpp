// All commands, and the way from a name to one.
#pragma once

#include "command.hpp"
#include "connection.hpp"
#include "keys.hpp"
#include "server.hpp"
#include "strings.hpp"
#include "text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace packet_server {

template <class Policy>
class command_table {
public:
    // The command of that name, in any case, or nullptr.
    static const command<Policy>* find(std::string_view name) noexcept {
        std::array<char, longest_name> capitals;
        if (name.size() > capitals.size()) return nullptr;
        for (std::size_t i = 0; i < name.size(); ++i)
            capitals[i] = to_upper(name[i]);
        const std::string_view wanted(capitals.data(), name.size());
        for (std::size_t slot = slot_of(wanted); slots_[slot] != none; slot = (slot + 1) % slots_.size()) {
            if (all_[slots_[slot]].name == wanted) return &all_[slots_[slot]];
        }
        return nullptr;
    }

    // COMMAND, COMMAND COUNT, COMMAND INFO and COMMAND DOCS.
    static void list(request<Policy>& r) {
        if (r.size() == 1) {
            r.answer.array(all_.size());
            for (const command<Policy>& each : all_)
                describe(r, each);
        } else if (is_word(r[1], "COUNT") && r.size() == 2) {
            r.answer.integer(static_cast<std::int64_t>(all_.size()));
        } else if (is_word(r[1], "INFO")) {
            r.answer.array(r.size() - 2);
            for (std::size_t i = 2; i < r.size(); ++i) {
                const command<Policy>* const found = find(r[i]);
                found == nullptr ? r.answer.nil() : describe(r, *found);
            }
        } else if (is_word(r[1], "DOCS")) {
            documents(r);
        } else {
            r.answer.error("ERR unknown subcommand '" + printable(r[1]) +
                           "'. Try COMMAND COUNT, INFO or DOCS.");
        }
    }

private:
    static constexpr std::size_t longest_name = 16;
    static constexpr std::uint8_t none = 255;

    static constexpr auto all_ = std::to_array<command<Policy>>({
        {"PING", -1, false, 0, 0, 0, "connection", "Answers PONG, or its argument.", commands::ping<Policy>},
        {"ECHO", 2, false, 0, 0, 0, "connection", "Answers its argument.", commands::echo<Policy>},
        {"QUIT", -1, false, 0, 0, 0, "connection", "Closes the connection.", commands::quit<Policy>},
        {"SELECT", 2, false, 0, 0, 0, "connection", "Chooses the database; there is one, 0.",
         commands::select<Policy>},
        {"HELLO", -1, false, 0, 0, 0, "connection", "Shakes hands; version 2 only.", commands::hello<Policy>},
        {"CLIENT", -2, false, 0, 0, 0, "connection", "Names and lists clients.",
         commands::client_command<Policy>},
        {"GET", 2, false, 1, 1, 1, "string", "The value of a key.", commands::get<Policy>},
        {"SET", -3, true, 1, 1, 1, "string", "Sets a key: EX, PX, KEEPTTL, NX, XX, GET.",
         commands::set<Policy>},
        {"MGET", -2, false, 1, -1, 1, "string", "The values of several keys.", commands::mget<Policy>},
        {"MSET", -3, true, 1, -1, 2, "string", "Sets several keys, or none.", commands::mset<Policy>},
        {"INCR", 2, true, 1, 1, 1, "string", "Adds one to a number.", commands::incr<Policy>},
        {"DECR", 2, true, 1, 1, 1, "string", "Takes one from a number.", commands::decr<Policy>},
        {"INCRBY", 3, true, 1, 1, 1, "string", "Adds to a number.", commands::incrby<Policy>},
        {"DECRBY", 3, true, 1, 1, 1, "string", "Takes from a number.", commands::decrby<Policy>},
        {"APPEND", 3, true, 1, 1, 1, "string", "Lengthens a value.", commands::append<Policy>},
        {"STRLEN", 2, false, 1, 1, 1, "string", "The length of a value.", commands::strlen<Policy>},
        {"DEL", -2, true, 1, -1, 1, "generic", "Removes keys.", commands::del<Policy>},
        {"EXISTS", -2, false, 1, -1, 1, "generic", "How many of these keys there are.",
         commands::exists<Policy>},
        {"TYPE", 2, false, 1, 1, 1, "generic", "The type of a key's value.", commands::type<Policy>},
        {"EXPIRE", 3, true, 1, 1, 1, "generic", "Lets a key expire, in seconds.", commands::expire<Policy>},
        {"PEXPIRE", 3, true, 1, 1, 1, "generic", "Lets a key expire, in milliseconds.",
         commands::pexpire<Policy>},
        {"TTL", 2, false, 1, 1, 1, "generic", "What is left of a key's time, in seconds.",
         commands::ttl<Policy>},
        {"PTTL", 2, false, 1, 1, 1, "generic", "The same in milliseconds.", commands::pttl<Policy>},
        {"PERSIST", 2, true, 1, 1, 1, "generic", "Lets a key live for ever.", commands::persist<Policy>},
        {"DBSIZE", 1, false, 0, 0, 0, "server", "How many keys there are.", commands::dbsize<Policy>},
        {"FLUSHALL", -1, true, 0, 0, 0, "server", "Removes all keys.", commands::flushall<Policy>},
        {"FLUSHDB", -1, true, 0, 0, 0, "server", "Removes all keys.", commands::flushall<Policy>},
        {"INFO", -1, false, 0, 0, 0, "server", "What the server counts, by section.", commands::info<Policy>},
        {"CONFIG", -2, false, 0, 0, 0, "server", "CONFIG GET: how the server was set up.",
         commands::config<Policy>},
        {"COMMAND", -1, false, 0, 0, 0, "server", "This list: COUNT, INFO, DOCS.", &command_table::list},
        {"SHUTDOWN", -1, false, 0, 0, 0, "server", "Stops the server.", commands::shutdown<Policy>},
    });

    static constexpr std::size_t slot_of(std::string_view name) noexcept {
        std::size_t h = name.size();
        for (const char c : name)
            h = h * 31 + static_cast<std::size_t>(static_cast<unsigned char>(c));
        return h % slot_count;
    }

    static constexpr std::size_t slot_count = 128;
    static constexpr std::array<std::uint8_t, slot_count> make_slots() noexcept {
        std::array<std::uint8_t, slot_count> slots{};
        slots.fill(none);
        for (std::size_t i = 0; i < all_.size(); ++i) {
            std::size_t slot = slot_of(all_[i].name);
            while (slots[slot] != none)
                slot = (slot + 1) % slot_count;
            slots[slot] = static_cast<std::uint8_t>(i);
        }
        return slots;
    }
    inline static const std::array<std::uint8_t, slot_count> slots_ = make_slots();

    static void describe(request<Policy>& r, const command<Policy>& c) {
        r.answer.array(6);
        r.answer.bulk(lower(c.name));
        r.answer.integer(c.arity);
        r.answer.array(1);
        r.answer.status(c.writes ? "write" : "readonly");
        r.answer.integer(c.first_key);
        r.answer.integer(c.last_key);
        r.answer.integer(c.key_step);
    }

    static void documents(request<Policy>& r) {
        const auto asked = [&](const command<Policy>& c) {
            for (std::size_t i = 2; i < r.size(); ++i) {
                if (is_word(r[i], c.name)) return true;
            }
            return r.size() == 2;
        };
        std::size_t count = 0;
        for (const command<Policy>& each : all_)
            count += asked(each);
        r.answer.array(2 * count);
        for (const command<Policy>& each : all_) {
            if (!asked(each)) continue;
            r.answer.bulk(lower(each.name));
            r.answer.array(4);
            r.answer.bulk("summary");
            r.answer.bulk(each.summary);
            r.answer.bulk("group");
            r.answer.bulk(each.group);
        }
    }
};

} // namespace packet_server
