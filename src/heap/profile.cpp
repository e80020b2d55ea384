#include "profile.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace cenote::detail {

namespace {

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

// The words of one line. A '#' begins a comment.
class line_words {
public:
    line_words(const char* begin, const char* end) noexcept : next_(begin), end_(begin) {
        while (end_ != end && *end_ != '#')
            ++end_;
        skip();
    }
    bool at_end() const noexcept { return next_ == end_; }
    bool take(const char* word) noexcept {
        const std::size_t length = std::strlen(word);
        if (static_cast<std::size_t>(end_ - next_) < length || std::memcmp(next_, word, length) != 0)
            return false;
        if (next_ + length != end_ && !is_blank(next_[length])) return false;
        next_ += length;
        skip();
        return true;
    }
    // A number of up to nine digits.
    bool take(std::size_t& number) noexcept {
        const char* at = next_;
        std::size_t n = 0;
        for (; at != end_ && *at >= '0' && *at <= '9'; ++at)
            n = 10 * n + static_cast<std::size_t>(*at - '0');
        if (at == next_ || at - next_ > 9 || (at != end_ && !is_blank(*at))) return false;
        next_ = at;
        skip();
        number = n;
        return true;
    }

private:
    void skip() noexcept {
        while (next_ != end_ && is_blank(*next_))
            ++next_;
    }

    const char* next_;
    const char* end_;
};

// 0 where it says none.
struct class_line {
    std::size_t size = 0;
    std::size_t magazine = 0;
    std::size_t first = 0;
    std::size_t later = 0;
};

constexpr const char* not_understood = "not understood";

const char* read_class(line_words& words, class_line& to) noexcept {
    if (!words.take(to.size)) return not_understood;
    while (!words.at_end()) {
        if (to.magazine == 0 && words.take("magazine")) {
            if (!words.take(to.magazine)) return not_understood;
            if (to.magazine < least_magazine_limit || to.magazine > most_magazine_limit)
                return "a magazine has 2 to 4096 blocks";
        } else if (to.first == 0 && words.take("segments")) {
            if (!words.take(to.first) || !words.take(to.later)) return not_understood;
            if (to.first == 0 || to.first % unit != 0 || to.first > most_segment_units * unit)
                return "a first segment has a multiple of 65536 bytes, 4194304 at most";
            if (!std::has_single_bit(to.later) || to.later < 2 * unit || to.later > most_segment_units * unit)
                return "later segments have a power of two of bytes, from 131072 to 4194304";
        } else {
            return not_understood;
        }
    }
    return nullptr;
}

const char* check_size(std::size_t size, std::size_t before) noexcept {
    if (size <= before) return "sizes do not ascend";
    if (size > max_class_size) return "no size class is above 65536";
    if (size % 16 != 0) return "no multiple of 16";
    if (size > size_class_tables::fine_limit && size % size_class_tables::coarse_step != 0)
        return "above 8192, but no multiple of 128";
    return nullptr;
}

struct class_list {
    class_line of[last_class + 1];
    std::size_t count = 0;

    const char* add(line_words& words) noexcept {
        if (count == last_class) return "more than 88 classes";
        class_line read;
        if (const char* const what = read_class(words, read)) return what;
        if (const char* const what = check_size(read.size, of[count].size)) return what;
        of[++count] = read;
        return nullptr;
    }
    // The numbers behind the last class are of its size, and nothing finds them.
    class_layout made() const noexcept {
        size_class_tables::list sizes{};
        for (std::size_t c = 1; c <= last_class; ++c)
            sizes[c] = static_cast<std::uint32_t>(c <= count ? of[c].size : max_class_size);
        class_layout result{sizes};
        for (std::size_t c = 1; c <= count; ++c) {
            if (of[c].magazine != 0) result.magazine_limits[c] = static_cast<std::uint16_t>(of[c].magazine);
            if (of[c].first == 0) continue;
            // Room for four blocks, whatever was said.
            const std::size_t first =
                std::max(of[c].first, result.usual_first_bytes(static_cast<size_class>(c)));
            result.first_units[c] = static_cast<std::uint8_t>(first / unit);
            result.segment_units[c] = static_cast<std::uint8_t>(of[c].later / unit);
        }
        for (std::size_t c = count + 1; c <= last_class; ++c)
            result.magazine_limits[c] = least_magazine_limit;
        result.count_slots();
        return result;
    }
};

} // namespace

profile_fault parse_profile(const char* text, std::size_t bytes, class_layout& to) noexcept {
    if (bytes > most_profile_bytes) return {"it has more than 16384 bytes", 0};
    class_list classes;
    bool has_begun = false;
    unsigned number = 0;
    for (const char *at = text, *const end = text + bytes; at != end;) {
        ++number;
        const char* const line_end = std::find(at, end, '\n');
        line_words words{at, line_end};
        at = line_end == end ? end : line_end + 1;
        if (words.at_end()) continue;
        if (!has_begun) {
            std::size_t version = 0;
            if (!words.take("cenote-profile") || !words.take(version) || !words.at_end())
                return {"it does not begin with cenote-profile", number};
            if (version != 1) return {"it is of a version that is not known here", number};
            has_begun = true;
        } else if (words.take("class")) {
            if (const char* const what = classes.add(words)) return {what, number};
        } else if (words.take("end") && words.at_end()) {
            if (classes.of[classes.count].size != max_class_size)
                return {"the last class is not 65536", number};
            to = classes.made();
            return {};
        } else {
            return {not_understood, number};
        }
    }
    return {has_begun ? "it has no end: a part is missing" : "it is empty", 0};
}

} // namespace cenote::detail
