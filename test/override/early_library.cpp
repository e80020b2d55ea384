// A library that is linked, or preloaded before or behind the malloc under test: its constructors and destructors run as
// early and as late as a priority can make them.
#include "override/early_stage.hpp"

namespace cenote_test {

constinit left_behind early_blocks{};

namespace {

[[gnu::constructor(101)]] void first_constructor() { stage("library: constructor of priority 101"); }
[[gnu::destructor(101)]] void last_destructor() { stage("library: destructor of priority 101"); }

struct global {
    global() { stage("library: global"); }
    ~global() { stage("library: destructor of the global"); }
};
const global here;

} // namespace
} // namespace cenote_test
