// Layer: tool. The page that shows a summary: one file that needs nothing else.
#pragma once

#include <string>
#include <string_view>

namespace cenote::tool {

// `summary` is JSON. Whatever is in it, it ends no element and begins none.
std::string page_with(std::string_view summary);

} // namespace cenote::tool
