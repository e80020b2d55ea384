"""`cenote record`: what a program does is in its trace, whatever becomes of the program."""

import json
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

from support import CALLS, CENOTE, Case, Trace, main, run


class Record(Case):
    def test_every_kind_of_call_is_in_the_trace(self):
        self.record(CALLS, "kinds")
        trace = Trace(self.trace)
        self.assertEqual(trace.notes, [])
        self.assert_consistent(trace)
        got = [(e.kind, e.size, e.alignment, e.flags) for e in trace.of_size(1001, 1024)]
        plain = lambda kind, size, free="free": [(kind, size, 1, "-"), (free, 0, 1, "-")]
        self.assertEqual(got, [
            *plain("malloc", 1001),
            *plain("malloc", 1003)[:1], ("realloc", 21003, 1, "-"), ("free", 0, 1, "-"),
            *plain("realloc", 1004),
            *plain("malloc", 1005),
            ("aligned", 1006, 64, "-"), ("free", 0, 1, "-"),
            ("aligned", 1024, 128, "-"), ("free", 0, 1, "-"),
            ("aligned", 1007, 256, "-"), ("free", 0, 1, "-"),
            ("aligned", 1008, os.sysconf("SC_PAGESIZE"), "-"), ("free", 0, 1, "-"),
            *plain("new", 1010, "delete"),
            *plain("new[]", 1011, "delete[]"),
            ("new", 1012, 1, "-"), ("delete", 1012, 1, "sized"),
            ("new[]", 1013, 1, "-"), ("delete[]", 1013, 1, "sized"),
            *plain("new", 1014, "delete"),
            ("new", 1015, 512, "-"), ("delete", 0, 1, "-"),
        ])
        self.assertEqual([e.kind for e in trace.of_size(2004, 2004)], ["calloc", "free"])
        self.assertEqual([e.kind for e in trace.of_size(7 * 1009, 7 * 1009)], ["realloc", "free"])
        wide = [(e.kind, e.alignment, e.flags) for e in trace.of_size(128, 128) if e.kind == "new" or e.flags == "sized"]
        self.assertIn(("new", 64, "-"), wide)
        refused = [e for e in trace.events if e.flags == "failed"]
        self.assertGreaterEqual(len(refused), 3)
        self.assertTrue(all(e.object == 0 for e in refused))
        self.assertEqual(trace.words["program"], [CALLS, "kinds"])
        self.assertEqual((trace.words["end"], trace.words["value"]), (["exited"], ["0"]))
        self.assertIn("libc.so", trace.words["allocator"][0])

    def test_frees_by_other_threads_find_their_objects(self):
        for count, each in ((4, 20_000), (200, 200)):  # more threads than there are rings, too
            self.record(CALLS, "threads", count, each)
            trace = Trace(self.trace)
            self.assertEqual(trace.notes, [])
            self.assert_consistent(trace)
            self.assertFalse([e for e in trace.events if e.kind == "free" and e.object == 0])
            self.assertEqual(trace.count("lost"), 0)
            self.assertEqual(trace.count("thread_begin"), count + 1)
            self.assertEqual(trace.count("thread_end"), count)
            self.assertGreaterEqual(trace.count("malloc"), count * each)
            times = [e.time for e in trace.events]
            self.assertEqual(times, sorted(times))

    def test_a_killed_program_has_its_last_event_in_the_trace(self):
        done = run("sh", "-c", '"$0" record -q -o "$1" -- "$2" kill 30000; echo $?', CENOTE, self.trace, CALLS)
        self.assertEqual(done.stdout.split()[-1], str(128 + signal.SIGKILL))
        trace = Trace(self.trace)
        self.assertEqual(trace.notes, [])
        self.assertEqual(len(trace.of_size(777, 777)), 60_000)
        self.assertEqual((trace.words["end"], trace.words["value"]), (["signalled"], [str(signal.SIGKILL.value)]))

    def test_a_program_killed_anywhere_leaves_a_trace_that_is_consistent(self):
        for after in (0.02, 0.05):
            recorder = subprocess.Popen([CENOTE, "record", "-q", "--children", "-o", self.trace, "--",
                                         CALLS, "threads", "4", "100000000"])
            children = Path(f"/proc/{recorder.pid}/task/{recorder.pid}/children")
            while not children.read_text(encoding="ascii").split():
                time.sleep(0.005)
            time.sleep(after)
            os.kill(int(children.read_text(encoding="ascii").split()[0]), signal.SIGKILL)
            self.assertEqual(recorder.wait(60), -signal.SIGKILL)
            trace = Trace(self.trace)
            self.assertEqual(trace.words["end"], ["signalled"])
            self.assert_consistent(trace)
            self.assertFalse([e for e in trace.events if e.kind == "free" and e.object == 0])
            # At most a call of each thread is amiss: one that took its number and was killed before the rest.
            self.assertLessEqual(sum(e.size for e in trace.events if e.kind == "lost"), 4)

    def test_a_killed_recorder_leaves_a_trace_and_the_program_alone(self):
        recorder = subprocess.Popen([CENOTE, "record", "-o", self.trace, "--", CALLS, "sleep"],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        with recorder:
            program = int(recorder.stdout.readline())
            time.sleep(1.5)  # it writes every half second
            recorder.kill()
            recorder.wait()
            os.kill(program, 0)  # is there
            os.kill(program, signal.SIGTERM)
        trace = Trace(self.trace)
        self.assertEqual(len(trace.of_size(444, 444)), 2)
        self.assertIn("without its end", trace.notes[0])

    def test_a_program_without_its_recorder_goes_on_though_the_ring_is_full(self):
        recorder = subprocess.Popen([CENOTE, "record", "-o", self.trace, "--", CALLS, "many", "30000000"],
                                    stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        time.sleep(0.3)
        self.assertIsNone(recorder.poll())
        recorder.kill()
        recorder.wait()
        # All that is left of the group is the program.
        for _ in range(600):
            try:
                os.killpg(recorder.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)
        os.killpg(recorder.pid, signal.SIGKILL)
        self.fail("the program waits for a recorder that is gone")

    def test_children_are_recorded_when_asked_for(self):
        done = self.record(CALLS, "fork")
        self.assertIn("--children does", done.stderr)
        trace = Trace(self.trace)
        self.assertEqual((len(trace.of_size(888, 888)), len(trace.of_size(999, 999))), (0, 100))
        self.assertEqual(sorted(self.folder.iterdir()), [self.trace])

        self.record(CALLS, "fork", options=["--children"])
        trace = Trace(self.trace)
        child = [e.size for e in trace.events if e.kind == "fork"][0]
        forked = Trace(f"{self.trace}.{child}")
        self.assertEqual(forked.words["forked"], ["1"])
        self.assertEqual(len(forked.of_size(888, 888)), 200)
        self.assertEqual(forked.events[1].object, 0)  # of its parent's object
        self.assertEqual(len(trace.of_size(555, 555)), 2)

    def test_a_child_that_ends_before_anybody_looks_has_its_name(self):
        for word, execs in (("kinds", 0), ("exec", 1)):
            done = self.record(CALLS, "spawn", word, options=["--children", "--json", "-"])
            traces = json.loads(done.stdout)["traces"]
            self.assertEqual(len(traces), 2)
            child = [Trace(each["path"]) for each in traces if each["path"] != str(self.trace)][0]
            self.assertEqual(child.words["program"], [CALLS, word])
            self.assertEqual(child.count("exec"), execs)
            self.assertEqual(Trace(self.trace).words["program"], [CALLS, "spawn", word])

    def test_a_long_command_line_is_whole(self):
        words = ["many", "1", *(f"word{i}" for i in range(500))]
        self.record(CALLS, *words)
        self.assertEqual(Trace(self.trace).words["program"], [CALLS, *words])

    def test_an_exec_goes_on_in_the_same_trace(self):
        self.record(CALLS, "exec")
        trace = Trace(self.trace)
        self.assertEqual(trace.count("exec"), 1)
        at = [e.kind for e in trace.events].index("exec")
        before, after = trace.of_size(666, 666), trace.of_size(1001, 1001)
        self.assertEqual((len(before), len(after)), (20, 2))
        self.assertLess(trace.events.index(before[-1]), at)
        self.assertLess(at, trace.events.index(after[0]))

    def test_stacks_are_taken_as_often_as_asked(self):
        counts = {}
        for interval in (0, 1, 10_000):
            self.record(CALLS, "many", 10_000, options=["--stacks", interval])
            trace = Trace(self.trace)
            counts[interval] = sum(e.frames > 1 for e in trace.events if e.size == 100)
            self.assertGreater(int(trace.words["modules"][0]), 1)
        self.assertEqual(counts[0], 0)
        self.assertEqual(counts[1], 10_000)
        self.assertTrue(50 < counts[10_000] < 150, counts)  # a hundred, give or take five deviations

    def test_what_is_dropped_is_counted(self):
        done = self.record(CALLS, "many", 300_000, options=["--drop", "--json", "-"])
        summary = json.loads(done.stdout)["traces"][0]
        trace = Trace(self.trace)
        lost = sum(e.size for e in trace.events if e.kind == "lost")
        self.assertEqual(lost, summary["lost"])
        self.assertEqual(int(trace.words["lost"][0]), lost)
        self.assertGreaterEqual(summary["events"] + lost, 600_000)
        self.assert_consistent(trace)

    def test_a_program_on_another_malloc_is_recorded_as_well(self):
        library = os.path.join(os.path.dirname(CENOTE), "libcenote-malloc.so")
        self.record(CALLS, "kinds", env={**os.environ, "LD_PRELOAD": library})
        trace = Trace(self.trace)
        self.assertEqual(trace.words["allocator"], [library])
        self.assert_consistent(trace)
        self.assertEqual(len(trace.of_size(1001, 1001)), 2)

    def test_a_full_disk_ends_the_trace_and_not_the_program(self):
        # A limit of the file's size in place of a disk, set when the recorder is at work.
        recorder = subprocess.Popen(
            [CENOTE, "record", "-o", self.trace, "--", "sh", "-c", f"read line; {CALLS} many 1; exec {CALLS} threads 2 400000"],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
        while not self.trace.exists():
            time.sleep(0.01)
        time.sleep(0.3)
        resource.prlimit(recorder.pid, resource.RLIMIT_FSIZE, (400_000, 400_000))
        _, errors = recorder.communicate("go\n", timeout=60)
        self.assertEqual(recorder.returncode, 125)
        self.assertIn("the trace ends early, the program did not: File too large", errors)
        trace = Trace(self.trace)
        self.assertIn("the disk was full", trace.notes[0])
        self.assertGreater(len(trace.events), 10_000)
        self.assertLessEqual(self.trace.stat().st_size, 400_000)

    def test_signals_and_exit_codes_pass(self):
        self.record(CALLS, "many", 42, status=42)
        recorder = subprocess.Popen([CENOTE, "record", "-q", "-o", self.trace, "--", CALLS, "sleep"],
                                    stdout=subprocess.PIPE, text=True)
        with recorder:
            recorder.stdout.readline()
            recorder.terminate()
            self.assertEqual(recorder.wait(60), -signal.SIGTERM)
        self.assertEqual(Trace(self.trace).words["end"], ["signalled"])

    def test_what_cannot_be_done_is_said(self):
        for words, status, message in [
            (["-o", "/nowhere/trace", "--", "true"], 125, "cannot open /nowhere/trace"),
            (["-o", "/dev/full", "--", "true"], 125, "cannot write /dev/full"),
            (["-o", self.trace, "--", "/nowhere/program"], 127, "/nowhere/program"),
            (["-o", self.trace, "--", "/etc/passwd"], 126, "is not executable"),
            (["-o", self.trace], 2, "there is no program to run"),
            (["--", "true"], 2, "--output is required"),
            (["-o", self.trace, "--stacks", "many", "--", "true"], 2, "--stacks"),
            (["-o", self.trace, "--stacks", "-1", "--", "true"], 2, "--stacks"),
            (["-o", self.trace, "--stacks", "99999999999999999999", "--", "true"], 2, "--stacks"),
            (["-o", "-", "--", "true"], 2, "stdout"),
            (["-o", self.trace, "--", "/sbin/ldconfig", "-p"], 126, "is linked statically"),
        ]:
            done = run(CENOTE, "record", *words)
            self.assertEqual(done.returncode, status, (words, done.stderr))
            self.assertIn(message, done.stderr)
        self.assertFalse(self.trace.exists())

    def test_what_cannot_be_recorded_is_not_run(self):
        static = self.folder / "static"
        shutil.copy("/sbin/ldconfig", static)
        script = self.folder / "script"
        script.write_text(f"#!{static}\n")
        script.chmod(0o755)
        self.trace.write_text("of before")
        for program in (static, script):
            # What it would say if it ran.
            self.assertIn("ldconfig", run(static, "--version").stdout)
            done = run(CENOTE, "record", "-o", self.trace, "--", program, "--version")
            self.assertEqual(done.returncode, 126, done.stderr)
            self.assertRegex(done.stderr, f"{static} is linked statically.*was not run")
            self.assertEqual(done.stdout, "")
        self.assertEqual(self.trace.read_text(), "of before")

    def no_recorder(self):
        """An environment in which the dynamic linker finds no library where the recorder should be."""
        (self.folder / "libcenote-record.so").write_text("no library")
        return {**os.environ, "CENOTE_LIBRARY_FOLDER": str(self.folder)}

    def test_a_program_that_does_not_load_the_recorder_is_told(self):
        done = run(CENOTE, "record", "-o", self.trace, "--", "true", env=self.no_recorder())
        self.assertEqual(done.returncode, 126, done.stderr)
        self.assertIn("never loaded the recorder", done.stderr)
        self.assertFalse(self.trace.exists())

    def test_what_is_no_file_stays_though_there_is_no_trace(self):
        link = self.folder / "link"
        link.symlink_to("/dev/null")
        done = run(CENOTE, "record", "-o", link, "--", "true", env=self.no_recorder())
        self.assertEqual(done.returncode, 126, done.stderr)
        self.assertTrue(link.is_symlink())


if __name__ == "__main__":
    main()
