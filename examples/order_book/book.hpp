// A limit order book: bids and offers wait in a line for each price, first come, first served; what arrives trades with the
// best of the other side, and waits with what is left. `Orders` is where orders live, and how they are found by the number that
// a client has of them: see orders.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace order_book {

struct order {
    std::uint32_t price; // ticks
    std::uint32_t left;  // shares
    bool buys;
    std::uint64_t id = 0;
    order* before = nullptr; // in the line of its price
    order* behind = nullptr;
};

struct answer {
    std::uint64_t trades = 0, shares = 0, cancelled = 0, too_late = 0, waiting = 0, checksum = 0;
    bool operator==(const answer&) const = default;
};

template <class Orders>
class book {
public:
    static constexpr std::uint32_t prices = 4096;

    book() = default;
    book(const book&) = delete;
    book& operator=(const book&) = delete;

    // The number of the order, for a cancel; 0 if all of it has traded.
    std::uint64_t submit(bool buys, std::uint32_t price, std::uint32_t shares) {
        shares = buys ? trade_with_offers(price, shares) : trade_with_bids(price, shares);
        if (shares == 0) return 0;
        order* const waits = orders_.add(order{price, shares, buys});
        join(lines_[price], waits);
        if (buys && price > best_bid_) best_bid_ = price;
        if (!buys && price < best_offer_) best_offer_ = price;
        ++seen_.waiting;
        return waits->id;
    }

    // False where it is too late: the order has traded, or was cancelled.
    bool cancel(std::uint64_t id) {
        order* const found = orders_.find(id);
        if (found == nullptr) {
            ++seen_.too_late;
            return false;
        }
        ++seen_.cancelled;
        seen_.checksum = seen_.checksum * 31 + found->left;
        drop(found);
        return true;
    }

    const answer& seen() const noexcept { return seen_; }

private:
    struct line {
        order* first = nullptr;
        order* last = nullptr;
    };

    std::uint32_t trade_with_offers(std::uint32_t limit, std::uint32_t shares) {
        for (; shares != 0 && best_offer_ <= limit; ++best_offer_) {
            shares = trade_with(lines_[best_offer_], shares);
            if (lines_[best_offer_].first != nullptr) break;
        }
        return shares;
    }
    std::uint32_t trade_with_bids(std::uint32_t limit, std::uint32_t shares) {
        for (; shares != 0 && best_bid_ >= limit && best_bid_ != 0; --best_bid_) {
            shares = trade_with(lines_[best_bid_], shares);
            if (lines_[best_bid_].first != nullptr) break;
        }
        return shares;
    }

    // What of `shares` the line had nothing for.
    std::uint32_t trade_with(line& of, std::uint32_t shares) {
        while (shares != 0 && of.first != nullptr) {
            order& first = *of.first;
            const std::uint32_t now = shares < first.left ? shares : first.left;
            shares -= now;
            first.left -= now;
            ++seen_.trades;
            seen_.shares += now;
            seen_.checksum = seen_.checksum * 31 + (std::uint64_t{first.price} << 32 | now);
            if (first.left == 0) drop(&first);
        }
        return shares;
    }

    static void join(line& at, order* o) {
        o->before = at.last;
        (at.last == nullptr ? at.first : at.last->behind) = o;
        at.last = o;
    }
    void drop(order* o) {
        line& at = lines_[o->price];
        (o->before == nullptr ? at.first : o->before->behind) = o->behind;
        (o->behind == nullptr ? at.last : o->behind->before) = o->before;
        --seen_.waiting;
        orders_.remove(o);
    }

    Orders orders_;
    std::array<line, prices> lines_{};
    std::uint32_t best_bid_ = 0; // or better than that; 0: none
    std::uint32_t best_offer_ = prices;
    answer seen_;
};

} // namespace order_book
