#include <cenote/heap.hpp>

int main() {
    int* const p = cenote::heap::process().new_object<int>(7);
    const bool right = *p == 7;
    cenote::heap::process().delete_object(p);
    return right ? 0 : 1;
}
