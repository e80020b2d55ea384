// Layer: adaptor. A pool that its pointers keep alive, or outlive. Headers only.
//
//     cenote::shared_pool<cenote::object_pool<order>> orders;
//     auto a = orders.make_unique(17);     // each holds the pool, which dies with the last of them
//     auto b = orders.make_shared(18);
//     orders.close();                      // or now: what `a` and `b` own has then met its end
#pragma once

#include "cenote/adaptor/smart_ptr.hpp"
#include "cenote/base/error.hpp"

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace cenote {

// Copies are owners of the same pool. The pool dies with the last owner, its pointers included, or when it is closed.
// The pool itself is as thread-safe as it is; that count is atomic.
//
// close() ends the pool by its leftovers, whatever pointers are left:
//
//     destroy   what they own is destroyed now
//     abort     reported, and aborts
//     leave     what they own is gone
//
// Those pointers then only hold an address: to destroy, reset or move them is fine and does nothing, to follow them is
// undefined. An object that owns others of the same pool does so like any owner: two that own each other keep the pool until
// it is closed, which destroys each object once.
template <pool_of_objects Pool>
class shared_pool {
    struct state {
        template <class... Args>
        explicit state(Args&&... args) : pool(std::forward<Args>(args)...) {}
        state(const state&) = delete;
        state& operator=(const state&) = delete;
        ~state() { close(); }
        void close() noexcept {
            // First, so that the destructors of objects that own others find it closed.
            if (std::exchange(open, false)) std::destroy_at(&pool);
        }

        bool open = true;
        union {
            Pool pool;
        };
    };

public:
    using value_type = typename Pool::value_type;

    // Holds the pool.
    class deleter {
    public:
        deleter() = default; // for an empty unique_ptr
        void operator()(value_type* p) const noexcept {
            if (of_->open) of_->pool.destroy(p);
        }

    private:
        friend shared_pool;
        explicit deleter(std::shared_ptr<state> of) noexcept : of_(std::move(of)) {}
        std::shared_ptr<state> of_;
    };
    using unique_ptr = std::unique_ptr<value_type, deleter>;

    // Makes the pool with these arguments. Throws std::bad_alloc.
    shared_pool() : state_(std::make_shared<state>()) {}
    template <class First, class... Rest>
    requires(!std::same_as<std::remove_cvref_t<First>, shared_pool>) explicit shared_pool(First&& first,
                                                                                          Rest&&... rest)
        : state_(std::make_shared<state>(std::forward<First>(first), std::forward<Rest>(rest)...)) {}

    // A new object. Throws what the pool's create throws. O(1).
    template <class... Args>
    [[nodiscard]] unique_ptr make_unique(Args&&... args) {
        return unique_ptr{get().create(std::forward<Args>(args)...), deleter{state_}};
    }
    // The same, and std::bad_alloc for the counts, which operator new allocates.
    template <class... Args>
    [[nodiscard]] std::shared_ptr<value_type> make_shared(Args&&... args) {
        return std::shared_ptr<value_type>(get().create(std::forward<Args>(args)...), deleter{state_});
    }

    // The pool. Not after close(): reported, and aborts.
    Pool& get() const noexcept {
        if (!state_->open) [[unlikely]]
            detail::fail("shared_pool: used after it was closed");
        return state_->pool;
    }
    Pool& operator*() const noexcept { return get(); }
    Pool* operator->() const noexcept { return &get(); }

    // Ends the pool now; see above. Needs a quiet pool: no other thread uses it, or ends a pointer of it, meanwhile.
    void close() noexcept { state_->close(); }
    bool is_open() const noexcept { return state_->open; }

private:
    std::shared_ptr<state> state_;
};

} // namespace cenote
