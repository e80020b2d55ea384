// Gravity among many bodies after Barnes and Hut (A hierarchical O(N log N) force-calculation algorithm, 1986): the plane
// is quartered until each region holds one body, and a region that is far away acts as one mass. The tree is built
// anew in every step. `Memory` is where its regions live: see memory.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace barnes_hut {

struct vec {
    float x = 0, y = 0;
};

struct body {
    vec place, speed;
    float mass;
};

struct region {
    vec middle;
    float half; // of the side
    float mass = 0;
    vec center = {}; // of the mass
    region* parts[4] = {};
    bool divided = false;

    region(vec m, float h) : middle(m), half(h) {}
};

template <class Memory>
class tree {
public:
    void build(const std::vector<body>& bodies) {
        vec low = bodies.front().place, high = low;
        for (const body& b : bodies) {
            low = {std::min(low.x, b.place.x), std::min(low.y, b.place.y)};
            high = {std::max(high.x, b.place.x), std::max(high.y, b.place.y)};
        }
        const float half = std::max(high.x - low.x, high.y - low.y) / 2 + 1;
        root_ = create({(low.x + high.x) / 2, (low.y + high.y) / 2}, half);
        for (const body& b : bodies)
            insert(b.place, b.mass);
        sum_up(*root_);
    }

    // The pull on a body there.
    vec pull(vec at) const {
        vec sum;
        add_pull(*root_, at, sum);
        return sum;
    }

    void drop() {
        memory_.drop(root_);
        root_ = nullptr;
        regions_ = 0;
    }

    std::size_t regions() const { return regions_; }

    // That of one mass.
    static void add_pull_of(float mass, vec center, vec at, vec& sum) {
        const vec d{center.x - at.x, center.y - at.y};
        const float square = d.x * d.x + d.y * d.y + softening;
        const float f = mass / square; // as gravity is in a plane
        sum.x += f * d.x;
        sum.y += f * d.y;
    }

private:
    static constexpr float opening =
        0.5f; // a region is far when its side is less than this part of its distance
    static constexpr float softening = 1;
    static constexpr float smallest_half = 1e-3f; // bodies nearer than that are one

    region* create(vec middle, float half) {
        ++regions_;
        return memory_.create(middle, half);
    }

    void insert(vec at, float mass) {
        region* r = root_;
        for (;;) {
            if (!r->divided) {
                if (r->mass == 0) {
                    r->center = at;
                    r->mass = mass;
                    return;
                }
                if (r->half < smallest_half) {
                    const float sum = r->mass + mass;
                    r->center = {(r->center.x * r->mass + at.x * mass) / sum,
                                 (r->center.y * r->mass + at.y * mass) / sum};
                    r->mass = sum;
                    return;
                }
                region* const lower = part(*r, r->center); // whoever lived here moves down
                lower->center = r->center;
                lower->mass = r->mass;
                r->divided = true;
            }
            r = part(*r, at);
        }
    }

    region* part(region& of, vec at) {
        const bool right = at.x >= of.middle.x, upper = at.y >= of.middle.y;
        region*& p = of.parts[(upper ? 2 : 0) + (right ? 1 : 0)];
        if (p == nullptr) {
            const float quarter = of.half / 2;
            p = create(
                {of.middle.x + (right ? quarter : -quarter), of.middle.y + (upper ? quarter : -quarter)},
                quarter);
        }
        return p;
    }

    static void sum_up(region& r) {
        if (!r.divided) return;
        r.mass = 0;
        vec moment;
        for (region* const p : r.parts) {
            if (p == nullptr) continue;
            sum_up(*p);
            r.mass += p->mass;
            moment.x += p->mass * p->center.x;
            moment.y += p->mass * p->center.y;
        }
        r.center = {moment.x / r.mass, moment.y / r.mass};
    }

    static void add_pull(const region& r, vec at, vec& sum) {
        const vec d{r.center.x - at.x, r.center.y - at.y};
        const float side = 2 * r.half;
        if (!r.divided || side * side < opening * opening * (d.x * d.x + d.y * d.y)) {
            add_pull_of(r.mass, r.center, at, sum);
            return;
        }
        for (const region* const p : r.parts) {
            if (p != nullptr) add_pull(*p, at, sum);
        }
    }

    Memory memory_;
    region* root_ = nullptr;
    std::size_t regions_ = 0;
};

} // namespace barnes_hut
