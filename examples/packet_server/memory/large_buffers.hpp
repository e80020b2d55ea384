// Buffers that are larger than the largest block, from malloc.
#pragma once

#include "byte_budget.hpp"
#include "pool_report.hpp"

#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace packet_server {

template <class Threading>
class large_buffers {
public:
    explicit large_buffers(byte_budget& budget) noexcept : budget_(budget) {}

    [[gnu::noinline]] void* allocate(std::size_t bytes) noexcept {
        if (!budget_.charge(bytes)) return nullptr;
        void* const p = std::malloc(bytes);
        if (p == nullptr) {
            budget_.give_back(bytes);
            return nullptr;
        }
        bytes_ += bytes;
        ++live_;
        return p;
    }
    [[gnu::noinline]] void free(void* p, std::size_t bytes) noexcept {
        std::free(p);
        bytes_ -= bytes;
        --live_;
        budget_.give_back(bytes);
    }
    void report(std::string_view title, std::vector<pool_report>& rows) const {
        const std::size_t live = live_;
        if (live != 0) rows.push_back({std::string(title) + " malloc", 0, live, live, bytes_, 0});
    }

private:
    byte_budget& budget_;
    typename Threading::template number<std::size_t> live_ = 0;
    typename Threading::template number<std::size_t> bytes_ = 0;
};

} // namespace packet_server
