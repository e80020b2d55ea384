// Allocates at two places whose names and shares are known: three quarters of the bytes in `large`, one in `small`.
#include <cstdlib>
#include <memory>
#include <vector>

namespace {

using blocks = std::vector<std::unique_ptr<char[]>>;

[[gnu::noinline]] void large(blocks& to) { to.push_back(std::make_unique<char[]>(30'000)); }
[[gnu::noinline]] void small(blocks& to) {
    for (int i = 0; i != 10; ++i)
        to.push_back(std::make_unique<char[]>(1'000));
}

} // namespace

int main() {
    blocks kept;
    kept.reserve(11'000);
    for (int i = 0; i != 1'000; ++i) {
        large(kept);
        small(kept);
    }
    std::exit(0); // as it stands: all of it is live
}
