// A pool behind pointers to functions, for tests that go through many types: what they do is compiled once, and only what
// the pool does once for each type.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cenote_test {

class faceless {
public:
    template <class Object, class Pool>
    static faceless of(Pool& pool) {
        faceless f;
        f.pool_ = &pool;
        f.size = sizeof(Object);
        f.create_ = [](void* to, std::uint64_t stamp) -> void* {
            return static_cast<Pool*>(to)->create(stamp);
        };
        f.destroy_ = [](void* to, void* p) { static_cast<Pool*>(to)->destroy(static_cast<Object*>(p)); };
        f.holds_ = [](const void* p, std::uint64_t stamp) {
            return static_cast<const Object*>(p)->holds(stamp);
        };
        f.live_ = [](void* to) { return static_cast<Pool*>(to)->live(); };
        f.valid_ = [](void* to) { return static_cast<Pool*>(to)->valid(); };
        return f;
    }

    void* create(std::uint64_t stamp) const { return create_(pool_, stamp); }
    void destroy(void* p) const { destroy_(pool_, p); }
    bool holds(const void* p, std::uint64_t stamp) const { return holds_(p, stamp); }
    std::size_t live() const { return live_(pool_); }
    bool valid() const { return valid_(pool_); }

    std::size_t size = 0; // of an object

private:
    faceless() = default;

    void* pool_ = nullptr;
    void* (*create_)(void*, std::uint64_t) = nullptr;
    void (*destroy_)(void*, void*) = nullptr;
    bool (*holds_)(const void*, std::uint64_t) = nullptr;
    std::size_t (*live_)(void*) = nullptr;
    bool (*valid_)(void*) = nullptr;
};

} // namespace cenote_test
