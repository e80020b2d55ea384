#include "description.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace cenote::tool {

namespace {

// Lines of a name, a blank and a value, in which a line break is \n and a backslash is \\.
void put_line(std::string& to, std::string_view name, std::string_view value) {
    to.append(name).push_back(' ');
    for (const char c : value)
        if (c == '\n')
            to.append("\\n");
        else if (c == '\\')
            to.append("\\\\");
        else
            to.push_back(c);
    to.push_back('\n');
}

void put_number(std::string& to, std::string_view name, std::uint64_t value) {
    put_line(to, name, std::to_string(value));
}

std::string plain(std::string_view value) {
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '\\' && i + 1 < value.size())
            text.push_back(value[++i] == 'n' ? '\n' : value[i]);
        else
            text.push_back(value[i]);
    }
    return text;
}

std::uint64_t number(std::string_view text) {
    std::uint64_t n = 0;
    std::from_chars(text.data(), text.data() + text.size(), n);
    return n;
}

template <class Each>
void for_each_line(std::string_view text, Each each) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        const std::size_t blank = line.find(' ');
        if (blank != std::string_view::npos) each(line.substr(0, blank), line.substr(blank + 1));
    }
}

constexpr std::array<std::pair<trace_end::reason, std::string_view>, 5> reasons{{
    {trace_end::reason::exited, "exited"},
    {trace_end::reason::signalled, "signalled"},
    {trace_end::reason::ended, "ended"},
    {trace_end::reason::stopped, "stopped"},
    {trace_end::reason::disk_full, "disk-full"},
}};

} // namespace

std::string trace_description::text() const {
    std::string to;
    for (const std::string& word : program)
        put_line(to, "program", word);
    put_number(to, "process", process);
    put_number(to, "started", started);
    put_number(to, "stack-interval", stack_interval);
    put_number(to, "page-size", page_size);
    put_line(to, "allocator", allocator);
    put_number(to, "forked", forked ? 1 : 0);
    return to;
}

trace_description trace_description::from(std::string_view text) {
    trace_description d;
    for_each_line(text, [&](std::string_view name, std::string_view text_of) {
        if (name == "program") d.program.push_back(plain(text_of));
        if (name == "process") d.process = number(text_of);
        if (name == "started") d.started = number(text_of);
        if (name == "stack-interval") d.stack_interval = number(text_of);
        if (name == "page-size") d.page_size = number(text_of);
        if (name == "allocator") d.allocator = plain(text_of);
        if (name == "forked") d.forked = number(text_of) != 0;
    });
    return d;
}

std::string trace_end::text() const {
    std::string to;
    for (const auto& [which, name] : reasons)
        if (which == why) put_line(to, "end", name);
    put_number(to, "value", value);
    put_number(to, "events", events);
    put_number(to, "lost", lost);
    return to;
}

trace_end trace_end::from(std::string_view text) {
    trace_end e;
    for_each_line(text, [&](std::string_view name, std::string_view text_of) {
        if (name == "end")
            for (const auto& [which, word] : reasons)
                if (word == text_of) e.why = which;
        if (name == "value") e.value = number(text_of);
        if (name == "events") e.events = number(text_of);
        if (name == "lost") e.lost = number(text_of);
    });
    return e;
}

} // namespace cenote::tool
