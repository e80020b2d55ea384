#include "plan.hpp"

#include "../support/failure.hpp"
#include "../trace/live_objects.hpp"
#include "../trace/reader.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cenote::tool {

namespace {

constexpr std::size_t look_count = 64;
constexpr std::size_t most_own_slots = 4'096; // that a thread keeps for itself

struct planned_object {
    std::uint32_t slot = 0;
    std::uint64_t size = 0;
    bool is_new = false;
    std::uint8_t alignment_log2 = 0;
};

class planner {
public:
    explicit planner(bool one_thread) : one_thread_(one_thread) { rows_.emplace_back(); }

    void read(trace_reader& trace) {
        for (event e; trace.next(e); ++events_)
            add(e);
        place_looks();
    }

    std::vector<std::vector<replay_operation>>& rows() { return rows_; }
    const std::vector<replay_look>& looks() const { return looks_; }
    plan_header header() const {
        plan_header h{};
        h.threads = rows_.size();
        h.operations = order_;
        h.calls = calls_;
        h.allocations = allocations_;
        h.events = events_;
        h.slots = turns_.size();
        h.most_live = most_live_;
        h.most_live_at = most_live_at_;
        h.looks = looks_.size();
        h.left_out = left_out_;
        return h;
    }

    // What live_objects tells.
    planned_object allocated(const event& e) {
        const std::uint32_t row = row_of(e);
        const std::optional<planned_object> old = std::exchange(replaced_, std::nullopt);
        replay_operation o{.size = e.size, .time = e.time};
        planned_object now{.size = e.size, .alignment_log2 = e.alignment_log2};
        o.alignment_log2 = e.alignment_log2;
        if (old) {
            now.slot = old->slot;
            live_ -= old->size;
            o.kind = replay_kind::realloc;
        } else {
            now.slot = take_slot(row);
            now.is_new = e.kind == event_kind::new_one || e.kind == event_kind::new_array;
            o.kind = now.is_new                      ? replay_kind::new_one
                     : e.kind == event_kind::calloc  ? replay_kind::calloc
                     : e.kind == event_kind::aligned ? replay_kind::aligned
                                                     : replay_kind::malloc;
        }
        o.slot = now.slot;
        live_ += e.size;
        put(row, o);
        ++allocations_;
        return now;
    }
    void freed(const event& e, const planned_object& was) {
        if (is_allocation(e.kind))
            replaced_ = was; // a realloc is one call, and keeps its slot
        else
            free_object(e, was, e.sized);
    }
    // They go without a call; here they are freed.
    void forgotten(const event& e, const planned_object& was) { free_object(e, was, false); }

private:
    void add(const event& e) {
        if (e.kind == event_kind::thread_begin) row_of(e);
        if (!objects_.apply(e, *this)) ++left_out_;
        if (e.kind == event_kind::exec) thread_rows_.clear();
    }

    // The row that does an event: its thread's, which the thread of the event before starts.
    std::uint32_t row_of(const event& e) {
        if (one_thread_) return 0;
        const auto [place, is_new] = thread_rows_.try_emplace(e.thread, 0);
        if (is_new && e.thread != 0) {
            place->second = static_cast<std::uint32_t>(rows_.size());
            rows_.emplace_back();
            own_slots_.resize(rows_.size());
            put(last_row_, {.time = e.time, .slot = place->second, .kind = replay_kind::start});
        }
        last_row_ = place->second;
        return place->second;
    }

    void put(std::uint32_t row, replay_operation o) {
        if (order_ == std::numeric_limits<std::uint32_t>::max())
            throw failure(exit_trouble, "the trace has more events than can be replayed (4 billion)");
        o.order = order_++;
        if (o.kind != replay_kind::start) {
            o.turn = turns_[o.slot]++;
            ++calls_;
        }
        rows_[row].push_back(o);
        if (live_ > most_live_) {
            most_live_ = live_;
            most_live_at_ = o.order;
        }
        live_after_.push_back(live_);
    }

    void free_object(const event& e, const planned_object& was, bool sized) {
        const std::uint32_t row = row_of(e);
        live_ -= was.size;
        put(row, {.size = was.size,
                  .time = e.time,
                  .slot = was.slot,
                  .kind = was.is_new ? replay_kind::delete_one : replay_kind::free,
                  .alignment_log2 = was.alignment_log2,
                  .sized = sized});
        give_slot(row, was.slot);
    }

