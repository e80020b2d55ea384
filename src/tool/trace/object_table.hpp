// Layer: tool. What a reader of a trace keeps of each object while it lives, found by the object's number: a look-up is two
// loads. Pages whose objects are all gone are given back, so that it holds about as much as is live.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace cenote::tool {

template <class T>
class object_table {
public:
    // The object is not in it.
    T& add(std::uint64_t object, const T& value) {
        const auto place = static_cast<std::size_t>(object / page_objects);
        if (place >= pages_.size()) pages_.resize(place + 1 + place / 2);
        std::unique_ptr<page>& p = pages_[place];
        if (p == nullptr) p = spare_ != nullptr ? std::move(spare_) : std::make_unique<page>();
        const std::size_t i = object % page_objects;
        p->live += p->used[i] ? 0U : 1U;
        live_ += p->used[i] ? 0U : 1U;
        p->used[i] = true;
        return p->values[i] = value;
    }
    // nullptr for what is not in it.
    T* find(std::uint64_t object) noexcept {
        page* const p = page_of(object);
        return p != nullptr && p->used[object % page_objects] ? &p->values[object % page_objects] : nullptr;
    }
    // False for what was not in it.
    bool remove(std::uint64_t object) {
        page* const p = page_of(object);
        if (p == nullptr || !p->used[object % page_objects]) return false;
        p->used[object % page_objects] = false;
        --live_;
        if (--p->live == 0) spare_ = std::move(pages_[static_cast<std::size_t>(object / page_objects)]);
        return true;
    }
    // Of a program that became another one.
    void clear() {
        pages_.clear();
        live_ = 0;
    }
    std::uint64_t live() const noexcept { return live_; }

    // each(object, value), in the order of the numbers.
    template <class Each>
    void for_each(Each each) {
        for (std::size_t place = 0; place != pages_.size(); ++place)
            for (std::size_t i = 0; pages_[place] != nullptr && i != page_objects; ++i)
                if (pages_[place]->used[i]) each(place * page_objects + i, pages_[place]->values[i]);
    }

private:
    static constexpr std::size_t page_objects = 1024;

    // A spare one has nothing in use.
    struct page {
        std::size_t live = 0;
        std::array<bool, page_objects> used{};
        std::array<T, page_objects> values{};
    };

    page* page_of(std::uint64_t object) noexcept {
        const std::uint64_t place = object / page_objects;
        return place < pages_.size() ? pages_[static_cast<std::size_t>(place)].get() : nullptr;
    }

    std::vector<std::unique_ptr<page>> pages_;
    std::unique_ptr<page> spare_;
    std::uint64_t live_ = 0;
};

} // namespace cenote::tool
