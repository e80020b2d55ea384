#!/usr/bin/env python3
"""Proves that a file does not compile, because of the line that it is about, and with the message that it names.

usage: run.py FILE -- COMPILER FLAGS...

The first line of FILE is `// expect: REGEX`. FILE is compiled twice: as it is, which has to fail with output that
matches REGEX, and with CENOTE_FIXED defined, which has to succeed: so nothing but the line under `#ifndef CENOTE_FIXED`
is at fault.
"""

import os
import re
import subprocess
import sys


def compile_file(command, path, *more):
    done = subprocess.run(
        [*command, *more, "-fsyntax-only", path],
        env={**os.environ, "LC_ALL": "C"},  # messages in English
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout


def expectation(path):
    with open(path, encoding="utf-8") as file:
        first = file.readline()
    found = re.fullmatch(r"// expect: (.+)\n", first)
    if not found:
        sys.exit(f"{path}:1: the first line must be `// expect: REGEX`")
    return found.group(1)


def main():
    if len(sys.argv) < 4 or sys.argv[2] != "--":
        sys.exit(__doc__)
    path, command = sys.argv[1], sys.argv[3:]
    expected = expectation(path)

    fine, output = compile_file(command, path, "-DCENOTE_FIXED")
    if not fine:
        sys.exit(f"{path}: does not compile even with CENOTE_FIXED:\n{output}")
    fine, output = compile_file(command, path)
    if fine:
        sys.exit(f"{path}: compiles, and must not")
    if not re.search(expected, output):
        sys.exit(f"{path}: fails to compile, but not with a message like `{expected}`:\n{output}")
    print(f"{path}: refused as expected")


if __name__ == "__main__":
    main()
