// A controller: every cycle takes samples in, keeps each for a while, steers, and now and then has a burst of alarms to keep.
// `Memory` is where samples and alarms come from: see memory.hpp.
#pragma once

#include <x86intrin.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace control_loop {

// What is kept of a measurement. Equal sizes, so that one pool serves all; a program with several types has one for each.
struct record {
    record* next = nullptr;
    std::uint64_t cycle = 0;
    std::int64_t value = 0;
    std::int64_t history[9] = {};
};

// A counter that costs no system call. Ticks, at the rate that main measures before the loop begins.
inline std::uint64_t ticks() {
    unsigned processor;
    return __rdtscp(&processor);
}

class sensor {
public:
    std::uint32_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 17;
        return state_ ^= state_ << 5;
    }

private:
    std::uint32_t state_ = 2463534242;
};

template <class Memory>
class controller {
public:
    static constexpr std::size_t kept_for = 1024; // cycles at most, one at least
    static constexpr std::size_t samples = 4, alarms = 400, cycles_between_alarms = 4096;
    // That many can be alive, and no more.
    static constexpr std::size_t most_records = kept_for * samples + alarms;

    explicit controller(Memory& memory) : memory_(memory) {}

    // Returns the ticks that taking and giving back records took.
    std::uint64_t cycle() {
        const std::uint64_t begin = ticks();
        give_back(due_[now_ % due_.size()]);
        const bool alarm = now_ % cycles_between_alarms == cycles_between_alarms - 1;
        for (std::size_t i = 0; i != (alarm ? alarms : samples); ++i)
            take();
        const std::uint64_t end = ticks();
        ++now_;
        steer();
        return end - begin;
    }

    std::int64_t output() const { return output_; }
    std::size_t most_alive() const { return most_alive_; }

private:
    // How long a record stays depends on the measurement, so that they die in no order.
    void take() {
        const std::uint32_t reading = sensor_.next();
        record* const r = memory_.create();
        r->cycle = now_;
        r->value = reading % 1000;
        record*& due = due_[(now_ + 1 + (reading >> 10) % (due_.size() - 1)) % due_.size()];
        r->next = due;
        due = r;
        newest_ = r->value;
        if (++alive_ > most_alive_) most_alive_ = alive_;
    }

    void give_back(record*& list) {
        while (list != nullptr) {
            record* const r = list;
            list = r->next;
            output_ += r->value ^ static_cast<std::int64_t>(r->cycle);
            memory_.destroy(r);
            --alive_;
        }
    }

    // Proportional and integral; what the loop is for, and not what is measured.
    void steer() {
        const std::int64_t error = 500 - newest_;
        integral_ += error;
        output_ += error / 4 + integral_ / 64;
    }

    Memory& memory_;
    sensor sensor_;
    std::array<record*, kept_for> due_ = {};
    std::uint64_t now_ = 0;
    std::int64_t newest_ = 0, integral_ = 0, output_ = 0;
    std::size_t alive_ = 0, most_alive_ = 0;
};

} // namespace control_loop
