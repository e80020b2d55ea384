"""`cenote replay`: a trace does the same again, on any memory."""

import json
import os
import time

from support import CALLS, CENOTE, Case, Trace, main, run

SUBJECTS = "glibc,cenote,heap,pools"


class Replay(Case):
    def replay(self, *options, status=0):
        done = run(CENOTE, "replay", self.trace, "--json", "-n", 1, *options)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout)

    def expect(self, trace):
        """Calls that can be replayed, those that cannot, and the most bytes that are live."""
        calls, left_out, live, most, sizes = 0, 0, 0, 0, {}
        for each in trace.events:
            if each.kind == "exec":
                calls += len(sizes)
                live, sizes = 0, {}
            elif each.kind in ("free", "delete", "delete[]"):
                calls += each.object != 0
                left_out += each.object == 0
                live -= sizes.pop(each.object, 0)
            elif each.object:
                calls += 1
                live += each.size - sizes.pop(each.old, 0)
                sizes[each.object] = each.size
                most = max(most, live)
        return calls, left_out, most

    def test_all_calls_are_replayed_on_each_memory(self):
        for program in (("kinds",), ("exec",), ("threads", 4, 3000), ("threads", 200, 20)):
            self.record(CALLS, *program)
            trace = Trace(self.trace)
            calls, left_out, most = self.expect(trace)
            self.assertGreater(calls, 30)
            for threads in ("as-recorded", "one"):
                got = self.replay("--with", SUBJECTS, "--threads", threads)
                self.assertEqual((got["calls"], got["left_out"], got["most_live"]), (calls, left_out, most))
                self.assertEqual(got["threads"], 1 if threads == "one" else program[1] + 1 if len(program) > 1 else 1)
                self.assertEqual([s["name"] for s in got["subjects"]], SUBJECTS.split(","))
                for each in got["subjects"]:
                    self.assertEqual((len(each["nanoseconds_a_call"]), each["refused"]), (1, 0), each)

    def test_record_view_advise_and_replay_count_the_same(self):
        for program in (("kinds",), ("exec",), ("threads", 4, 3000)):
            summary = self.folder / "record.json"
            self.record(CALLS, *program, options=["--stacks", 1, "--json", summary])
            events = json.loads(summary.read_text(encoding="utf-8"))["traces"][0]["events"]
            seen = json.loads(run(CENOTE, "view", "--json", self.trace).stdout)
            advised = json.loads(run(CENOTE, "advise", "--json", self.trace).stdout)
            got = self.replay("--with", "heap")
            self.assertEqual((seen["trace"]["events"], got["events"]), (events, events))
            allocations = got["allocations"]
            self.assertEqual((seen["totals"]["allocations"], advised["allocations"]), (allocations, allocations))
            self.assertEqual(got["allocations"] + got["frees"], got["calls"])
        done = run(CENOTE, "replay", self.trace, "--with", "heap", "-n", 1)
        self.assertIn(f"{got['calls']:,} calls ({allocations:,} allocations, {got['frees']:,} frees) for {events:,} events", done.stdout)

    def test_frees_of_objects_from_before_are_left_out(self):
        self.record(CALLS, "fork", options=["--children"])
        child = [e.size for e in Trace(self.trace).events if e.kind == "fork"][0]
        self.trace = f"{self.trace}.{child}"
        calls, left_out, _ = self.expect(Trace(self.trace))
        got = self.replay("--with", "heap")
        self.assertEqual((got["calls"], got["left_out"]), (calls, left_out))
        self.assertGreater(left_out, 0)

    def test_memory_is_resident_where_it_is_touched(self):
        self.record(CALLS, "hold", 10_000)
        for memory in SUBJECTS.split(","):
            touched, untouched = (self.replay("--with", memory, "--touch", how)["subjects"][0] for how in ("page", "none"))
            self.assertGreater(touched["resident_at_peak"], 40_000_000)
            self.assertGreaterEqual(touched["most_resident"], touched["resident_at_peak"])
            self.assertLess(untouched["resident_at_peak"], touched["resident_at_peak"])
            self.assertTrue(1 <= touched["resident_over_live_at_peak"] < 1.5, touched)

    def test_the_recorded_pace_takes_the_recorded_time(self):
        self.record(CALLS, "pause")
        before = time.monotonic()
        got = self.replay("--with", "glibc", "--pace", "recorded")
        self.assertGreater(time.monotonic() - before, 0.5)
        # What counts is the time in the calls, of which there are few.
        self.assertLess(got["subjects"][0]["median_nanoseconds"] * got["calls"], 0.4e9)

    def test_every_memory_of_the_machine_is_there_by_default(self):
        self.record(CALLS, "kinds")
        names = [s["name"] for s in self.replay()["subjects"]]
        self.assertEqual(names[0], "glibc")
        for name in ("jemalloc", "cenote", "cenote-hardened", "heap", "pools"):
            self.assertIn(name, names)

    def test_a_library_without_malloc_is_refused_as_compare_does(self):
        self.record(CALLS, "kinds")
        library = next(line.split()[2] for line in run("ldd", CENOTE).stdout.splitlines() if "libzstd" in line)
        for words in (["replay", self.trace, "--with", f"heap,plain={library}"],
                      ["compare", "--with", f"glibc,plain={library}", CALLS, "kinds"]):
            done = run(CENOTE, *words)
            self.assertEqual((done.returncode, done.stdout), (125, ""))
            self.assertRegex(done.stderr, rf"^cenote {words[0]}: under plain malloc would be that of .*libc\.so\.6, not of {library}\n$")
        done = run(CENOTE, "replay", self.trace, "--with", "plain=/etc/passwd")
        self.assertEqual(done.returncode, 125)
        self.assertIn("cannot be preloaded", done.stderr)

    def test_the_table_has_a_row_for_each(self):
        self.record(CALLS, "kinds")
        done = run(CENOTE, "replay", self.trace, "--with", "glibc,pools", "-n", 6)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        rows = done.stdout.splitlines()
        self.assertRegex(rows[-2], r"^glibc +[0-9.]+ +1 +[0-9.]+ +[0-9.]+ +[0-9.]+$")
        self.assertRegex(rows[-1], r"^pools +[0-9.]+ +[0-9.]+ +[0-9.]+ to [0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+$")

    def test_damaged_traces_are_replayed_as_far_as_they_go(self):
        self.record(CALLS, "many", 200_000)
        whole = self.trace.read_bytes()
        calls = self.replay("--with", "heap")["calls"]
        for damaged in (whole[:len(whole) // 2], whole[:len(whole) // 2] + b"damage" + whole[len(whole) // 2 + 6:]):
            self.trace.write_bytes(damaged)
            done = run(CENOTE, "replay", self.trace, "--json", "-n", 1, "--with", "heap")
            self.assertEqual(done.returncode, 1)
            self.assertIn("damaged", done.stderr)
            got = json.loads(done.stdout)
            self.assertTrue(0 < got["calls"] < calls)
            self.assertEqual("".join(f"cenote: {self.trace}: {note}\n" for note in got["notes"]), done.stderr)
            self.assertEqual(got["notes"], json.loads(run(CENOTE, "advise", "--json", self.trace).stdout)["notes"])

    def test_a_trace_without_calls_is_no_trouble(self):
        self.record(os.environ["REFUSED_CALL"])
        got = self.replay()
        self.assertEqual((got["calls"], got["subjects"], got["most_live"]), (0, [], 0))
        done = run(CENOTE, "replay", self.trace)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, f"{self.trace} has no calls that can be replayed: there is nothing to do\n")

    def test_what_cannot_be_replayed_is_said(self):
        self.record(CALLS, "kinds")
        whole = self.trace.read_bytes()
        for content, message in [
            (b"", "is empty, and no trace"),
            (b"#!/bin/sh\n" * 10, "is no trace of cenote record"),
            (whole[:8] + b"\x07" + whole[9:], "is a trace of version 7"),
            (whole[:100], "has no events that can be read"),
        ]:
            self.trace.write_bytes(content)
            done = run(CENOTE, "replay", self.trace, "--with", "heap")
            self.assertEqual((done.returncode, done.stdout), (125, ""))
            self.assertIn(message, done.stderr)
        self.trace.write_bytes(whole)
        for words, status, message in [
            (["/nowhere/trace"], 125, "cannot open /nowhere/trace"),
            ([self.folder], 125, "is no file with a trace"),
            ([], 2, "FILE is required"),
            ([self.trace, "--", "--json"], 2, "--json"),
            ([self.trace, "--with", "nobody"], 2, "heap, pools"),
            ([self.trace, "--with", "heap,glibc,heap"], 2, "heap stands there twice"),
            ([self.trace, "--with", ","], 2, "names no allocator"),
            ([self.trace, "--pace", "slow"], 2, "--pace"),
            ([self.trace, "-n", "0"], 2, "--runs"),
            ([self.trace, "--with", "heap", "-n", 1, "-o", "/dev/full"], 125, "cannot write /dev/full"),
        ]:
            done = run(CENOTE, "replay", *words)
            self.assertEqual(done.returncode, status, (words, done.stderr))
            self.assertIn(message, done.stderr)


if __name__ == "__main__":
    main()
