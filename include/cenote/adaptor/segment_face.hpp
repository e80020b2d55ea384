// Layer: adaptor. What pools and views of a shared segment have in common.
#pragma once

#include "cenote/adaptor/handle.hpp"
#include "cenote/adaptor/segment_options.hpp"
#include "cenote/adaptor/segment_words.hpp"
#include "cenote/adaptor/shared_segment.hpp"
#include "cenote/base/config.hpp"
#include "cenote/os/shared_memory.hpp"

#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cenote::detail {

// What may lie where several processes see it. Pointers and references to what is outside of the segment mean nothing to the others, which
// no compiler can tell: in members they are the user's error.
template <class T>
concept shareable =
    std::is_object_v<T> && !std::is_array_v<T> && !std::is_pointer_v<T> && !std::is_const_v<T> &&
    std::is_standard_layout_v<T> && std::is_trivially_destructible_v<T> && alignof(T) <= 4096;

// What pools and views of a segment have in common: all that writes nothing. Element is T, or const T.
template <class T, class Element>
class segment_face {
public:
    using value_type = T;
    using handle_type = handle<T>;

    bool is_open() const noexcept { return segment_.is_open(); }
    // From here on nothing of it may be used, but it may be opened again. Not while other threads use it.
    void close() noexcept { segment_.close(); }
    // A descriptor of the file to pass to other processes; the caller closes it. It has nothing to do with the one that the pool keeps,
    // which must stay open and stay here: by it the pool asks who lives, and who has it is taken for this process. -1, and errno, on failure. A system call.
    [[nodiscard]] int new_descriptor() const noexcept {
        int fd = -1;
        const int error = segment_.is_open() ? shared_memory::reopen(segment_.file().descriptor(),
                                                                     segment_.is_writable(), fd)
                                             : EBADF;
        if (error == 0) return fd;
        errno = error;
        return -1;
    }

    // The object, or nullptr where there is none of that handle any more, or never was. Any handle may be asked. It holds nothing: the
    // object is there until somebody destroys it, or its owner is dead and somebody reclaims. O(1).
    [[nodiscard]] CENOTE_ALWAYS_INLINE Element* get(handle_type h) const noexcept {
        return static_cast<Element*>(segment_.live_object(h.index(), h.generation()));
    }
    bool contains(handle_type h) const noexcept { return get(h) != nullptr; }
    // The handle of a live object of this mapping; that of no object for anything else. O(1).
    [[nodiscard]] handle_type handle_of(const T* p) const noexcept {
        const std::uint32_t block = segment_.file().number_of(p);
        if (block >= segment_.capacity()) return {};
        const owner_word w = segment_.word_of(block);
        return w.state() == block_state::live ? handle_type{block, w.generation()} : handle_type{};
    }
    // Who owns it; nobody where it is kept, or there is no such object. O(1).
    participant_id owner_of(handle_type h) const noexcept {
        if (h.index() >= segment_.capacity()) return {};
        const owner_word w = segment_.word_of(h.index());
        if (!w.is_live(h.generation()) || w.seat() == 0 || w.seat() > segment_.file().seats()) return {};
        const seat_mark m = segment_.mark_of(w.seat());
        return m.is_owner_of(w) ? participant_id{w.seat(), m.incarnation()} : participant_id{};
    }

    // Calls visit(object), or visit(object, handle), for every live object, those of the dead among them. What others create and destroy
    // meanwhile may be missed, or gone already. O(capacity).
    template <class Visitor>
    void for_each(Visitor&& visit) const {
        for (std::uint32_t i = 0; i != segment_.capacity(); ++i)
            if (const owner_word w = segment_.word_of(i); w.state() == block_state::live)
                call(visit, *static_cast<Element*>(segment_.file().block(i)), handle_type{i, w.generation()});
    }
    // Calls visit(segment_participant) for all that are in, and those that died and were not reclaimed. A system call each.
    template <class Visitor>
    void for_each_participant(Visitor&& visit) const {
        for (std::uint32_t seat = 1; seat <= segment_.file().seats(); ++seat) {
            const seat_mark m = segment_.mark_of(seat);
            if (m.state() != seat_state::taken) continue;
            // Relaxed: for people.
            const std::uint32_t process = segment_.file().seat(seat).process.load(std::memory_order_relaxed);
            visit(segment_participant{
                {seat, m.incarnation()}, process, !segment_.is_dead(seat), seat == segment_.seat_here()});
        }
    }
    // Objects that a participant owns. O(capacity).
    std::size_t live_of(participant_id p) const noexcept {
        std::size_t live = 0;
        for (std::uint32_t i = 0; p && i != segment_.capacity(); ++i)
            if (const owner_word w = segment_.word_of(i); w.state() == block_state::live)
                live += w.owner_bits() == owner_word::bits_of(p);
        return live;
    }

    std::size_t capacity() const noexcept { return segment_.capacity(); } // objects. O(1)
    segment_stats stats() const noexcept {
        return segment_.stats();
    } // O(capacity), and a system call for each participant
    // Whether header, seats and owner words are such as the pool writes. At any time, whatever others do. O(capacity).
    bool valid() const noexcept { return segment_.valid(); }

protected:
    segment_face() noexcept = default;
    ~segment_face() = default;

    template <class Where>
    segment_error open(Where where, const segment_options& options, bool writable, int* os_error) noexcept {
        const segment_result r = segment_.open(where, {sizeof(T), alignof(T)}, options, writable);
        if (os_error != nullptr) *os_error = r.os_error;
        return r.error;
    }
    template <class Where>
    void open_or_throw(Where where, const segment_options& options, bool writable, const char* path) {
        int os_error = 0;
        if (const segment_error e = open(where, options, writable, &os_error); e != segment_error::none)
            throw_segment_failure(e, os_error, path);
    }
    template <class Visitor>
    static decltype(auto) call(Visitor& visit, Element& object, handle_type h) {
        if constexpr (std::invocable<Visitor&, Element&, handle_type>)
            return visit(object, h);
        else
            return visit(object);
    }

    shared_segment segment_;
};

} // namespace cenote::detail
