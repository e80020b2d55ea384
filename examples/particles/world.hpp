// A shooter's bullets and sparks: guns fire every frame, a bullet that reaches the wall bursts into sparks, and those
// burn out. `Store<T>` is where objects of one type live: see stores.hpp.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace particles {

struct bullet {
    float x, y, dx, dy;
    std::uint32_t seed;
};

struct spark {
    float x, y, dx, dy;
    std::uint32_t seed;
    std::int32_t frames_left;
};

// Numbers that depend on the object alone, so that the world comes out the same in whatever order a store visits.
inline std::uint32_t scramble(std::uint32_t n) {
    n = (n ^ (n >> 16)) * 0x7feb352dU;
    n = (n ^ (n >> 15)) * 0x846ca68bU;
    return n ^ (n >> 16);
}
inline float between(float low, float high, std::uint32_t random) {
    return low + (high - low) * static_cast<float>(random >> 8) / static_cast<float>(1 << 24);
}

struct answer {
    std::uint64_t born = 0, died = 0, bullets = 0, sparks = 0, checksum = 0;
    bool operator==(const answer&) const = default;
};

template <template <class> class Store>
class world {
public:
    explicit world(std::uint32_t bullets_per_frame) : bullets_per_frame_(bullets_per_frame) {}

    void frame() {
        fire();
        bullets_.update([this](bullet& b) { return fly(b); });
        sparks_.update([this](spark& s) { return burn(s); });
    }

    answer look() {
        answer all = seen_;
        bullets_.update([&all](bullet& b) {
            ++all.bullets;
            all.checksum += scramble(std::bit_cast<std::uint32_t>(b.x) ^ b.seed) +
                            scramble(std::bit_cast<std::uint32_t>(b.y));
            return true;
        });
        sparks_.update([&all](spark& s) {
            ++all.sparks;
            all.checksum += scramble(std::bit_cast<std::uint32_t>(s.x) ^ s.seed) +
                            scramble(std::bit_cast<std::uint32_t>(s.y));
            return true;
        });
        return all;
    }

private:
    static constexpr float wall = 1000.f;
    static constexpr std::uint32_t sparks_per_bullet = 8;

    void fire() {
        for (std::uint32_t i = 0; i != bullets_per_frame_; ++i) {
            const std::uint32_t seed = scramble(next_seed_++);
            bullets_.add(0.f, between(0.f, wall, seed), between(10.f, 40.f, scramble(seed)), 0.f, seed);
        }
        seen_.born += bullets_per_frame_;
    }

    // Both say whether the object lives on.
    bool fly(bullet& b) {
        b.x += b.dx;
        b.y += b.dy;
        if (b.x < wall) return true;
        for (std::uint32_t i = 0; i != sparks_per_bullet; ++i) {
            const std::uint32_t seed = scramble(b.seed + i + 1);
            sparks_.add(wall, b.y, between(-5.f, 0.f, seed), between(-5.f, 5.f, scramble(seed)), seed,
                        static_cast<std::int32_t>(8 + seed % 32));
        }
        seen_.born += sparks_per_bullet;
        ++seen_.died;
        return false;
    }
    bool burn(spark& s) {
        s.dy -= 0.1f;
        s.x += s.dx;
        s.y += s.dy;
        if (--s.frames_left != 0) return true;
        ++seen_.died;
        return false;
    }

    Store<bullet> bullets_;
    Store<spark> sparks_;
    std::uint32_t bullets_per_frame_;
    std::uint32_t next_seed_ = 1;
    answer seen_;
};

} // namespace particles
