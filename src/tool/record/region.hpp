// Layer: tool. The memory that a recorded process shares with `cenote record`: what the process writes into it is there for
// the recorder whatever becomes of the process.
//
//     region_header     who records, how, a place for each process
//     ring, ring, ...   a thread each: 4,096 bytes of header, then words
//
// A thread writes records into its ring, the recorder takes them out. Records of a process are numbered in the order in
// which they happened, by one counter: a free before the block is given back, an allocation after it was got, so that an
// address is always free in the numbers' order before it is allocated again, whichever threads do it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cenote::tool {

inline constexpr std::uint64_t region_magic = 0x3130'6365'526e'6543; // "CenRec01"
inline constexpr const char* region_variable = "CENOTE_RECORD";      // the path under which it is opened

inline constexpr std::size_t ring_count = 128;
inline constexpr std::size_t ring_words = 65'536;
inline constexpr std::size_t process_count = 64;

inline constexpr std::uint32_t record_drops = 1;    // where a ring is full
inline constexpr std::uint32_t record_children = 2; // processes that are forked as well
inline constexpr std::uint32_t record_no_ticks =
    4; // the processor's counter is not good for time: ask the OS

// The first word of a record: 48 bits of its number, 8 of its kind, 8 of how many words it has. Then the time in ticks,
// and what the kind says.
enum class record_kind : std::uint8_t {
    allocate = 0,      // address, size, event kind | alignment's logarithm << 8, return addresses
    release = 1,       // address, event kind | 256 where a size is said, that size
    realloc_begin = 2, // old address
    realloc_end = 3,   // address or 0, size, old address, return addresses
    thread_begin = 4,
    thread_end = 5,
    fork = 6,  // process number
    owner = 7, // no number: whose records follow, in a ring that threads share
};
inline constexpr std::size_t most_frames = 64;

constexpr std::uint64_t record_head(std::uint64_t number, record_kind kind, std::size_t words) noexcept {
    return (number & 0xffff'ffff'ffff) | static_cast<std::uint64_t>(kind) << 48U |
           static_cast<std::uint64_t>(words) << 56U;
}
constexpr std::uint64_t record_number(std::uint64_t head) noexcept { return head & 0xffff'ffff'ffff; }
constexpr record_kind record_kind_of(std::uint64_t head) noexcept {
    return static_cast<record_kind>((head >> 48U) & 0xffU);
}
constexpr std::size_t record_words(std::uint64_t head) noexcept {
    return static_cast<std::size_t>(head >> 56U);
}

struct ring {
    enum state : std::uint32_t { unused, claimed, owned, finished };

    // unused -> claimed -> owned by a process, for what it writes here; finished -> unused by the recorder.
    std::atomic<std::uint32_t> is;
    std::uint32_t process; // its place in the header
    std::uint32_t thread;

    // Counts words, never wraps. Released by the writer, acquired by the recorder: the words below it are written.
    alignas(64) std::atomic<std::uint64_t> head;
    std::uint64_t known_tail; // the writer's
    // Released by the recorder, acquired by the writer: the words below it may be overwritten.
    alignas(64) std::atomic<std::uint64_t> tail;
    std::atomic<std::uint32_t> waits;  // the writer waits for room
    std::atomic<std::uint32_t> rounds; // a futex: counts up when there is some

    alignas(4096) std::uint64_t words[ring_words];
};

struct process_place {
    enum state : std::uint32_t { unused, claimed, attached };

    std::atomic<std::uint32_t> is;
    std::uint32_t process;
    std::uint32_t forked; // else started, by exec
    char allocator[256];  // the file whose malloc is called
    char program[512];    // the start of the command line, a zero after each word
    std::uint32_t program_bytes;

    alignas(64) std::atomic<std::uint64_t> next_number;
    std::atomic<std::uint32_t> next_thread;
    std::atomic<std::uint64_t> lost;
};

struct region_header {
    std::uint64_t magic;
    std::uint32_t recorder; // process numbers
    std::atomic<std::uint32_t> recorded;
    std::uint32_t options;
    std::uint64_t stack_interval;

    alignas(64) std::atomic<std::uint32_t> heartbeat; // counts while the recorder is at work
    std::atomic<std::uint32_t> stopped;               // no more records are wanted
    std::atomic<std::uint32_t> doorbell;              // a futex: the recorder is to look now
    std::atomic<std::uint32_t> refused;               // processes that are not recorded

    process_place processes[process_count];
};

struct region {
    region_header header;
    alignas(4096) ring rings[ring_count];
};

} // namespace cenote::tool
