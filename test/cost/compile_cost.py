#!/usr/bin/env python3
"""What a header costs whoever includes it: the compiler's instructions, counted by cachegrind, which a busy machine does not change.

usage: compile_cost.py VALGRIND COMPILER INCLUDE-FOLDER

Prints the count for each, beyond an empty file, and exits with 1 if that of cenote/object_pool.hpp is not below that of
<unordered_map>."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HEADERS = ["cenote/object_pool.hpp", "unordered_map"]


def instructions(valgrind, compiler, folder, text):
    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "one.cpp"
        source.write_text(text)
        subprocess.run(
            [valgrind, "--tool=cachegrind", "--cache-sim=no", "--trace-children=yes", f"--cachegrind-out-file={work}/count.%p", "--quiet",
             compiler, "-std=c++20", "-DCENOTE_VALGRIND=0", "-I", folder, "-fsyntax-only", source],
            check=True, timeout=500)
        return sum(int(re.search(r"^summary: (\d+)", count.read_text(), re.MULTILINE)[1])
                   for count in Path(work).glob("count.*"))


def main():
    valgrind, compiler, folder = sys.argv[1:]
    empty = instructions(valgrind, compiler, folder, "")
    cost = {header: instructions(valgrind, compiler, folder, f"#include <{header}>\n") - empty for header in HEADERS}
    for header, count in cost.items():
        print(f"{header}: {count / 1e6:.0f} million instructions, {count / cost['unordered_map']:.2f} of <unordered_map>'s")
    return 0 if 0 < cost["cenote/object_pool.hpp"] < cost["unordered_map"] else 1


if __name__ == "__main__":
    sys.exit(main())
