// What clients send: orders near a price that drifts, cancels of what they sent a while ago, which may have traded by then. The
// same for every book, as it depends on nothing but how many waited.
#pragma once

#include "book.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace order_book {

template <class Orders>
class market {
public:
    // `depth`: about as many orders wait.
    explicit market(std::size_t depth) : depth_(depth), sent_(4 * depth) {}

    void step() {
        const std::uint32_t dice = random();
        if (dice % 1024 == 0) middle_ = moved(middle_);
        // More cancels than orders where too many wait, fewer where too few do.
        const bool cancels = dice % 100 < (book_.seen().waiting > depth_ ? 60U : 40U);
        if (cancels) {
            std::uint64_t& id = sent_[random() % sent_.size()];
            if (id != 0) book_.cancel(id);
            // Most clients notice; the others try again, too late.
            if (dice % 8 != 0) id = 0;
            return;
        }
        const bool buys = random() % 2 == 0;
        // Most wait some ticks away from the middle; one in eight wants to trade at once.
        const std::uint32_t away = random() % 8 == 0 ? 0 : 1 + random() % 64;
        const std::uint32_t price = buys ? middle_ + 16 - away : middle_ - 16 + away;
        sent_[next_++ % sent_.size()] = book_.submit(buys, price, 1 + random() % 100);
    }

    const answer& seen() const noexcept { return book_.seen(); }

private:
    std::uint32_t random() { return static_cast<std::uint32_t>(numbers_()); }
    std::uint32_t moved(std::uint32_t from) {
        const std::uint32_t to = random() % 2 == 0 ? from + 1 : from - 1;
        return to < 256 || to > book<Orders>::prices - 256 ? from : to;
    }

    std::size_t depth_;
    std::mt19937 numbers_{42};
    std::uint32_t middle_ = book<Orders>::prices / 2;
    book<Orders> book_;
    std::vector<std::uint64_t> sent_; // numbers, 0 where there is none
    std::size_t next_ = 0;
};

} // namespace order_book
