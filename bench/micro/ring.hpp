// A ring of 1,024 pointers from one thread to one other.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

namespace bench {

// Each side keeps what it last saw of the other's index, and looks again only when that says full or empty (as in
// MCRingBuffer: P. Lee, T. Bu, G. Chandranmenon, 2010, "A Lock-Free, Cache-Efficient Multi-Core Synchronization Mechanism").
// `Step` pointers at a time are published, and given back; both are a multiple of it in all.
template <class T, std::size_t Step>
class ring {
public:
    static constexpr std::size_t size = 1024;
    static_assert(size % Step == 0);

    // Whether `Step` more have room.
    bool has_room() {
        if (sender_.at + Step - sender_.seen <= size) return true;
        // Acquire: pairs with receive(), so that a slot is read before it is written anew.
        sender_.seen = received_.load(std::memory_order_acquire);
        return sender_.at + Step - sender_.seen <= size;
    }
    // Needs room.
    void send(T* p) {
        slots_[sender_.at % size] = p;
        // Release: whoever sees the index sees the slots below it.
        if (++sender_.at % Step == 0) sent_.store(sender_.at, std::memory_order_release);
    }

    bool has_some() {
        if (receiver_.seen != receiver_.at) return true;
        // Acquire: pairs with send().
        receiver_.seen = sent_.load(std::memory_order_acquire);
        return receiver_.seen != receiver_.at;
    }
    // Needs some.
    T* receive() {
        T* const p = slots_[receiver_.at % size];
        // Release: the slots below the index were read.
        if (++receiver_.at % Step == 0) received_.store(receiver_.at, std::memory_order_release);
        return p;
    }

private:
    struct alignas(128) side {
        std::size_t at = 0;
        std::size_t seen = 0; // of the other's index
    };
    side sender_;
    side receiver_;
    alignas(128) std::atomic<std::size_t> sent_{0};
    alignas(128) std::atomic<std::size_t> received_{0};
    alignas(128) std::array<T*, size> slots_{};
};

} // namespace bench
