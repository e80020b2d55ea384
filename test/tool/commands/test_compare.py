"""`cenote compare`: same work under each malloc, honest figures, and outputs that must not differ."""

import os
import signal
import subprocess
import time

from support import CANNOT_RUN, CENOTE, DEEDS, FINDING, FINE, PATIENCE, PROGRAMS, TROUBLE, Case, cenote, main

WASTEFUL = f"wasteful={PROGRAMS / 'wasteful_malloc.so'}"
REFUSING = f"refusing={PROGRAMS / 'refusing_malloc.so'}"


class Compare(Case):
    def compare(self, *words, code=FINE, with_="glibc,cenote", runs=2, **options):
        return self.report("compare", "--with", with_, "-n", runs, *words, code=code, **options)

    def of(self, report, name):
        return next(a for a in report["allocators"] if a["name"] == name)

    def test_runs_each_as_often_as_asked_and_finds_the_outputs_equal(self):
        report = self.compare(DEEDS, "print", "hello", runs=3)
        self.assertEqual([a["name"] for a in report["allocators"]], ["glibc", "cenote"])
        for each in report["allocators"]:
            self.assertEqual([run["output_bytes"] for run in each["runs"]], [6, 6, 6])
            self.assertEqual(len({run["output_hash"] for run in each["runs"]}), 1)
            for measure in ("seconds", "processor_seconds", "peak_resident_bytes", "page_faults"):
                self.assertGreater(each[measure]["median"], 0)
        self.assertEqual(report["differences"], [])
        self.assertTrue(report["is_output_steady"])

    def test_finds_all_that_the_machine_has(self):
        names = [a["name"] for a in self.report("compare", "-n", 1, "true")["allocators"]]
        self.assertEqual((names[0], names[-1]), ("glibc", "cenote"))
        self.assertTrue({"jemalloc", "mimalloc", "tcmalloc", "cenote-hardened"} <= set(names), names)

    def test_says_what_is_more_and_how_sure_it_is(self):
        report = self.compare(DEEDS, "allocate", with_=f"glibc,{WASTEFUL}", runs=6)
        peak = self.of(report, "wasteful")["peak_resident_bytes"]
        self.assertTrue(peak["is_different"])
        self.assertGreater(peak["ratio_low"], 1.5)  # 4 MiB more
        done = cenote("compare", "--with", f"glibc,{WASTEFUL}", "-n", 6, DEEDS, "allocate")
        self.assert_says(done, FINE, "% more", "95 % interval")

    def test_says_no_difference_where_there_is_none(self):
        library = subprocess.run(["readlink", "-f", "/lib/x86_64-linux-gnu/libc.so.6"], capture_output=True, text=True,
                                 check=True).stdout.strip()
        report = self.compare(DEEDS, "allocate", with_=f"glibc,again={library}", runs=6)
        faults = self.of(report, "again")["page_faults"]
        self.assertLess(abs(faults["ratio"] - 1), .1)
        done = cenote("compare", "--with", f"glibc,again={library}", "-n", 6, DEEDS, "allocate")
        self.assert_says(done, FINE, "no difference", "would have shown")

    def test_gives_no_verdict_on_few_runs(self):
        report = self.compare(DEEDS, "allocate")
        self.assertNotIn("is_different", self.of(report, "cenote")["seconds"])
        self.assert_says(cenote("compare", "--with", "glibc,cenote", "-n", 2, DEEDS, "allocate"), FINE, "fewer than 6 rounds")

    def test_another_output_is_a_difference(self):
        report = self.compare(DEEDS, "print_library", code=FINDING)
        self.assertIn("cenote", report["differences"][0])
        self.assertIn("2 of 2", report["differences"][0])

    def test_an_output_that_changes_anyway_is_not_compared(self):
        report = self.compare(DEEDS, "print_process")
        self.assertFalse(report["is_output_steady"])
        self.assert_says(cenote("compare", "--with", "glibc,cenote", "-n", 2, DEEDS, "print_process"), FINE, "from run to run")

    def test_a_program_that_fails_under_one_is_shown_and_the_others_go_on(self):
        report = self.compare(DEEDS, "allocate", with_=f"glibc,{REFUSING},cenote", code=FINDING)
        self.assertIn("signal", self.of(report, "refusing")["failure"])
        self.assertEqual(len(self.of(report, "cenote")["runs"]), 2)
        done = cenote("compare", "--with", f"glibc,{REFUSING}", "-n", 1, DEEDS, "allocate")
        self.assert_says(done, FINDING, "under refusing it fails")

    def test_any_exit_status_is_right_as_long_as_it_is_the_same(self):
        report = self.compare(DEEDS, "exit", 3)
        self.assertEqual({run["exit_status"] for a in report["allocators"] for run in a["runs"]}, {3})

    def test_a_run_that_takes_too_long_is_ended(self):
        begin = time.monotonic()
        done = cenote("compare", "--timeout", "0.2", "--with", "glibc", "-n", 1, "sleep", 100)
        self.assert_says(done, FINDING, "not at its end")
        self.assertLess(time.monotonic() - begin, 50)

    def test_each_run_gets_the_input(self):
        (self.folder / "input").write_text("hello")
        report = self.compare("--input", self.folder / "input", "cat")
        self.assertEqual({run["output_bytes"] for a in report["allocators"] for run in a["runs"]}, {5})

    def test_runs_have_no_profile_but_the_one_that_is_asked_for(self):
        profile = self.folder / "a.profile"
        report = self.compare("sh", "-c", 'printf %s "$CENOTE_PROFILE"', env={**os.environ, "CENOTE_PROFILE": str(profile)})
        self.assertEqual({run["output_bytes"] for a in report["allocators"] for run in a["runs"]}, {0})

    def test_what_cannot_be_replaced_is_refused(self):
        self.assert_says(cenote("compare", PROGRAMS / "static_program"), CANNOT_RUN, "statically")
        self.assert_says(cenote("compare", PROGRAMS / "own_malloc"), CANNOT_RUN, "of its own")
        self.assert_says(cenote("compare", "--with", "x=/etc/passwd", "true"), TROUBLE, "cannot be preloaded")

    def test_is_interrupted_as_a_whole_and_leaves_nothing_behind(self):
        environment = {**os.environ, "TMPDIR": str(self.folder)}
        with subprocess.Popen([CENOTE, "compare", "sleep", "100"], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            while not list(self.folder.glob("*/output")):
                time.sleep(.01)
            process.terminate()
            said = process.communicate(timeout=PATIENCE)[1]
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)
        self.assertIn("interrupted", said)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_says_how_far_it_is_where_there_is_a_terminal(self):
        ours, theirs = os.openpty()
        done = cenote("compare", "--with", "glibc", "-n", 2, "true", stderr=theirs)
        os.close(theirs)
        self.assertEqual(done.returncode, FINE)
        shown = os.read(ours, 4096).decode()
        os.close(ours)
        self.assertIn("warming up, glibc", shown)
        self.assertIn("round 2 of 2, glibc", shown)


if __name__ == "__main__":
    main()
