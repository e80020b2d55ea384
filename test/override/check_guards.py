#!/usr/bin/env python3
"""Checks what the library says of faults with blocks between guards, and what it costs to have them.

usage: check_guards.py FAULTY LIBRARY
"""

import os
import re
import signal
import subprocess
import sys
import unittest

FAULTY = LIBRARY = ""


def run(kind, size=100, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CENOTE_")}
    environment |= {"LD_PRELOAD": LIBRARY, "CENOTE_GUARD_RATE": "1"} | variables
    environment = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run([FAULTY, kind, str(size)], env=environment, capture_output=True, text=True, timeout=60, check=False)


def stacks(ended):
    """What happened at which stack, in order: pairs of a title and the names of functions, without those of the library, which
    are there in a build that is not optimised."""
    found = []
    for line in ended.stderr.splitlines()[1:]:
        frame = re.fullmatch(r"cenote:   #\d+ 0x[0-9a-f]+ (\S+) \((.+)\+0x[0-9a-f]+\)", line)
        if frame:
            if os.path.basename(frame.group(2)) != os.path.basename(LIBRARY):
                found[-1][1].append(frame.group(1))
        else:
            found.append((line.removeprefix("cenote: "), []))
    return found


class Guards(unittest.TestCase):
    def expect_report(self, ended, killed_by, line, *events):
        """The first line, and which stacks come after it, each with a function that has to be in it."""
        self.assertEqual(ended.returncode, -killed_by, ended.stderr)
        self.assertNotIn("survived", ended.stdout)
        block = re.search(r"block (0x[0-9a-f]+)", ended.stdout).group(1)
        self.assertRegex(ended.stderr.splitlines()[0], rf"\Acenote: {line.replace('BLOCK', block)}\Z")
        told = stacks(ended)
        self.assertEqual(len(told), len(events), ended.stderr)
        for (title, names), (event, function) in zip(told, events):
            self.assertRegex(title, rf"\A{event} by thread \d+ at\Z")
            self.assertEqual(names[0], function, ended.stderr)
            self.assertTrue("main" in names or "free_in_other_thread" in ended.stderr or "other" in ended.args[1],
                            ended.stderr)

    def test_right_program_is_silent(self):
        for kind in "right", "fork":
            for size in 1, 16, 100, 4096, 5000:
                ended = run(kind, size)
                self.assertEqual((ended.returncode, ended.stderr), (0, ""), kind)
                self.assertIn("survived", ended.stdout)
                self.assertIn(f"usable {size}\n" if size <= 4096 else "usable 5120\n", ended.stdout)

    def test_use_after_free_names_who_freed_and_who_allocated(self):
        for size in 1, 100, 4096:
            self.expect_report(run("write_after_free", size), signal.SIGSEGV,
                               rf"use after free: 0x[0-9a-f]+ is {size - 1} bytes into a freed block of {size} bytes at BLOCK",
                               ("accessed", "write_to_it"), ("freed", "free_it"), ("allocated", "allocate_it"))
            self.expect_report(run("read_in_other_thread_after_free", size), signal.SIGSEGV,
                               rf"use after free: 0x[0-9a-f]+ is {size // 2} bytes into a freed block of {size} bytes at BLOCK",
                               ("accessed", "read_it"), ("freed", "free_it"), ("allocated", "allocate_it"))

    def test_threads_are_named(self):
        ended = run("read_in_other_thread_after_free")
        process = re.search(r"process (\d+)", ended.stdout).group(1)
        threads = [re.search(r"thread (\d+)", title).group(1) for title, _ in stacks(ended)]
        self.assertEqual(threads[0], process)
        self.assertNotEqual(threads[1], process)
        self.assertEqual(threads[2], process)

    # At the end or the beginning of its page, by chance: sixteen times the same has a chance of one in 32,768.
    def test_overflow_and_underflow_meet_the_guard(self):
        overflows = set()
        for _ in range(16):
            ended = run("overflow", 128)
            self.expect_report(ended, signal.SIGSEGV,
                               r"overflow: 0x[0-9a-f]+000 is \d+ bytes to the right of a block of 128 bytes at BLOCK",
                               ("accessed", "write_to_it"), ("allocated", "allocate_it"))
            overflows.add(re.search(r"is (\d+) bytes", ended.stderr).group(1))
            ended = run("underflow", 128)
            self.expect_report(ended, signal.SIGSEGV,
                               r"underflow: 0x[0-9a-f]+fff is \d+ bytes before a block of 128 bytes at BLOCK",
                               ("accessed", "read_it"), ("allocated", "allocate_it"))
            if len(overflows) == 2:
                break
        self.assertEqual(overflows, {"0", "3968"})

    def test_writes_that_miss_the_guard_are_found_when_the_block_is_freed(self):
        self.expect_report(run("write_beside", 100), signal.SIGABRT,
                           "overflow: 3 bytes to the right of a block of 100 bytes at BLOCK were written to, .*",
                           ("freed", "free_it"), ("allocated", "allocate_it"))

    def test_double_free_is_reported_at_once(self):
        for kind in "double_free", "double_free_in_other_thread":
            self.expect_report(run(kind), signal.SIGABRT, "double free: BLOCK, 0 bytes into a freed block of 100 bytes",
                               ("freed again", "free_it_again"), ("freed", "free_it"), ("allocated", "allocate_it"))

    def test_pointers_into_a_block_are_reported_at_once(self):
        self.expect_report(run("free_of_inner"), signal.SIGABRT,
                           "free of a pointer to no block: 0x[0-9a-f]+, 50 bytes into a block of 100 bytes",
                           ("passed", "free_it"), ("allocated", "allocate_it"))

    def test_other_uses_of_what_was_freed_are_reported(self):
        for kind, what in ("realloc_of_freed", "reallocate"), ("size_of_freed", "size"):
            ended = run(kind)
            self.assertEqual(ended.returncode, -signal.SIGABRT, ended.stderr)
            self.assertRegex(ended.stderr, rf"\Acenote: {what} of a pointer to no block: 0x[0-9a-f]+, 0 bytes into a freed block")
            self.assertEqual([names[0] for title, names in stacks(ended)[1:]], ["free_it", "allocate_it"])

    def test_wrong_size_of_delete_is_reported(self):
        ended = run("sized_delete")
        self.assertEqual(ended.returncode, -signal.SIGABRT, ended.stderr)
        self.assertIn("free with the wrong size", ended.stderr)

    def test_other_accesses_end_the_program_as_before(self):
        for kind in "null", "raise":
            ended = run(kind)
            self.assertEqual((ended.returncode, ended.stderr), (-signal.SIGSEGV, ""), kind)
        ended = run("survives_raise_if_ignored")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))

    def test_the_programs_own_handler_is_kept(self):
        for kind, code in ("handled_before", 42), ("handled_after", 43):
            ended = run(kind)
            self.assertEqual((ended.returncode, ended.stderr), (code, ""), kind)

    def test_all_places_in_use_are_less_than_512_kib(self):
        with_guards, without = (int(re.search(r"resident (\d+)", run("resident", CENOTE_GUARD_RATE=rate).stdout).group(1))
                                for rate in ("1", "0"))
        print(f"memory of all places in use: {(with_guards - without) // 1024} KiB")
        self.assertGreater(with_guards, without)
        self.assertLess(with_guards - without, 512 * 1024)

    # In a second of the processor's time.
    def test_by_default_some_blocks_are_guarded_and_not_more_than_twenty_a_second(self):
        ended = run("churn", CENOTE_GUARD_RATE=None, CENOTE_STATS="1")
        guarded = int(re.search(r"guarded +\d+ KiB, (\d+) blocks", ended.stderr).group(1))
        self.assertGreaterEqual(guarded, 2)
        self.assertLessEqual(guarded, 21)

    def test_none_is_guarded_where_that_is_off(self):
        ended = run("write_after_free", CENOTE_GUARD_RATE="0")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    FAULTY, LIBRARY = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
