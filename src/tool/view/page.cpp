#include "page.hpp"

// The page without a summary, as CMake put it together of what is in page/; page_text.cpp.in has them.
extern "C" const char cenote_page_begin;
extern "C" const char cenote_page_end;

namespace cenote::tool {

std::string page_with(std::string_view summary) {
    constexpr std::string_view place = "@SUMMARY@";
    const std::string_view page(&cenote_page_begin,
                                static_cast<std::size_t>(&cenote_page_end - &cenote_page_begin));
    const std::size_t at = page.find(place);
    std::string text(page.substr(0, at));
    text.reserve(page.size() + summary.size() + summary.size() / 16);
    for (const char c : summary) {
        // Only within strings, where both are the same.
        if (c == '<')
            text += "\\u003c";
        else
            text += c;
    }
    text += page.substr(at + place.size());
    return text;
}

} // namespace cenote::tool
