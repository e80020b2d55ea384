#!/usr/bin/env python3
"""Checks what the library says of blocks that are live when the program ends.

usage: check_leaks.py LEAKY LIBRARY
"""

import os
import re
import subprocess
import sys
import unittest

LEAKY = LIBRARY = ""


def run(**variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CENOTE_")}
    environment |= {"LD_PRELOAD": LIBRARY} | variables
    return subprocess.run([LEAKY], env=environment, capture_output=True, text=True, timeout=60, check=False)


def sites(report):
    """Bytes by the first function of a stack that is the program's own."""
    found = {}
    for bytes_, stack in re.findall(r"about (\d+) bytes in \d+ blocks \(\d+ drawn\), allocated at\n((?:cenote:   #.*\n)+)", report):
        names = [name for name, module in re.findall(r"0x[0-9a-f]+ (\S+) \((.*)\+", stack) if "malloc_leaky" in module]
        if names:
            found[names[0]] = found.get(names[0], 0) + int(bytes_)
    return found


class Leaks(unittest.TestCase):
    def expect_right_answer(self, ended):
        self.assertEqual((ended.returncode, ended.stdout), (0, ""), ended.stderr)
        self.assertTrue(all(line.startswith("cenote: ") for line in ended.stderr.splitlines()), ended.stderr)

    def test_nothing_is_said_unasked(self):
        for variables in {}, {"CENOTE_LEAKS": "0"}:
            ended = run(**variables)
            self.assertEqual((ended.returncode, ended.stderr), (0, ""))

    def test_counts_by_size_are_exact(self):
        ended = run(CENOTE_LEAKS="1", CENOTE_GUARD_RATE="0")
        self.expect_right_answer(ended)
        self.assertIn("cenote:   20000 blocks of 1024 bytes\n", ended.stderr)
        self.assertRegex(ended.stderr, r"cenote:   1 mappings, of 5242880 bytes together\n")

    # Some 1,250 of the larger leak's blocks are drawn, and 30 of the smaller one's.
    def test_stacks_are_told_with_about_the_bytes_that_are_theirs(self):
        ended = run(CENOTE_LEAKS="16K")
        self.expect_right_answer(ended)
        found = sites(ended.stderr)
        self.assertEqual(next(iter(found)), "leak_much", found)
        self.assertAlmostEqual(found["leak_much"] / (20_000 * 1024), 1, delta=0.15)
        self.assertAlmostEqual(found["leak_little"] / (10_000 * 48), 1, delta=0.75)
        self.assertEqual(found["leak_a_mapping"], 5 << 20)
        self.assertNotIn("use_for_a_while", found)
        self.assertNotIn("keep_to_the_end", found)

    def test_the_default_finds_what_is_large(self):
        for value in "1", "512K":
            ended = run(CENOTE_LEAKS=value)
            self.expect_right_answer(ended)
            self.assertIn("one block in 524288 bytes is drawn", ended.stderr)
            found = sites(ended.stderr)
            self.assertAlmostEqual(found["leak_much"] / (20_000 * 1024), 1, delta=0.7)
            self.assertNotIn("use_for_a_while", found)

    def test_goes_together_with_guards_and_the_table(self):
        ended = run(CENOTE_LEAKS="16K", CENOTE_GUARD_RATE="1000", CENOTE_STATS="1")
        self.assertEqual(ended.returncode, 0)
        self.assertIn("malloc served this process", ended.stderr)
        self.assertAlmostEqual(sites(ended.stderr)["leak_much"] / (20_000 * 1024), 1, delta=0.15)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    LEAKY, LIBRARY = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
