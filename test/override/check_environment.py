#!/usr/bin/env python3
"""Checks what the library reads from the environment, and what it writes to standard error.

usage: check_environment.py WORKER LIBRARY
"""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

WORKER = LIBRARY = ""

WRONG_VALUES = {
    "CENOTE_LIMIT": ["banana", "-1", "", "99999999999999999999999", "64Q", "64MM", "M", "0x40000000", "1.5G",
                     "17179869184G", " 64M", "64M "],
    "CENOTE_DECAY_MS": ["banana", "-1", "", "99999999999999999999999", "10s", "0.5", " 1"],
    "CENOTE_STATS": ["banana", "-1", "", "yes", "99999999999999999999999"],
    "CENOTE_PUBLISH": ["banana", "-1", "", "2", "yes"],
}


# The hardened library does not read these.
WRONG_VALUES_OF_SAMPLES = {
    "CENOTE_GUARD_RATE": ["banana", "-1", "", "99999999999999999999999", "4294967296", "1K"],
    "CENOTE_GUARD_PLACES": ["banana", "-1", "", "0", "1048577"],
    "CENOTE_LEAKS": ["banana", "-1", "", "99999999999999999999999", "1.5M", "64Q"],
}


def is_hardened():
    return "hardened" in os.path.basename(LIBRARY)


