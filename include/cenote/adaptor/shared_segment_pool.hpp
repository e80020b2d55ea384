// Layer: adaptor. A pool in a file that several processes map at once, any of which may be killed at any instruction. Headers only.
//
//     cenote::shared_segment_pool<order> orders("/dev/shm/orders", {.capacity = 10'000});
//     cenote::handle<order> h = orders.create(order{7, 100});   // send h by whatever leads to the other process
//
//     order* o = orders.adopt(h);                               // there: mine now, so it outlives who made it
//     orders.destroy(h);
//
//     orders.reclaim();                                         // now and then, by anybody: frees what the dead owned
#pragma once

#include "cenote/adaptor/handle.hpp"
#include "cenote/adaptor/segment_face.hpp"
#include "cenote/adaptor/segment_options.hpp"
#include "cenote/adaptor/segment_words.hpp"
#include "cenote/adaptor/shared_segment.hpp"
#include "cenote/base/config.hpp"
#include "cenote/base/error.hpp"
#include "cenote/os/shared_memory.hpp"
#include "cenote/pool/construct.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace cenote {

// A file descriptor of a segment: one that was passed to this process, of a segment without a name perhaps. It stays the caller's.
struct segment_descriptor {
    int value = -1; // as open(2) returns it
};

// Objects of one type in a shared segment of a fixed number of blocks. Any number of threads of any number of processes may create, look up and
// destroy at once; no operation takes a lock, and none waits for another process.
//
// Each object has an owner: the participant that created it, or that adopted it last, or that it was given to. A participant is one open
// pool; when it is closed, or its process ends in whatever way, what it owns is free to be reclaimed by any other (a pool that is closed
// does that itself). Objects of others are not touched by a death, nor is anybody held up by it. A stopped process is not dead.
//
// T's objects have no pointers, of standard layout and trivially destructible: other processes see them at other addresses, and who is killed
// runs no destructor. What a block holds is written by its owner and read by others at their own risk of reading it while it changes: atomics in
// T, or a queue that hands the handle over, order that. create() happens before the get() that finds its object.
//
// A child of a fork may use its parent's pool: at its first create, adopt or reclaim it becomes a participant of its own, and what its parent
// owns stays the parent's. (By fork(): a raw clone shares its parent's seat.) Needs /proc, as do descriptors.
//
// Undefined: a fork in a constructor or a visitor, closing the descriptor that the pool keeps (it then notices no more deaths), making the file shorter while it is open (SIGBUS), and writing beyond objects. Whoever writes into
// the segment what he likes can make the pool hand out blocks twice, but not make it touch memory outside of the segment. Linux only.
template <class T>
class shared_segment_pool : public detail::segment_face<T, T> {
    static_assert(detail::shareable<T>,
                  "shared_segment_pool: T must be a standard-layout type without destructor, aligned to at "
                  "most a page; pointers, arrays and const types are none");
    using face = detail::segment_face<T, T>;

public:
    using typename face::handle_type;

    // Open nowhere.
    shared_segment_pool() noexcept = default;
    // In the file at `path`; in memory is what lies in /dev/shm. nullptr: a new segment that has no name. Throws segment_failure. A
    // new file is there at once and whole, with all of its memory, or not at all. Where all seats are of the dead, these are reclaimed
    // first, without a visitor. O(capacity) where it is made.
    explicit shared_segment_pool(const char* path, const segment_options& options = {}) {
        this->open_or_throw(path, options, true, path);
    }
    // In the file of a descriptor. Throws segment_failure.
    explicit shared_segment_pool(segment_descriptor d, const segment_options& options = {}) {
        this->open_or_throw(d.value, options, true, "by descriptor");
    }
    shared_segment_pool(const shared_segment_pool&) = delete;
    shared_segment_pool& operator=(const shared_segment_pool&) = delete;
    ~shared_segment_pool() = default; // as close()

    // As the constructors, but says what went wrong; `in_use` also where this pool is open already. The errno, where there is one, goes to
    // `os_error`.
    segment_error try_open(const char* path, const segment_options& options = {},
                           int* os_error = nullptr) noexcept {
        return this->open(path, options, true, os_error);
    }
    segment_error try_open(segment_descriptor d, const segment_options& options = {},
                           int* os_error = nullptr) noexcept {
        return this->open(d.value, options, true, os_error);
    }
    // Takes the name away. Who has it open goes on.
    static segment_error unlink(const char* path) noexcept {
        return detail::segment_error_of(shared_memory::remove(path));
    }

    // A new T(args...), owned by this participant. Throws std::bad_alloc when all blocks are in use, each at some moment of the call (where
    // others create and destroy meanwhile, that is not one moment), and whatever T's constructor throws; nothing is then changed. O(1) near the last block that this thread created or destroyed; at worst O(capacity), when it is full.
    template <class... Args>
    [[nodiscard]] handle_type create(Args&&... args) {
        const handle_type made = try_create(std::forward<Args>(args)...);
        if (!made) [[unlikely]]
            detail::throw_bad_alloc();
        return made;
    }
    // As create, but returns the handle of no object instead of throwing std::bad_alloc.
    template <class... Args>
    [[nodiscard]] handle_type
    try_create(Args&&... args) noexcept(std::is_nothrow_constructible_v<T, Args...>) {
        const std::uint64_t me = this->segment_.me_or_join();
        if (me == 0) [[unlikely]]
            return {};
        const std::uint32_t block = this->segment_.claim(me);
        if (block == detail::shared_segment::none) [[unlikely]]
            return {};
        claimed_block mine{this->segment_, block, me};
        detail::construct_in<T>(mine, this->segment_.file().block(block), std::forward<Args>(args)...);
        return {block, this->segment_.publish(block, me)};
    }

