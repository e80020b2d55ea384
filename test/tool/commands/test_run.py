"""`cenote run`: what it counts is what the program did, and the program does not notice."""

import os
import signal
import subprocess

from support import CANNOT_RUN, CENOTE, DEEDS, FINE, PATIENCE, PROGRAMS, Case, cenote, main


class Run(Case):
    def of_size(self, report, size, where="sum"):
        """The figures of the class whose blocks such requests get."""
        return next(c for c in report[where]["classes"] if c["block_size"] and c["block_size"] >= size)

    def test_counts_blocks_and_bytes(self):
        report = self.report("run", DEEDS, "allocate")
        blocks = self.of_size(report, 100)
        self.assertEqual((blocks["block_size"], blocks["allocated"], blocks["freed"], blocks["live"]), (112, 1000, 990, 10))
        self.assertEqual((blocks["requested_bytes"], blocks["given_bytes"]), (100 * 1000, 112 * 1000))
        self.assertGreater(blocks["refills"], 0)
        self.assertEqual(report["program"]["exit_status"], 0)
        self.assertEqual(report["bad_frees"], 0)

    def test_counts_large_blocks_and_reallocations(self):
        report = self.report("run", DEEDS, "large")
        large = report["sum"]["classes"][0]
        self.assertIsNone(large["block_size"])
        self.assertGreaterEqual(large["allocated"], 1)
        self.assertGreaterEqual(large["given_bytes"], 10_000_000)
        self.assertEqual(self.report("run", DEEDS, "reallocate")["sum"]["reallocated"], 12)

    def test_the_peak_is_right_to_a_percent(self):
        report = self.report("run", DEEDS, "much")
        self.assertAlmostEqual(report["sum"]["most_live_bytes"] / (102_400 * 1024), 1, delta=.01)
        self.assertLess(report["sum"]["live_bytes"], 1 << 20)
        self.assertGreater(report["program"]["peak_resident_bytes"], 102_400 * 1024)

    def test_times_one_call_in_64_and_says_how_sure_it_is(self):
        time_of = self.report("run", DEEDS, "much")["sum"]["time"]["all"]
        self.assertAlmostEqual(time_of["calls"] / time_of["timed"], 64, delta=4)
        self.assertGreater(time_of["seconds"], 0)
        self.assertGreater(time_of["seconds_half_interval_95"], 0)

    def test_counts_every_thread(self):
        report = self.report("run", DEEDS, "threads")
        self.assertEqual(self.of_size(report, 100)["allocated"], 4000)
        self.assertEqual(report["sum"]["threads_not_counted"], 0)

    def test_counts_processes_apart_and_their_sum(self):
        report = self.report("run", DEEDS, "fork")
        child = next(p for p in report["processes"] if p["is_forked"])
        self.assertEqual(child["parent"], next(p for p in report["processes"] if not p["is_forked"])["process"])
        self.assertEqual(self.of_size(report, 100)["allocated"], 1000)
        self.assertRegex(cenote("run", DEEDS, "fork").stderr, r"sums over 2 programs, of which 1 began as forks: .*\n +not summed")
        report = self.report("run", "sh", "-c", f"{DEEDS} allocate; {DEEDS} allocate")
        self.assertEqual(self.of_size(report, 100)["allocated"] >= 2000, True)
        self.assertEqual(sum(p["program"].endswith("/deeds") for p in report["processes"]), 2)

    def test_counts_what_a_killed_program_did(self):
        report = self.report("run", DEEDS, "kill", code=-signal.SIGKILL)
        self.assertEqual(self.of_size(report, 100)["allocated"], 1000)
        self.assertEqual(report["program"]["signal"], signal.SIGKILL)
        self.assertFalse(report["processes"][0]["has_ended_by_itself"])
        report = self.report("run", DEEDS, "quick_exit", code=7)
        self.assertEqual(self.of_size(report, 100)["live"], 10)

    def test_reports_bad_frees(self):
        for deed, says in (("double_free", "double free"), ("foreign_free", "no block"), ("wrong_size", "wrong size")):
            report = self.report("run", DEEDS, deed, code=-signal.SIGABRT)
            self.assertEqual(report["bad_frees"], 1)
            self.assertIn(says, report["processes"][0]["report"])

    def test_ends_as_the_program_did(self):
        for code in (0, 1, 77):
            self.assertEqual(cenote("run", DEEDS, "exit", code).returncode, code)
        self.assertEqual(cenote("run", DEEDS, "crash").returncode, -signal.SIGSEGV)

    def test_the_report_does_not_mix_with_the_output(self):
        done = cenote("run", DEEDS, "print", "hello")
        self.assertEqual(done.stdout, "hello\n")
        self.assertIn("cenote run: ", done.stderr)
        self.assertIn("live at the end", done.stderr)

    def test_says_so_where_nothing_was_allocated(self):
        self.assert_says(cenote("run", "true"), FINE, "allocated nothing")

    def test_passes_signals_on(self):
        for number in (signal.SIGTERM, signal.SIGUSR1):
            with subprocess.Popen([CENOTE, "run", str(DEEDS), "wait_for_signal"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True) as process:
                self.assertEqual(process.stdout.readline(), "ready\n")
                process.send_signal(number)
                self.assertEqual(process.communicate(timeout=PATIENCE)[0], f"signal {number.value}\n")
                self.assertEqual(process.returncode, 0)

    def test_leaves_nothing_behind(self):
        environment = {**os.environ, "TMPDIR": str(self.folder)}
        for deed in ("allocate", "kill"):
            cenote("run", DEEDS, deed, env=environment)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_what_cannot_be_preloaded_is_refused(self):
        self.assert_says(cenote("run", PROGRAMS / "static_program"), CANNOT_RUN, "statically")
        damaged = self.folder / "damaged"
        damaged.write_bytes(DEEDS.read_bytes()[:2000])
        damaged.chmod(0o755)
        self.assert_says(cenote("run", damaged), CANNOT_RUN, "damaged")
        other = self.folder / "other"
        image = bytearray(DEEDS.read_bytes())
        image[18] = 0xF3  # e_machine: RISC-V
        other.write_bytes(image)
        other.chmod(0o755)
        self.assert_says(cenote("run", other), CANNOT_RUN, "another machine", "RISC-V")

    def test_a_folder_without_room_costs_counts_and_nothing_else(self):
        script = f"ulimit -f 100; exec {CENOTE} run {DEEDS} print hello"  # in units of 512 or 1,024 bytes
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "hello\n"))
        self.assertIn("cannot count", done.stderr)


if __name__ == "__main__":
    main()
