#include "call_site.hpp"

#include <algorithm>
#include <array>

namespace cenote::tool {

namespace {

bool contains_word(std::string_view text, std::string_view word) noexcept {
    const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
    return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

// The last of "a::b<c::d>::e", without what stands in brackets.
std::string_view last_part(std::string_view name) noexcept {
    std::size_t depth = 0;
    std::size_t begin = 0;
    std::size_t end = name.size();
    for (std::size_t i = 0; i != name.size(); ++i) {
        if (name[i] == '<' && depth++ == 0) end = i;
        if (name[i] == '>' && depth != 0) --depth;
        if (name[i] == ':' && depth == 0) {
            begin = i + 1;
            end = name.size();
        }
    }
    return name.substr(begin, std::max(begin, end) - begin);
}

constexpr std::string_view operator_word = "operator";

// Where an operator's name begins, which "my_operator" and "operators" are none of.
std::size_t find_operator(std::string_view function) noexcept {
    const auto is_letter = [&](std::size_t i) {
        constexpr std::string_view others = "0123456789_";
        const char c = i < function.size() ? function[i] : ' ';
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || others.find(c) != std::string_view::npos;
    };
    std::size_t at = function.find(operator_word);
    while (at != std::string_view::npos &&
           ((at != 0 && is_letter(at - 1)) || is_letter(at + operator_word.size())))
        at = function.find(operator_word, at + 1);
    return at;
}

} // namespace

std::string_view plain_name(std::string_view function) noexcept {
    const std::size_t op = find_operator(function);
    if (op == 0) {
        // Of operators that are in no namespace; the type that "operator new (unsigned long)" is called with is none of it.
        return function.substr(0, function.find('(', function.starts_with("operator()") ? 10 : 0));
    }
    // Depths of angle brackets, and of round ones that are within the name, as "(anonymous namespace)::f(int)".
    std::size_t angles = 0;
    std::size_t begin = 0;
    const std::size_t sign = op == std::string_view::npos ? op : op + operator_word.size();
    for (std::size_t i = 0; i != function.size(); ++i) {
        const char c = function[i];
        if (i == sign && (c == '<' || c == '(')) { // no bracket: operator<, operator<<, operator()
            if (function.substr(i + 1).starts_with(c == '<' ? '<' : ')')) ++i;
            continue;
        }
        if (c == '<') ++angles;
        if (c == '>' && angles != 0) --angles;
        if (angles != 0) continue;
        if (c == ' ' && (op == std::string_view::npos || i < op)) begin = i + 1;
        if (c == '(') {
            constexpr std::string_view anonymous = "(anonymous namespace)";
            if (function.substr(i).starts_with(anonymous)) {
                i += anonymous.size() - 1;
                continue;
            }
            return function.substr(begin, i - begin);
        }
    }
    return function.substr(begin);
}

bool is_allocation_glue(const source_call& call) noexcept {
    constexpr std::array<std::string_view, 8> libraries{"libcenote",   "libjemalloc",  "libtcmalloc",
                                                        "libmimalloc", "libtbbmalloc", "libhoard",
                                                        "librpmalloc", "libsnmalloc"};
    if (std::any_of(libraries.begin(), libraries.end(),
                    [&](std::string_view each) { return call.module.starts_with(each); }))
        return true;
    const std::string_view name = plain_name(call.function);
    for (const std::string_view each : {"operator new", "std::", "__gnu_cxx::", "cenote::"})
        if (name.starts_with(each)) return true;
    const std::string_view own = last_part(name);
    return contains_word(own, "malloc") || contains_word(own, "calloc") || contains_word(own, "realloc") ||
           contains_word(own, "strdup") || contains_word(own, "strndup") || own == "memalign" ||
           own == "posix_memalign" || own == "aligned_alloc";
}

std::size_t call_site(std::span<const source_call* const> calls) noexcept {
    const auto found = std::find_if(calls.begin(), calls.end(),
                                    [](const source_call* each) { return !is_allocation_glue(*each); });
    return found == calls.end() ? 0 : static_cast<std::size_t>(found - calls.begin());
}

} // namespace cenote::tool
