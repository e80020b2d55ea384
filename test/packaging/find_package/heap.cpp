// The heap and the C API of the compiled library, from C++: both are the same heap.
#include <cenote/cenote.h>
#include <cenote/cenote.hpp>

#include <vector>

int main() {
    std::vector<int, cenote::allocator<int>> numbers{1, 2, 3};
    const bool same = cenote_heap_owns(cenote_heap_process(), numbers.data()) &&
                      cenote::heap::process().owns(numbers.data());
    return same && numbers[2] == 3 ? 0 : 1;
}
