// Linked, not preloaded: malloc is Cenote's, which CENOTE_STATS shows at the end.
#include <cstdlib>
#include <cstring>
#include <memory>

int main() {
    const auto number = std::make_unique<int>(7);
    char* const text = static_cast<char*>(std::malloc(100));
    if (text == nullptr) return 1;
    std::strcpy(text, "outside");
    const bool right = *number == 7 && text[6] == 'e';
    std::free(text);
    return right ? 0 : 1;
}