def run(mode, limit=None, **variables):
    """`limit`: how many files the program may have open, its three included."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CENOTE_")}
    environment |= variables
    environment["LD_PRELOAD"] = LIBRARY
    command = [WORKER, mode]
    if limit:
        command = ["sh", "-c", f'ulimit -n {limit}; exec env LD_PRELOAD="$PRELOAD" "$0" "$1"', *command]
        environment["PRELOAD"] = environment.pop("LD_PRELOAD")
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


class Environment(unittest.TestCase):
    def expect_done(self, ended, output="done\n"):
        self.assertEqual((ended.returncode, ended.stdout), (0, output), ended.stderr)

    def test_nothing_is_said_unasked(self):
        for mode in "idle", "work", "child":
            ended = run(mode)
            self.expect_done(ended)
            self.assertEqual(ended.stderr, "")

    def test_stats_are_a_table_at_exit(self):
        for mode in "idle", "work":
            ended = run(mode, CENOTE_STATS="1")
            self.expect_done(ended)
            lines = ended.stderr.splitlines()
            self.assertTrue(lines[0].startswith("cenote: "), ended.stderr)
            self.assertGreaterEqual(len(lines), 3, ended.stderr)
            self.assertEqual(sum(line.startswith("cenote: ") for line in lines), 1, ended.stderr)

    def test_stats_may_be_off(self):
        ended = run("work", CENOTE_STATS="0")
        self.expect_done(ended)
        self.assertEqual(ended.stderr, "")

    def test_stats_come_though_the_program_closed_stderr(self):
        ended = run("closed", CENOTE_STATS="1")
        self.expect_done(ended)
        self.assertTrue(ended.stderr.startswith("cenote: "), ended.stderr)

    def test_a_process_that_allocates_nothing_has_little_more_memory_of_its_own(self):
        def private_kib(**environment):
            # Two, so that the library's code counts as what it is in use: shared.
            with subprocess.Popen(["sleep", "60"], env=environment) as other, subprocess.Popen(["sleep", "60"], env=environment) as process:
                try:
                    for each in other, process:
                        while " (sleep) S " not in Path(f"/proc/{each.pid}/stat").read_text():
                            pass
                    with open(f"/proc/{process.pid}/smaps_rollup") as rollup:
                        return sum(int(line.split()[1]) for line in rollup if line.startswith(("Private_D", "Private_C")))
                finally:
                    process.kill()
                    other.kill()

        self.assertLess(private_kib(LD_PRELOAD=LIBRARY) - private_kib(), 200)

    def test_stats_go_to_no_file_of_the_programs_own(self):
        ended = run("reused", CENOTE_STATS="1")
        self.expect_done(ended, "untouched\n")
        self.assertTrue(ended.stderr.startswith("cenote: "), ended.stderr)

    def test_stats_come_where_few_files_may_be_open(self):
        for most in 64, 4:
            ended = run("idle", CENOTE_STATS="1", limit=most)
            self.expect_done(ended)
            self.assertTrue(ended.stderr.startswith("cenote: "), (most, ended.stderr))

    def test_a_closed_stderr_harms_nothing(self):
        ended = subprocess.run(
            ["sh", "-c", 'exec "$0" work 2>&-', WORKER],
            env={"LD_PRELOAD": LIBRARY, "CENOTE_STATS": "1", "CENOTE_LIMIT": "banana"},
            capture_output=True, text=True, timeout=60, check=False,
        )
        self.expect_done(ended)

    def test_limit_holds(self):
        for value, mib in ("64M", 64), ("67108864", 64), ("65536K", 64), ("1G", 1024):
            ended = run("exhaust", CENOTE_LIMIT=value)
            self.assertEqual((ended.returncode, ended.stderr), (0, ""), value)
            got, error = re.fullmatch(r"(\d+) MiB, errno (\w+)\n", ended.stdout).groups()
            self.assertEqual(error, "ENOMEM", f"{value}: {ended.stdout}")
            self.assertLessEqual(int(got), mib, value)
            self.assertGreaterEqual(int(got), mib // 2, value)

    def test_without_a_limit_there_is_none(self):
        self.expect_done(run("exhaust"), "1024 MiB, errno 0\n")

    def test_right_values_are_accepted_silently(self):
        for variables in ({"CENOTE_DECAY_MS": "0"}, {"CENOTE_DECAY_MS": "250"}, {"CENOTE_DECAY_MS": "100000"},
                          {"CENOTE_LIMIT": "1G", "CENOTE_DECAY_MS": "10"}, {"CENOTE_GUARD_RATE": "0"},
                          {"CENOTE_GUARD_RATE": "100", "CENOTE_GUARD_PLACES": "10"}, {"CENOTE_LEAKS": "0"}):
            ended = run("work", **variables)
            self.expect_done(ended)
            self.assertEqual(ended.stderr, "", variables)

    def test_a_wrong_value_gets_one_line_and_the_default(self):
        for name, values in (WRONG_VALUES | ({} if is_hardened() else WRONG_VALUES_OF_SAMPLES)).items():
            for value in values:
                with self.subTest(variable=name, value=value):
                    ended = run("exhaust", **{name: value})
                    self.expect_done(ended, "1024 MiB, errno 0\n")
                    self.assertRegex(ended.stderr, r"\Acenote: [^\n]*\n\Z")
                    self.assertIn(f"{name}={value}", ended.stderr)
                    self.assertIn("default", ended.stderr)

    @unittest.skipUnless("hardened" in os.path.basename(LIBRARY or sys.argv[-1]), "only the hardened library reads it")
    def test_features_of_the_hardened_library_are_names(self):
        for value in "all", "none", "canary", "fill,delay", "junk,guard,shuffle,canary":
            ended = run("work", CENOTE_HARDENED=value)
            self.expect_done(ended)
            self.assertEqual(ended.stderr, "", value)
        for value in "", "canaries", "canary,", ",canary", "canary guard", "all,none", "ALL":
            ended = run("work", CENOTE_HARDENED=value)
            self.expect_done(ended)
            self.assertRegex(ended.stderr, r"\Acenote: CENOTE_HARDENED=[^\n]*default[^\n]*\n\Z", value)

    def test_each_wrong_value_gets_its_line(self):
        ended = run("work", CENOTE_LIMIT="banana", CENOTE_DECAY_MS="apple", CENOTE_STATS="pear")
        self.expect_done(ended)
        lines = sorted(ended.stderr.splitlines())
        self.assertEqual(len(lines), 3, ended.stderr)
        for line, name in zip(lines, ("CENOTE_DECAY_MS=apple", "CENOTE_LIMIT=banana", "CENOTE_STATS=pear")):
            self.assertTrue(line.startswith(f"cenote: {name} "), ended.stderr)

    def test_a_very_long_wrong_value_is_one_line_too(self):
        ended = run("work", CENOTE_LIMIT="9" * 5000)
        self.expect_done(ended)
        self.assertRegex(ended.stderr, r"\Acenote: CENOTE_LIMIT=9[^\n]*\n\Z")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    WORKER, LIBRARY = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
