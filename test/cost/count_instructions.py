"""Counts the instructions of the fast paths under callgrind and compares them with the recorded numbers.

    count_instructions.py VALGRIND RECORDED.json COMPILER PROGRAM...

The numbers are exact for the compiler they were recorded with: more fails, and so does less, which is to be recorded.
For any other compiler they are an upper bound with a tolerance of a quarter.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

# Functions of libcenote-malloc.so, by the name that they are recorded under. All others begin with count_.
OF_MALLOC = {"malloc": "malloc", "free": "free", "operator new(unsigned long)": "operator_new"}


def count(valgrind, program):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind.out")
        run = subprocess.run([valgrind, "--tool=callgrind", f"--callgrind-out-file={out}", program],
                             capture_output=True, text=True, timeout=120, check=True)
        calls = int(run.stdout)
        annotate = os.path.join(os.path.dirname(valgrind), "callgrind_annotate")
        listing = subprocess.run([annotate, "--threshold=100", "--auto=no", out],
                                 capture_output=True, text=True, timeout=120, check=True).stdout
    counts = {}
    for line in listing.splitlines():
        match = re.match(r"\s*([\d,]+)\s\([^)]*\)\s+\S+?:(?:count_(\w+)|(.*)) \[", line)
        name = match and (match.group(2) or OF_MALLOC.get(match.group(3)))
        if name:
            counts[name] = counts.get(name, 0) + int(match.group(1).replace(",", ""))
    # The one call in a thousand that leaves the fast path adds a few of its own; they are rounded away.
    return {name: round(total / calls) for name, total in counts.items()}


def main():
    valgrind, recorded_file, compiler, *programs = sys.argv[1:]
    with open(recorded_file, encoding="utf-8") as f:
        recorded = json.load(f)
    counts = {}
    for program in programs:
        counts.update(count(valgrind, program))
    wrong = []
    for name, limit in recorded["instructions"].items():
        if name not in counts:
            wrong.append(f"{name}: not counted")
            continue
        same = compiler == recorded["compiler"]
        fits = counts[name] == limit if same else counts[name] <= limit * 1.25
        print(f"{name}: {counts[name]} instructions, recorded {limit}")
        if not fits:
            wrong.append(f"{name}: {counts[name]} instructions, recorded are {limit}")
    if wrong:
        sys.exit("\n".join(wrong))


main()
