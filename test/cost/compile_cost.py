#!/usr/bin/env python3
"""What a header costs whoever includes it: the compiler's instructions, counted by cachegrind, which a busy machine does not change.

usage: compile_cost.py VALGRIND COMPILER INCLUDE-FOLDER

Prints the count for each, beyond an empty file, and exits with 1 if that of cenote/object_pool.hpp, with full checks or with those
of a build with NDEBUG, is not below that of <unordered_map>."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

# What is compiled, and with which options.
SUBJECTS = {
    "cenote/object_pool.hpp": ("#include <cenote/object_pool.hpp>\n", ["-DNDEBUG"]),
    "cenote/object_pool.hpp, full checks": ("#include <cenote/object_pool.hpp>\n", []),
    "<unordered_map>": ("#include <unordered_map>\n", []),
}


def instructions(valgrind, compiler, folder, text, options=()):
    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "one.cpp"
        source.write_text(text)
        subprocess.run(
            [valgrind, "--tool=cachegrind", "--cache-sim=no", "--trace-children=yes", f"--cachegrind-out-file={work}/count.%p", "--quiet",
             compiler, "-std=c++20", "-DCENOTE_VALGRIND=0", "-I", folder, *options, "-fsyntax-only", source],
            check=True, timeout=500)
        return sum(int(re.search(r"^summary: (\d+)", count.read_text(), re.MULTILINE)[1])
                   for count in Path(work).glob("count.*"))


def main():
    valgrind, compiler, folder = sys.argv[1:]
    empty = instructions(valgrind, compiler, folder, "")
    cost = {subject: instructions(valgrind, compiler, folder, *what) - empty for subject, what in SUBJECTS.items()}
    most = cost["<unordered_map>"]
    for subject, count in cost.items():
        print(f"{subject}: {count / 1e6:.0f} million instructions, {count / most:.2f} of <unordered_map>'s")
    return 0 if all(0 < count < most for subject, count in cost.items() if subject != "<unordered_map>") else 1


if __name__ == "__main__":
    sys.exit(main())
