#include "memory/recorder.hpp"
#include "replay/record_reader.hpp"

#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace packet_server {
namespace {

class Recording : public testing::Test {
protected:
    ~Recording() override { std::remove(path.c_str()); }

    static constexpr record_format::kind_sizes sizes = {424, 104, 48, 32, 0, 0, 0};

    // A random pattern of `count` objects, of which some stay alive.
    void record(int count, std::uint64_t limit = 1'000'000) {
        recorder to(path, limit, sizes);
        ASSERT_EQ(to.trouble(), "");
        std::vector<char> objects(static_cast<std::size_t>(count));
        std::vector<char*> live;
        std::mt19937 random(13);
        for (char& each : objects) {
            const auto kind = static_cast<object_kind>(random() % kind_count);
            to.created(kind, 1 + random() % 100'000, &each);
            live.push_back(&each);
            if (random() % 3 != 0) {
                std::swap(live[random() % live.size()], live.back());
                to.freed(live.back());
                live.pop_back();
            }
        }
        still_live = live.size();
        to.close();
        EXPECT_EQ(to.trouble(), "");
    }
    std::string bytes() const {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void write(const std::string& to) const {
        std::ofstream file(path, std::ios::binary);
        file << to;
    }

    std::string path = testing::TempDir() + "packet_server_recording_" + std::to_string(getpid());
    std::size_t still_live = 0;
};

// Every allocation of a slot is followed by its free, with the same size and kind.
void expect_sound(const recording& r) {
    std::vector<const record_event*> holds(r.slots, nullptr);
    std::size_t allocations = 0;
    for (const record_event& e : r.events) {
        ASSERT_LT(e.slot, r.slots);
        if (e.frees) {
            ASSERT_NE(holds[e.slot], nullptr);
            EXPECT_EQ(holds[e.slot]->size, e.size);
            EXPECT_EQ(holds[e.slot]->kind, e.kind);
            holds[e.slot] = nullptr;
        } else {
            ++allocations;
            ASSERT_EQ(holds[e.slot], nullptr);
            ASSERT_GT(e.size, 0U);
            holds[e.slot] = &e;
        }
    }
    EXPECT_EQ(allocations, r.pairs);
    EXPECT_EQ(r.events.size(), 2 * r.pairs);
}

TEST_F(Recording, ComesBackAsItWas) {
    record(100'000);
    const recording r = read_recording(path);
    EXPECT_EQ(r.note, "");
    EXPECT_EQ(r.pairs, 100'000U);
    EXPECT_EQ(r.still_live, still_live);
    EXPECT_EQ(r.sizes, sizes);
    EXPECT_LE(r.slots, r.peak_live);
    expect_sound(r);
}

TEST_F(Recording, StopsAtItsLimit) {
    record(1000, 500);
    const recording r = read_recording(path);
    EXPECT_EQ(r.note, "");
    EXPECT_LE(r.pairs, 500U);
    expect_sound(r);
}

TEST_F(Recording, OpensATruncatedFileAsFarAsItGoes) {
    record(20'000);
    const std::string whole = bytes();
    std::size_t most = 0;
    for (std::size_t n = record_format::header_bytes; n < whole.size(); n += 2999) {
        write(whole.substr(0, n));
        const recording r = read_recording(path);
        EXPECT_NE(r.note.find("ends early"), std::string::npos) << n;
        EXPECT_GE(r.pairs, most);
        most = r.pairs;
        expect_sound(r);
    }
    EXPECT_GT(most, 0U);
}

TEST_F(Recording, NoFlippedBitGoesUnseen) {
    record(300);
    const std::string whole = bytes();
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
        write(damaged);
        try {
            const recording r = read_recording(path);
            // A frame's count of events is a note for people; nothing is read by it.
            const bool harmless =
                i >= record_format::header_bytes && i < whole.size() && r.note.empty() && r.pairs == 300;
            EXPECT_TRUE(!r.note.empty() || harmless) << i;
            expect_sound(r);
        } catch (const std::runtime_error& error) {
            EXPECT_LT(i, record_format::header_bytes) << error.what();
        }
    }
}

TEST_F(Recording, EventsThatCannotBeEndTheReading) {
    const auto with_payload = [&](const std::string& payload) {
        record(0);
        std::string file = bytes().substr(0, record_format::header_bytes);
        char header[record_format::frame_header_bytes];
        record_format::put_u32(header, static_cast<std::uint32_t>(payload.size()));
        record_format::put_u32(header + 4, 1);
        record_format::put_u32(header + 8, record_format::crc32(payload));
        write(file + std::string(header, sizeof header) + payload + std::string(12, '\0'));
        return read_recording(path);
    };
    const std::string packet(1, '\1');
    const std::string data(1, '\4');
    EXPECT_EQ(with_payload(packet + '\0').note, "");
    for (const std::string& bad : {
             std::string("\7", 1) + '\0',                  // no such kind
             std::string("\x41", 1) + '\0',                // bits that mean nothing
             packet,                                       // no slot
             packet + '\5',                                // a slot that skips others
             packet + '\0' + packet + '\0',                // a slot that is taken
             std::string("\x9", 1) + '\0',                 // a free of nothing
             packet + '\0' + std::string("\xa", 1) + '\0', // a free as another kind
             data + '\0' + '\0',                           // no size
             data + "\xff\xff\xff\xff\xff\x7f" + '\0',     // a size beyond reason
             data + std::string(12, '\xff') + '\0',        // a number without end
             packet + '\x80',                              // a number cut off
         }) {
        const recording r = with_payload(bad);
        EXPECT_NE(r.note.find("cannot be"), std::string::npos) << testing::PrintToString(bad);
        expect_sound(r);
    }
}

TEST_F(Recording, ForeignFilesAreRefusedWithAReason) {
    const auto reason = [&](const std::string& contents) -> std::string {
        write(contents);
        try {
            read_recording(path);
            return "none";
        } catch (const std::runtime_error& error) {
            return error.what();
        }
    };
    record(10);
    const std::string whole = bytes();
    EXPECT_NE(reason("").find("not a recording"), std::string::npos);
    EXPECT_NE(reason("CENOT").find("not a recording"), std::string::npos);
    EXPECT_NE(reason(std::string(1000, 'x')).find("not a recording"), std::string::npos);
    EXPECT_NE(reason(whole.substr(0, 20)).find("truncated"), std::string::npos);
    std::string newer = whole;
    newer[8] = '\2';
    EXPECT_NE(reason(newer).find("version 2"), std::string::npos);
    std::string damaged = whole;
    damaged[17] = '\x55';
    EXPECT_NE(reason(damaged).find("damaged header"), std::string::npos);
    std::remove(path.c_str());
    EXPECT_THROW(read_recording(path), std::runtime_error);
    EXPECT_THROW(read_recording(testing::TempDir()), std::runtime_error) << "a directory";
}

TEST_F(Recording, AFileThatCannotBeWrittenIsReported) {
    recorder nowhere("/nonexistent/file", 10, sizes);
    EXPECT_NE(nowhere.trouble(), "");
    char object = 0;
    nowhere.created(object_kind::io, 8, &object);
    nowhere.freed(&object);
    recorder full("/dev/full", 1'000'000, sizes);
    for (int i = 0; i < 100'000; ++i) {
        full.created(object_kind::io, 8, &object);
        full.freed(&object);
    }
    full.close();
    EXPECT_NE(full.trouble(), "");
}

} // namespace
} // namespace packet_server
