#!/usr/bin/env python3
"""Runs a real program on the C library's malloc and on a preloaded one: both must give the known answer, and the same.

    run.py PROGRAM --library libcenote-malloc.so
    run.py --list
    run.py --self-test LIBRARY

The library is asked by CENOTE_STATS to say at the end of each process that it was there; a leg without that proof fails.
--unproven leaves this out, for trials with another malloc.
"""

import argparse
import difflib
import signal
import sys
import tempfile
import time
from pathlib import Path

from definitions import PROGRAMS
from process import PATIENCE, Failed, Leg, Malloc, c_library, find
from program import Program

PROOF = "cenote: "


def answer_under(malloc, program, folder, work, patience):
    leg_folder = folder / malloc.name
    leg_folder.mkdir()
    started = time.monotonic()
    answer = program.run(Leg(malloc, leg_folder, patience=patience), folder, work)
    program.check(answer, work)
    print(f"{program.name} on {malloc.name}: {time.monotonic() - started:.1f} s")
    return answer


def compare(program, library, proof, large=False, patience=PATIENCE):
    """Raises Failed when the program does anything else on the library than on the C library."""
    program.require()
    work = program.work(large)
    with tempfile.TemporaryDirectory(prefix="cenote_programs_") as name:
        folder = Path(name)
        program.prepare(folder, work)
        plain = answer_under(Malloc("the C library"), program, folder, work, patience)
        preloaded = answer_under(Malloc(library.name, library.resolve(), proof), program, folder, work, patience)
    if plain != preloaded:
        lines = difflib.unified_diff(plain.splitlines(), preloaded.splitlines(), "the C library", str(library), "", "", 1)
        raise Failed("the answers differ:\n" + "\n".join(lines))


class Line(Program):
    """A line of perl as a program, for the self-test. Not of shell: that ends without running anyone's destructors."""

    name = "line"
    needs = {"perl": "perl"}

    def __init__(self, line):
        self.line = line

    def work(self, large):
        return None

    def run(self, leg, folder, work):
        return leg.run(find("perl"), "-e", self.line).decode()

    def check(self, answer, work):
        if "wrong" in answer:
            raise Failed("a wrong answer")


def self_test(library):
    """Whether each way to fail is seen, with a library that is as it should be and with others."""
    preloaded = "if ($ENV{LD_PRELOAD})"
    cases = [
        ("a sound program", "print 1", library, PROOF, None),
        ("a library that is not there", "print 1", Path("/nowhere/libnone.so"), None, "cannot be preloaded"),
        ("another library", "print 1", c_library(), PROOF, "nothing proves"),
        ("another answer", f"print 1; print 2 {preloaded}", library, PROOF, "the answers differ"),
        ("a wrong answer", "print 'wrong'", library, PROOF, "a wrong answer"),
        ("another status", f"exit 3 {preloaded}", library, PROOF, "ended with status 3"),
        ("a crash", f"kill 'SEGV', $$ {preloaded}", library, PROOF, "ended by signal 11"),
        ("an end without end", f"sleep 100 {preloaded}", library, PROOF, "not at its end"),
    ]
    fine = True
    for name, line, under, proof, expected in cases:
        found = None
        try:
            compare(Line(line), under, proof, patience=1.0)
        except Failed as error:
            found = str(error)
        if (found is None) != (expected is None) or (expected and expected not in found):
            print(f"self-test: {name}: expected {expected!r}, got {found!r}")
            fine = False
    print("self-test:", "passed" if fine else "FAILED")
    return 0 if fine else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", choices=PROGRAMS, metavar="PROGRAM", help="one of --list")
    parser.add_argument("--library", type=Path, help="what is preloaded")
    parser.add_argument("--large", action="store_true", help="the work that the benchmark does")
    parser.add_argument("--unproven", action="store_true", help="the library need not say that it was there")
    parser.add_argument("--list", action="store_true", help="the programs' names")
    parser.add_argument("--self-test", type=Path, metavar="LIBRARY", help="check the checks")
    options = parser.parse_args()
    if options.list:
        print("\n".join(PROGRAMS))
        return 0
    if options.self_test:
        return self_test(options.self_test)
    if options.program is None or options.library is None:
        parser.error("a program and a library are needed")
    # Told to end, it still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(f"{options.program}: told to end"))
    try:
        if not options.library.is_file():
            raise Failed(f"there is no {options.library}")
        compare(PROGRAMS[options.program], options.library, None if options.unproven else PROOF, options.large)
    except Failed as error:
        sys.exit(f"{options.program} on {options.library}: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