    // Ends the object's life, whoever owns it. False, and nothing done, where that has happened. O(1).
    bool destroy(handle_type h) noexcept { return this->segment_.release(h.index(), h.generation()); }

    // Makes this participant the owner, whoever it was before. nullptr where there is no such object. O(1).
    [[nodiscard]] T* adopt(handle_type h) noexcept {
        const std::uint64_t me = this->segment_.me_or_join();
        return me != 0 && this->segment_.give(h.index(), h.generation(), me) ? object(h) : nullptr;
    }
    // Makes another participant the owner. False, and nothing done, where there is no such object or participant. If that one dies
    // meanwhile, the object goes with what it owned. O(1).
    bool give_to(participant_id p, handle_type h) noexcept {
        return this->segment_.is_current(p) &&
               this->segment_.give(h.index(), h.generation(), detail::owner_word::bits_of(p));
    }
    // Makes nobody the owner: the object outlives all participants, until somebody adopts or destroys it. False where there is no such
    // object. O(1).
    bool keep(handle_type h) noexcept { return this->segment_.give(h.index(), h.generation(), 0); }

    // Frees what the dead owned. Any participant may do so, several at once too, and any may be killed doing it. Returns objects and blocks
    // freed. O(capacity), and a system call for each participant.
    std::size_t reclaim() noexcept {
        this->segment_.check_seat();
        return this->segment_.sweep(0, nullptr);
    }
    // Calls visit(object), or visit(object, handle), for each object of the dead first, whose handle is stale meanwhile. Where that returns
    // true, this participant adopts the object, under its old handle; else, and where it returns nothing, the object is freed. If this process
    // is killed amid a visit, the next one to reclaim visits that object again. What visit throws comes out; its object is then adopted.
    // Objects whose constructor was cut off are freed without a visit. Does nothing in a pool without a seat, after a fork.
    template <class Visitor>
    std::size_t reclaim(Visitor&& visit) {
        this->segment_.check_seat();
        const std::uint64_t me = this->segment_.me_or_join();
        if (me == 0) return 0;
        return this->segment_.sweep(me, [&](std::uint32_t block, std::uint32_t generation) -> bool {
            T& dead = *static_cast<T*>(this->segment_.file().block(block));
            using result = decltype(face::call(visit, dead, handle_type{}));
            if constexpr (std::is_void_v<result>) {
                face::call(visit, dead, handle_type{block, generation});
                return false;
            } else
                return face::call(visit, dead, handle_type{block, generation});
        });
    }
    // Whether anybody died whom nobody reclaimed. A system call for each participant.
    bool has_dead() const noexcept {
        for (std::uint32_t seat = 1; seat <= this->segment_.file().seats(); ++seat)
            if (this->segment_.is_dead(seat) ||
                this->segment_.mark_of(seat).state() == detail::seat_state::ending)
                return true;
        return false;
    }

    // This participant. Nobody, where it is not open, or the child of a fork that finds no seat.
    participant_id id() noexcept { return this->segment_.id(); }

private:
    // What construct_in() gives back to.
    struct claimed_block {
        detail::shared_segment& segment;
        std::uint32_t block;
        std::uint64_t me;
        void deallocate(void*) noexcept { segment.unclaim(block, me); }
    };
    T* object(handle_type h) const noexcept {
        return static_cast<T*>(this->segment_.file().block(h.index()));
    }
};

// A shared segment to look into: no participant, owns nothing, and cannot write: its memory is mapped for reading alone, and the file's permission
// to read it is enough.
template <class T>
class shared_segment_view : public detail::segment_face<T, const T> {
    static_assert(detail::shareable<T>, "shared_segment_view: not a type that shared_segment_pool takes");

public:
    // Open nowhere.
    shared_segment_view() noexcept = default;
    // Of the file at `path`, which must exist. Throws segment_failure.
    explicit shared_segment_view(const char* path, const segment_options& options = {}) {
        this->open_or_throw(path, options, false, path);
    }
    explicit shared_segment_view(segment_descriptor d, const segment_options& options = {}) {
        this->open_or_throw(d.value, options, false, "by descriptor");
    }
    shared_segment_view(const shared_segment_view&) = delete;
    shared_segment_view& operator=(const shared_segment_view&) = delete;
    ~shared_segment_view() = default;

    // As the constructors, but says what went wrong.
    segment_error try_open(const char* path, const segment_options& options = {},
                           int* os_error = nullptr) noexcept {
        return this->open(path, options, false, os_error);
    }
    segment_error try_open(segment_descriptor d, const segment_options& options = {},
                           int* os_error = nullptr) noexcept {
        return this->open(d.value, options, false, os_error);
    }
};

} // namespace cenote
