// A program that has operator new of its own, but not operator delete.
#include <cstdlib>
#include <new>

void* operator new(std::size_t size) { return std::malloc(size); }

int main() {
    delete new int(1);
    return 0;
}
