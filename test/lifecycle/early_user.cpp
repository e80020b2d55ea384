// The other file's global, so that either order of initialisation has somebody who comes first.
#include "lifecycle/early_pool.hpp"

namespace {
struct global {
    std::uint64_t* held = early_pool.create(11U);
    ~global() { early_pool.destroy(held); }
};
const global here;
} // namespace

std::uint64_t value_of_early_user() { return *here.held; }
