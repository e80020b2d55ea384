// What figures depend on: read from the machine, never guessed.
#pragma once

#include <nlohmann/json.hpp>

namespace bench {

// Processor, caches, memory, kernel and load; no host name.
nlohmann::ordered_json describe_machine();

// Compiler, C library and google-benchmark, each {"version", "options"}.
nlohmann::ordered_json describe_toolchain();

} // namespace bench
