#!/usr/bin/env python3
"""Checks what CENOTE_PROFILE does to the heap, and what is said of one that is damaged.

usage: check_profile.py PROGRAM LIBRARY PROFILES
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = LIBRARY = PROFILES = ""

USUAL = ""  # what the program says without a profile

GOOD = "cenote-profile 1\nclass 16\nclass {swung} magazine {magazine}{segments}\nclass 1024\nclass 4480\nclass 65536\nend\n"


def is_hardened():
    return "hardened" in os.path.basename(LIBRARY)


def swung():
    """The class of 48 bytes; the hardened library has a seal behind each block."""
    return 64 if is_hardened() else 48


def good(magazine=64, segments=""):
    return GOOD.format(swung=swung(), magazine=magazine, segments=segments)


def run(mode, profile=None, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CENOTE_")}
    environment |= variables | {"LD_PRELOAD": LIBRARY}
    if profile is not None:
        environment["CENOTE_PROFILE"] = str(profile)
    return subprocess.run(
        [PROGRAM, mode], env=environment, capture_output=True, text=True, timeout=60, check=False)


def table(ended):
    """Of CENOTE_STATS=1: block size to (live, in magazines, capacity, refills, flushes)."""
    return {int(row[0]): tuple(map(int, row[1:]))
            for row in re.findall(r"^ *(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)$", ended.stderr, re.MULTILINE)}


class Profile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, text, name="some.profile"):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def good(self, magazine=64, segments=""):
        return self.write(good(magazine, segments))

    def expect_silent(self, ended):
        self.assertEqual((ended.returncode, ended.stderr), (0, ""), ended)

    def test_its_classes_are_those_of_the_heap(self):
        for mode in "sizes", "fork":
            ended = run(mode, self.good())
            self.expect_silent(ended)
            if is_hardened():  # which says what was asked for
                self.assertEqual(ended.stdout, USUAL)
                continue
            self.assertEqual(
                ended.stdout.split(),
                ["1:16", "16:16", "17:48", "48:48", "49:1024", "1024:1024", "1025:4480", "4360:4480", "4480:4480",
                 "65536:65536",
                 "32:1024", "64:1024", "128:1024", "256:1024", "512:1024", "1024:1024", "2048:65536", "4096:65536"])

    def test_the_first_block_of_all_is_of_its_classes(self):
        self.assertEqual(run("early").stdout, "17\n" if is_hardened() else "32\n")
        ended = run("early", self.good())
        self.expect_silent(ended)
        self.assertEqual(ended.stdout, "17\n" if is_hardened() else "48\n")

    def test_blocks_are_of_these_sizes_in_the_table_too(self):
        rows = table(run("work", self.good(), CENOTE_STATS="1"))
        self.assertTrue(set(rows) <= {16, swung(), 1024, 4480, 65536}, rows)
        self.assertGreater(len(rows), 2)

    def test_a_larger_magazine_exchanges_less(self):
        def exchanges(magazine):
            rows = table(run("swing", self.good(magazine), CENOTE_STATS="1", CENOTE_HARDENED="none"))
            return sum(rows[swung()][3:])
        small, large = exchanges(4), exchanges(4096)
        self.assertGreater(small, 20_000)
        self.assertLess(large, 500)

    def test_a_larger_segment_has_room_for_more_blocks(self):
        def capacity(segments):
            return table(run("swing", self.good(64, segments), CENOTE_STATS="1"))[swung()][2]
        self.assertLess(capacity(" segments 65536 131072"), 8_000)
        self.assertGreater(capacity(" segments 2097152 131072"), 30_000)
        self.assertGreater(capacity(" segments 65536 4194304"), 60_000)

    def test_blocks_keep_what_was_written_to_them(self):
        for profile in sorted(Path(PROFILES).glob("*.profile")):
            ended = run("work", profile)
            self.expect_silent(ended)
            self.assertEqual(ended.stdout, "done\n", profile)

    def expect_defaults(self, profile, said):
        ended = run("sizes", profile)
        self.assertEqual((ended.returncode, ended.stdout), (0, USUAL), ended.stderr)
        self.assertEqual(ended.stderr.count("\n"), 1, ended.stderr)
        self.assertRegex(ended.stderr, r"^cenote: CENOTE_PROFILE=\S+ is not (used|read): " + said)
        self.assertTrue(ended.stderr.endswith(": the default is used\n"), ended.stderr)

    def test_every_part_of_a_profile_is_refused_with_one_line(self):
        whole = good(64, " segments 65536 131072").encode()
        for length in range(len(whole) - 1):
            self.expect_defaults(self.write(whole[:length]), "")

    def test_damaged_profiles_are_refused_with_the_line(self):
        self.expect_defaults(self.write("cenote-profile 1\nclass 32\nclass 16\nend\n"), "line 3: sizes do not ascend")
        self.expect_defaults(self.write("cenote-profile 1\nclass 24\nend\n"), "line 2: no multiple of 16")
        self.expect_defaults(self.write(bytes(range(256)) * 8), "line 1: it does not begin")
        self.expect_defaults(self.write("\n" * 20_000), "it has more than 16384 bytes")

    def test_what_is_no_file_is_refused(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        self.expect_defaults(self.folder / "missing", "error 2")
        for path in self.folder, fifo, "/dev/zero":
            self.expect_defaults(path, "it is no file")

    def test_an_empty_name_is_none(self):
        ended = run("sizes", "")
        self.expect_silent(ended)
        self.assertEqual(ended.stdout, USUAL)


if __name__ == "__main__":
    PROGRAM, LIBRARY, PROFILES = sys.argv[1:4]
    USUAL = run("sizes").stdout
    unittest.main(argv=sys.argv[:1])
