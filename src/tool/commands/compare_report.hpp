// Layer: tool. What `cenote compare` found: in text, and as JSON.
#pragma once

#include "../allocators/allocator.hpp"
#include "../process/child.hpp"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace cenote::tool {

// What a run wrote to stdout.
struct output_digest {
    std::uint64_t bytes = 0;
    std::uint64_t hash = 0; // FNV-1a (Fowler, Noll and Vo)
    bool operator==(const output_digest&) const = default;
};

struct compared_run {
    ending how;
    output_digest output;
};

struct compared_allocator {
    allocator which;
    std::vector<compared_run> runs; // round by round; the one to warm up is not among them
    std::string failure;            // why it is out of the race; empty where it is not

    bool is_in() const noexcept { return failure.empty(); }
};

struct comparison {
    std::vector<std::string> words;
    std::vector<compared_allocator> allocators; // the baseline first
    unsigned rounds = 0;
    std::string own_malloc; // the library whose malloc the program brings; empty where it has the C library's

    const compared_allocator& baseline() const { return allocators.front(); }
    bool is_output_steady() const; // the same in all rounds of the baseline
    // Where the output, or how the program ended, is another than under the baseline; one sentence each.
    std::vector<std::string> differences() const;
};

std::string compare_text(const comparison& of);
nlohmann::ordered_json compare_json(const comparison& of);

} // namespace cenote::tool
