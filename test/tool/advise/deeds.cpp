// advise_deeds: a program with habits that `cenote advise` is to find.
//
//     40,000 records of 1,040 bytes that stay        a class of their own saves a tenth of each
//     nodes of 48 bytes, here and there              an object_pool
//     words of many sizes, a thousand at a time      an arena
//
// With an argument the nodes alone, for which nothing can be bettered.
#include <cstdlib>
#include <cstring>

namespace {

constexpr int records = 40'000;
constexpr int nodes = 60'000;
constexpr int words = 1'000;

void* kept[records];
void* alive[64];
void* sentence[words];

} // namespace

extern "C" {

[[gnu::noinline]] void* make_record() {
    void* const p = std::malloc(1'040);
    std::memset(p, 1, 1'040);
    return p;
}
[[gnu::noinline]] void* make_node() {
    void* const p = std::malloc(48);
    std::memset(p, 1, 48);
    return p;
}
[[gnu::noinline]] void* make_word(std::size_t size) {
    void* const p = std::malloc(size);
    std::memset(p, 1, size);
    return p;
}

} // extern "C"

int main(int argc, char**) {
    const bool is_few = argc > 1;
    if (!is_few)
        for (void*& p : kept)
            p = make_record();
    for (int i = 0; i != nodes; ++i) {
        void*& place = alive[i * 7 % 64];
        std::free(place);
        place = make_node();
    }
    if (is_few) return 0;
    for (int round = 0; round != 60; ++round) {
        for (int i = 0; i != words; ++i)
            sentence[i] = make_word(static_cast<std::size_t>(20 + (i * 13 + round) % 180));
        for (void* const p : sentence)
            std::free(p);
    }
}
