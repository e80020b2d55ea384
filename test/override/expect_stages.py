#!/usr/bin/env python3
"""Runs early_and_late with the library of its constructors linked, or preloaded too, and checks the stages it reports.

usage: expect_stages.py PROGRAM LIBRARY MALLOC

LIBRARY is what PROGRAM is linked with; MALLOC is the malloc under test, or `glibc`. Preloading the library beside the
malloc, before or behind it, turns round whose constructors and destructors come first.
"""

import os
import subprocess
import sys

IN_ORDER = """program: preinit
library: constructor of priority 101
library: global
program: global
main: begin
thread: thread_local
thread: end
thread: destructor of the thread_local
KEYS
thread: destructor of the late key
thread: thread_local
main: end
thread: destructor of the thread_local
program: atexit
program: destructor of the global
library: destructor of the global
library: destructor of priority 101
""".splitlines()

# The order of the keys in a round is not promised.
KEYS = sorted(["thread: destructor of the early key"] * 3 + ["thread: destructor of the late key"] * 4)


def check(program, preload):
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    if preload:
        environment["LD_PRELOAD"] = ":".join(preload)
    run = subprocess.run(
        [program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    told = f"under LD_PRELOAD={':'.join(preload)}: exit status {run.returncode}\n{run.stdout}{run.stderr}"
    if run.returncode != 0 or run.stderr:
        sys.exit(f"failed {told}")
    lines = run.stdout.splitlines()
    begin = IN_ORDER.index("KEYS")
    end = begin + len(KEYS)
    if sorted(lines[begin:end]) != KEYS or lines[:begin] + ["KEYS"] + lines[end:] != IN_ORDER:
        sys.exit(f"stages are not as expected {told}")


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    program, library, malloc = sys.argv[1:]
    under_test = [] if malloc == "glibc" else [malloc]
    check(program, under_test)
    check(program, [library, *under_test])
    check(program, [*under_test, library])


main()