    // A slot that this thread emptied itself, so that it need not wait for it; else any.
    std::uint32_t take_slot(std::uint32_t row) {
        for (std::vector<std::uint32_t>* const from : {&own_slots_[row], &free_slots_})
            if (!from->empty()) {
                const std::uint32_t slot = from->back();
                from->pop_back();
                return slot;
            }
        turns_.push_back(0);
        return static_cast<std::uint32_t>(turns_.size() - 1);
    }
    void give_slot(std::uint32_t row, std::uint32_t slot) {
        std::vector<std::uint32_t>& own = own_slots_[row];
        own.push_back(slot);
        if (own.size() <= most_own_slots) return;
        const auto half = own.begin() + static_cast<std::ptrdiff_t>(most_own_slots / 2);
        free_slots_.insert(free_slots_.end(), own.begin(), half);
        own.erase(own.begin(), half);
    }

    // At even distances, and where most is live.
    void place_looks() {
        if (order_ == 0) return;
        std::vector<std::uint64_t> at{most_live_at_};
        for (std::size_t i = 1; i <= look_count; ++i)
            at.push_back((std::uint64_t{order_} - 1) * i / look_count);
        std::sort(at.begin(), at.end());
        at.erase(std::unique(at.begin(), at.end()), at.end());
        for (const std::uint64_t each : at)
            looks_.push_back({each, live_after_[each]});
        for (std::vector<replay_operation>& row : rows_)
            for (replay_operation& o : row)
                o.looks = std::binary_search(at.begin(), at.end(), o.order);
        live_after_ = {};
    }

    bool one_thread_;
    std::vector<std::vector<replay_operation>> rows_;
    std::map<std::uint32_t, std::uint32_t> thread_rows_;
    std::uint32_t last_row_ = 0;
    live_objects<planned_object> objects_;
    std::optional<planned_object> replaced_; // by the realloc that comes next
    std::vector<std::uint32_t> turns_;       // by slot
    std::vector<std::vector<std::uint32_t>> own_slots_{1};
    std::vector<std::uint32_t> free_slots_;
    std::vector<std::uint64_t> live_after_;
    std::vector<replay_look> looks_;
    std::uint32_t order_ = 0;
    std::uint64_t calls_ = 0;
    std::uint64_t allocations_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t left_out_ = 0;
    std::uint64_t live_ = 0;
    std::uint64_t most_live_ = 0;
    std::uint64_t most_live_at_ = 0;
};

} // namespace

replay_plan::replay_plan(const std::string& path, bool one_thread) {
    trace_reader trace(path);
    planner made(one_thread);
    made.read(trace);
    trace.require_events();
    notes_ = trace.notes();

    plan_header header = made.header();
    header.bytes = sizeof(plan_header) + sizeof(replay_run) + header.threads * sizeof(replay_thread) +
                   header.looks * sizeof(replay_look) + header.operations * sizeof(replay_operation);
    file_ = ::memfd_create("cenote-replay", 0);
    if (file_ < 0 || ::ftruncate(file_, static_cast<off_t>(header.bytes)) != 0)
        fail_with_errno("cannot make shared memory");
    memory_ = ::mmap(nullptr, header.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    if (memory_ == MAP_FAILED) {
        ::close(file_);
        fail_with_errno("cannot map shared memory");
    }
    std::memcpy(memory_, &header, sizeof header);
    const plan_parts parts(memory_);
    std::copy(made.looks().begin(), made.looks().end(), parts.looks);
    std::uint64_t first = 0;
    for (std::size_t i = 0; i != header.threads; ++i) {
        std::vector<replay_operation>& row = made.rows()[i];
        parts.threads[i] = {first, row.size()};
        std::copy(row.begin(), row.end(), parts.operations + first);
        first += row.size();
        row = {};
    }
}

replay_plan::~replay_plan() {
    ::munmap(memory_, header().bytes);
    ::close(file_);
}

replay_run& replay_plan::run() noexcept { return *plan_parts(memory_).run; }

} // namespace cenote::tool
