// Layer: tool. The check of options that are numbers with a point, as seconds.
#pragma once

#include <CLI/CLI.hpp>

#include <cmath>
#include <string>

namespace cenote::tool {

// From `least` to `most`. The parser's own range lets through what is no number: no comparison with it holds.
inline CLI::Validator number_between(double least, double most) {
    const CLI::Range range(least, most);
    return {[range](std::string& text) {
                double number = 0;
                const bool is_none = CLI::detail::lexical_cast(text, number) && std::isnan(number);
                return is_none ? "Value " + text + " is no number" : range(text);
            },
            range.get_description()};
}

} // namespace cenote::tool
