// A source for fuzz targets: refuses when told to, and knows what is out.
#pragma once

#include "fuzz/input.hpp"

#include "cenote/source/vm_source.hpp"

#include <cstddef>

namespace cenote_fuzz {

struct source_books {
    bool refuses = false;
    std::size_t pieces = 0;
    std::size_t bytes = 0;
    std::size_t given_back = 0; // pieces, ever

    ~source_books() { require(pieces == 0 && bytes == 0, "memory was never given back to the source"); }
};

class booked_source {
public:
    explicit booked_source(source_books& to) noexcept : to_(&to) {}

    void* allocate(std::size_t bytes, std::size_t alignment) noexcept {
        if (to_->refuses) return nullptr;
        void* const p = from_.allocate(bytes, alignment);
        if (p == nullptr) return nullptr;
        ++to_->pieces;
        to_->bytes += bytes;
        return p;
    }
    void deallocate(void* p, std::size_t bytes, std::size_t alignment) noexcept {
        --to_->pieces;
        ++to_->given_back;
        to_->bytes -= bytes;
        from_.deallocate(p, bytes, alignment);
    }
    std::size_t decommit(void* p, std::size_t bytes) noexcept { return from_.decommit(p, bytes); }

private:
    source_books* to_;
    cenote::vm_source from_;
};

} // namespace cenote_fuzz
