#include "c_api.hpp"

#include "cenote/pool/basic_cached_pool.hpp"
#include "cenote/pool/basic_pool.hpp"
#include "cenote/pool/watched.hpp"
#include "cenote/slab/geometry.hpp"
#include "cenote/slab/growth.hpp"

#include <bit>
#include <variant>

namespace {

using namespace cenote;
using namespace cenote::detail;

inline namespace CENOTE_LEVEL {
struct c_kind {
    static constexpr const char* name = "cenote_pool";
    static constexpr bool is_static = false;
};
} // namespace CENOTE_LEVEL
using for_one_thread = watched<basic_pool<runtime_geometry, c_source, c_kind>, c_source>;
using for_many_threads = watched<basic_cached_pool<runtime_geometry, c_source, c_kind>, c_source>;

bool sound_pool(const cenote_pool_options& o) noexcept {
    const bool known_threads = o.threads == CENOTE_ONE_THREAD || o.threads == CENOTE_MANY_THREADS;
    return sound(o) && known_threads && o.block_size != 0 && o.block_size <= max_block_size &&
           (o.alignment == 0 || (std::has_single_bit(o.alignment) && o.alignment <= max_block_size)) &&
           (!o.at_once || o.max_blocks != 0);
}

growth policy_of(const cenote_pool_options& o) noexcept {
    growth policy;
    policy.max_objects = unless_zero(o.max_blocks, growth::no_limit);
    policy.first_bytes = unless_zero(o.first_bytes, policy.first_bytes);
    policy.segment_bytes = unless_zero(o.segment_bytes, policy.segment_bytes);
    policy.at_once = o.at_once;
    policy.name = o.name;
    return policy;
}

} // namespace

struct cenote_pool {
    template <class Engine>
    cenote_pool(std::in_place_type_t<Engine> which, const cenote_pool_options& o) noexcept
        : engine(which, runtime_geometry{o.block_size, alignment_or_default(o.alignment), canary_bytes},
                 policy_of(o), c_source{o.source}) {}

    c_limits limits;
    std::variant<for_one_thread, for_many_threads> engine;
};

namespace {

// Calls f(engine), whichever it is.
template <class Pool, class F>
CENOTE_ALWAYS_INLINE auto with(Pool* pool, F&& f) noexcept {
    if (auto* const one = std::get_if<for_one_thread>(&pool->engine)) [[likely]]
        return f(*one);
    return f(*std::get_if<for_many_threads>(&pool->engine));
}

} // namespace

cenote_result cenote_pool_create(cenote_pool** out, const cenote_pool_options* options) {
    if (out == nullptr || options == nullptr || !sound_pool(*options)) return CENOTE_INVALID_ARGUMENT;
    if (options->threads == CENOTE_MANY_THREADS)
        return make_in_heap<cenote_pool>(out, std::in_place_type<for_many_threads>, *options);
    return make_in_heap<cenote_pool>(out, std::in_place_type<for_one_thread>, *options);
}

void cenote_pool_destroy(cenote_pool* pool) { heap::process().delete_object(pool); }

void* cenote_pool_allocate(cenote_pool* pool) {
    return with(pool, [](auto& engine) { return engine.allocate(); });
}

void cenote_pool_deallocate(cenote_pool* pool, void* block) {
    if (block == nullptr) return;
    with(pool, [block](auto& engine) { engine.take_back(block); });
}

cenote_result cenote_pool_preheat(cenote_pool* pool, size_t blocks) {
    const bool done = with(pool, [blocks](auto& engine) { return engine.preheat(blocks); });
    return done ? CENOTE_OK : CENOTE_OUT_OF_MEMORY;
}

size_t cenote_pool_trim(cenote_pool* pool) {
    return with(pool, [](auto& engine) { return engine.trim(); });
}

cenote_result cenote_pool_reset(cenote_pool* pool, cenote_reset_mode mode, size_t keep_bytes) {
    return with(pool, [=](auto& engine) { return reset_by(engine, mode, keep_bytes); });
}

void cenote_pool_for_each(cenote_pool* pool, void (*visit)(void* context, void* block), void* context) {
    with(pool, [=](auto& engine) { engine.for_each([=](std::byte* block) { visit(context, block); }); });
}

bool cenote_pool_contains(const cenote_pool* pool, const void* p) {
    return with(pool, [p](const auto& engine) { return engine.contains(p); });
}

bool cenote_pool_is_live(const cenote_pool* pool, const void* p) {
    return with(pool, [p](const auto& engine) { return engine.is_live(p); });
}

cenote_result cenote_pool_set_limits(cenote_pool* pool, const cenote_limits* limits) {
    return with(pool, [=](auto& engine) { return pool->limits.set(limits, engine.source().budget()); });
}

void cenote_pool_get_stats(const cenote_pool* pool, cenote_pool_stats* out) {
    const pool_stats s = with(pool, [](const auto& engine) { return engine.stats(); });
    *out = {s.live, s.capacity, s.limit, s.in_magazine, s.block_size, s.bytes, s.segments, s.slabs, {}};
}
