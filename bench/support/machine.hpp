// What figures depend on: read from the machine, never guessed.
#pragma once

#include <nlohmann/json.hpp>

namespace bench {

// The kernel's averages over 1, 5 and 15 minutes, or null.
nlohmann::ordered_json load_average();

// Processor, caches, memory, kernel and load; no host name.
nlohmann::ordered_json describe_machine();

// Compiler, C library and google-benchmark, each {"version", "options"}.
nlohmann::ordered_json describe_toolchain();

} // namespace bench
