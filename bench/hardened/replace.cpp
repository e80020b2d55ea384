// cenote_bench_replace LIVE LEAST MOST OPERATIONS: keeps LIVE blocks of LEAST to MOST bytes, and replaces one at random as
// often as said; each is written to at both ends. What malloc costs, and next to nothing else.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <vector>

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const auto number = [&](int i) { return std::strtoull(argv[i], nullptr, 10); };
    const std::size_t live = std::max(1ULL, number(1));
    const auto least = static_cast<double>(number(2));
    const auto most = static_cast<double>(number(3));

    // As many of each doubling. Drawn before, so that drawing costs nothing.
    std::mt19937 random{1};
    std::uniform_real_distribution<double> exponents{std::log2(least), std::log2(most)};
    std::vector<std::size_t> sizes(4096);
    for (std::size_t& size : sizes)
        size = static_cast<std::size_t>(std::exp2(exponents(random)));

    std::vector<char*> blocks(live);
    for (std::size_t i = 0; i != number(4); ++i) {
        char*& p = blocks[random() % live];
        std::free(p);
        const std::size_t size = sizes[i % sizes.size()];
        p = static_cast<char*>(std::malloc(size));
        if (p == nullptr) return 1;
        p[0] = p[size - 1] = 1;
    }
    for (char* const p : blocks)
        std::free(p);
}
