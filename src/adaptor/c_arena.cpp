#include "c_api.hpp"

#include "cenote/pool/arena.hpp"

#include <bit>
#include <span>

namespace {

using namespace cenote;
using namespace cenote::detail;

using c_arena = basic_arena<c_source>;

arena_growth policy_of(const cenote_arena_options& o) noexcept {
    const arena_growth usual;
    return {.first_bytes = unless_zero(o.first_bytes, usual.first_bytes),
            .largest_bytes = unless_zero(o.largest_bytes, usual.largest_bytes),
            .name = o.name};
}

} // namespace

struct cenote_arena {
    explicit cenote_arena(const cenote_arena_options& o) noexcept
        : arena(std::span{static_cast<std::byte*>(o.buffer), o.buffer == nullptr ? 0 : o.buffer_bytes},
                policy_of(o), c_source{o.source}) {}

    c_limits limits;
    c_arena arena;
};

cenote_result cenote_arena_create(cenote_arena** out, const cenote_arena_options* options) {
    const cenote_arena_options usual{};
    const cenote_arena_options& o = options == nullptr ? usual : *options;
    if (out == nullptr || !sound(o)) return CENOTE_INVALID_ARGUMENT;
    return make_in_heap<cenote_arena>(out, o);
}

void cenote_arena_destroy(cenote_arena* arena) { heap::process().delete_object(arena); }

void* cenote_arena_allocate(cenote_arena* arena, size_t bytes, size_t alignment) {
    return arena->arena.try_allocate(bytes, alignment_or_default(alignment));
}

cenote_arena_mark cenote_arena_get_mark(const cenote_arena* arena) {
    return std::bit_cast<cenote_arena_mark>(arena->arena.get_mark());
}

void cenote_arena_rewind(cenote_arena* arena, cenote_arena_mark to) {
    arena->arena.rewind(std::bit_cast<c_arena::mark>(to));
}

cenote_result cenote_arena_reset(cenote_arena* arena, cenote_reset_mode mode, size_t keep_bytes) {
    return reset_by(arena->arena, mode, keep_bytes);
}

cenote_result cenote_arena_set_limits(cenote_arena* arena, const cenote_limits* limits) {
    return arena->limits.set(limits, arena->arena.source().budget());
}

void cenote_arena_get_stats(const cenote_arena* arena, cenote_arena_stats* out) {
    const arena_stats s = arena->arena.stats();
    *out = {s.used, s.capacity, s.bytes, s.slabs, {}};
}
