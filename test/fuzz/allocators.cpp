// Containers over two families of pools, or over one for many threads, against the same containers of the standard allocator.
#include "fuzz/input.hpp"

#include "cenote/pool_allocator.hpp"

#include <algorithm>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cenote_fuzz {
namespace {

// A container and what it should be.
template <class Tested, class Known>
struct twin {
    Tested tested;
    Known known;

    void check() const {
        require(tested.size() == known.size() && std::equal(known.begin(), known.end(), tested.begin()),
                "a container differs from its twin");
    }
};

template <class Family, template <class> class Allocator>
class run {
public:
    explicit run(input from) : from_(from) {}

    void all() {
        while (!from_.is_over())
            step();
        check();
    }

private:
    template <class T>
    using vector_twin = twin<std::vector<T, Allocator<T>>, std::vector<T>>;
    using list_twin = twin<std::list<int, Allocator<int>>, std::list<int>>;
    using pair = std::pair<const int, int>;
    using map_twin = twin<std::map<int, int, std::less<>, Allocator<pair>>, std::map<int, int>>;
    using string = std::basic_string<char, std::char_traits<char>, Allocator<char>>;
    using hash_map = std::unordered_map<int, int, std::hash<int>, std::equal_to<>, Allocator<pair>>;

    struct containers {
        explicit containers(Family& family)
            : list{std::list<int, Allocator<int>>{family}, {}}, vector{std::vector<int, Allocator<int>>{
                                                                           family},
                                                                       {}},
              map{std::map<int, int, std::less<>, Allocator<pair>>{family}, {}}, text(family), table(family) {
        }
        list_twin list;
        vector_twin<int> vector;
        map_twin map;
        string text;
        std::string known_text;
        hash_map table;
        std::unordered_map<int, int> known_table;
    };

    static void both(auto& of, auto change) {
        change(of.tested);
        change(of.known);
    }

    void step() {
        containers& c = all_[from_.byte() % 2];
        containers& other = all_[from_.byte() % 2];
        const int n = static_cast<int>(from_.below(1000));
        switch (from_.below(14)) {
        case 0:
            return both(c.list, [n](auto& l) { l.insert(l.end(), static_cast<std::size_t>(n % 50), n); });
        case 1:
            return both(c.list, [n](auto& l) {
                for (int i = 0; i != n && !l.empty(); ++i)
                    i % 2 == 0 ? l.pop_front() : l.pop_back();
            });
        case 2:
            if (&c == &other || !is_same(c, other)) return;
            c.list.tested.splice(c.list.tested.begin(), other.list.tested);
            c.list.known.splice(c.list.known.begin(), other.list.known);
            return;
        case 3:
            return both(c.vector, [n](auto& v) { v.insert(v.end(), static_cast<std::size_t>(n), n); });
        case 4:
            return both(c.vector,
                        [n](auto& v) { v.resize(std::min(v.size(), static_cast<std::size_t>(n))); });
        case 5:
            return both(c.vector, [](auto& v) { v.shrink_to_fit(); });
        case 6:
            return both(c.map, [n](auto& m) {
                for (int i = 0; i != n % 100; ++i)
                    m[i * n % 511] = i;
            });
        case 7:
            return both(c.map, [n](auto& m) {
                for (int i = 0; i != n % 100; ++i)
                    m.erase(i * n % 511);
            });
        case 8:
            c.text.append(static_cast<std::size_t>(n), 'a');
            c.known_text.append(static_cast<std::size_t>(n), 'a');
            return;
        case 9:
            c.text.clear();
            c.known_text.clear();
            c.text.shrink_to_fit();
            return;
        case 10:
            for (int i = 0; i != n % 100; ++i) {
                c.table[i * n] = i;
                c.known_table[i * n] = i;
            }
            return;
        case 11:
            c.table.erase(n);
            c.known_table.erase(n);
            return;
        case 12:
            // Copies leave a container where it is, moves take the allocator along.
            c.list.tested = other.list.tested;
            c.list.known = other.list.known;
            c.map.tested = std::as_const(other.map.tested);
            c.map.known = other.map.known;
            return;
        default:
            if (n % 8 == 0) (void)families_[n % 2].trim();
            return check();
        }
    }
    bool is_same(const containers& a, const containers& b) const {
        return a.list.tested.get_allocator() == b.list.tested.get_allocator();
    }
    void check() const {
        for (const containers& c : all_) {
            c.list.check();
            c.vector.check();
            c.map.check();
            require(c.text.compare(0, c.text.npos, c.known_text.data(), c.known_text.size()) == 0,
                    "a string differs");
            require(c.table.size() == c.known_table.size(), "a table differs in size");
            for (const auto& [key, value] : c.known_table) {
                const auto found = c.table.find(key);
                require(found != c.table.end() && found->second == value, "a table differs");
            }
        }
    }

    input from_;
    Family families_[2];
    containers all_[2] = {containers{families_[0]}, containers{families_[1]}};
};

template <class T>
using of_one_thread = cenote::pool_allocator<T>;
template <class T>
using of_many_threads = cenote::shared_pool_allocator<T>;

} // namespace
} // namespace cenote_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace cenote_fuzz;
    input from{bytes, size};
    if (from.byte() % 2 == 0)
        run<cenote::pool_family, of_one_thread>{from}.all();
    else
        run<cenote::shared_pool_family, of_many_threads>{from}.all();
    return 0;
}
