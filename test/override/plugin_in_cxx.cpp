// For a host in C: what it asks of operator new when memory is short.
#include "override/hidden.hpp"

#include <new>

namespace {

constexpr std::size_t too_much = std::size_t{1} << 62U;
int calls = 0;

template <class Allocate>
bool is_caught(Allocate allocate) {
    try {
        return cenote_test::hidden(allocate()) == nullptr; // hidden, or the call might be left out
    } catch (const std::bad_alloc&) {
        return true;
    }
}
bool is_null(const void* p) { return p == nullptr; }

} // namespace

extern "C" bool plugin_gets_exceptions() {
    constexpr std::align_val_t alignment{64};
    return is_caught([] { return ::operator new(cenote_test::hidden(too_much)); }) &&
           is_caught([] { return ::operator new[](cenote_test::hidden(too_much)); }) &&
           is_caught([=] { return ::operator new(cenote_test::hidden(too_much), alignment); });
}

extern "C" bool plugin_gets_null() {
    constexpr std::align_val_t alignment{64};
    const std::size_t size = cenote_test::hidden(too_much);
    return is_null(::operator new(size, std::nothrow)) && is_null(::operator new[](size, std::nothrow)) &&
           is_null(::operator new(size, alignment, std::nothrow)) &&
           is_null(::operator new[](size, alignment, std::nothrow));
}

// By both forms, and a handler that throws ends each.
extern "C" bool plugin_has_its_handler_called() {
    calls = 0;
    std::set_new_handler([] {
        if (++calls % 3 == 0) throw std::bad_alloc{};
    });
    const bool throws = is_caught([] { return ::operator new(cenote_test::hidden(too_much)); }) && calls == 3;
    const bool is_quiet = is_null(::operator new(cenote_test::hidden(too_much), std::nothrow)) && calls == 6;
    std::set_new_handler(nullptr);
    return throws && is_quiet;
}

extern "C" bool plugin_allocates() {
    void* const p = ::operator new(cenote_test::hidden(std::size_t{100}), std::nothrow);
    ::operator delete(p, std::nothrow);
    delete new int{cenote_test::hidden(7)};
    return p != nullptr;
}
