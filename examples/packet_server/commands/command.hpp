// What a command is, and what it gets to run.
#pragma once

#include "../net/output_queue.hpp"
#include "../net/service.hpp"
#include "../protocol/packet.hpp"
#include "../protocol/reply.hpp"

#include <cstddef>
#include <string_view>

namespace packet_server {

template <class Policy>
using output_of = output_queue<buffer_memory<Policy>>;

template <class Policy>
struct request {
    service<Policy>& server;
    client& from;
    const packet& arguments; // the name of the command first
    reply<output_of<Policy>> answer;
    bool refused = false; // set when memory ran out: the answer so far is dropped for an -OOM

    std::string_view operator[](std::size_t i) const noexcept { return arguments[i]; }
    std::size_t size() const noexcept { return arguments.size(); }
    void out_of_memory() noexcept { refused = true; }
};

template <class Policy>
struct command {
    std::string_view name; // in capitals
    int arity;             // arguments with the name; negative: at least so many
    bool writes;
    int first_key, last_key,
        key_step; // positions; a last of -1 means the last argument, a first of 0 no keys
    std::string_view group;
    std::string_view summary;
    void (*run)(request<Policy>&);

    bool accepts(std::size_t arguments) const noexcept {
        return arity >= 0 ? arguments == static_cast<std::size_t>(arity)
                          : arguments >= static_cast<std::size_t>(-arity);
    }
};

namespace errors {
inline constexpr std::string_view syntax = "ERR syntax error";
inline constexpr std::string_view not_an_integer = "ERR value is not an integer or out of range";
} // namespace errors

} // namespace packet_server
