#include <cenote/cached_pool.hpp>
#include <cenote/object_pool.hpp>

int main() {
    cenote::object_pool<int> one;
    cenote::cached_pool<long> many;
    int* const a = one.create(3);
    long* const b = many.create(4);
    const bool right = *a + *b == 7;
    one.destroy(a);
    many.destroy(b);
    return right ? 0 : 1;
}
