#include "stack_names.hpp"

#include "../symbols/call_site.hpp"

#include <algorithm>

namespace cenote::tool {

namespace {
std::string shown_name(const source_call& call) {
    return call.function.empty() ? call.name() : std::string(plain_name(call.function));
}
} // namespace

std::uint32_t stack_names::place_of(const trace_reader& trace, std::uint32_t stack) {
    const auto [found, is_new] = places_.try_emplace(stack, static_cast<std::uint32_t>(stacks_.size()));
    if (!is_new) return found->second;
    std::vector<const source_call*> calls;
    for (const std::uint64_t address : trace.stack(stack))
        for (const source_call& each : names_.calls_at(trace.module_at(address), address))
            calls.push_back(&each);
    static const source_call unknown{.function = "(unknown)"};
    if (calls.empty()) calls.push_back(&unknown); // its definition was in a damaged part
    view_stack named;
    for (auto each = calls.rbegin(); each != calls.rend(); ++each)
        named.functions.push_back(function_of(**each));
    named.site = site_of(*calls[call_site(calls)]);
    stacks_.push_back(std::move(named));
    return found->second;
}

std::uint32_t stack_names::function_of(const source_call& call) {
    view_function f{.name = shown_name(call), .module = call.module, .file = call.file, .line = call.line};
    const auto [found, is_new] =
        function_numbers_.try_emplace({f.name, f.module}, static_cast<std::uint32_t>(functions_.size()));
    if (is_new) functions_.push_back(std::move(f));
    return found->second;
}

std::uint32_t stack_names::site_of(const source_call& call) {
    const auto [found, is_new] =
        site_numbers_.try_emplace(call.text(), static_cast<std::uint32_t>(sites_.size()));
    if (is_new)
        sites_.push_back(
            {.name = shown_name(call), .module = call.module, .file = call.file, .line = call.line});
    return found->second;
}

} // namespace cenote::tool
