#!/usr/bin/env python3
"""Runs an example with --quick and reads what it prints: usage test_example.py NAME PROGRAM."""

import re
import subprocess
import sys

SKIPPED = 77


def rows(text):
    """The rows of every table, as lists of columns, without the heads."""
    found = [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    rules = [i for i, row in enumerate(found) if set("".join(row)) == {"-"}]
    return [row for i, row in enumerate(found) if i not in rules and i + 1 not in rules]


def expect(fine, what):
    if not fine:
        sys.exit(f"FAILED: {what}")


def check_particles(text):
    expect(len(rows(text)) == 5, "five subjects")
    # The same numbers whatever the compiler, the preset and the store.
    expect("answer: 4520 bullets, 18236 sparks, checksum 48752675786841: equal" in text, "the known answer")


def check_barnes_hut(text):
    expect(len(rows(text)) == 5, "five subjects")
    answer = re.search(r"answer: equal; off the sum over all pairs by ([0-9.]+): near", text)
    expect(answer and 0 < float(answer[1]) < 0.02, "galaxies equal, and near the sum over all pairs but not it")


def check_control_loop(text):
    verdict = {row[0]: row[-1] for row in rows(text)}
    expect(len(verdict) == 5, "five subjects")
    expect(verdict["nothing allocated"] == "no system call", "the loop itself makes no system call")
    expect(verdict["object_pool, fixed"] == "no system call", "nor does the pool")
    expect(re.fullmatch(r"killed by SIGSYS in cycle \d+", verdict["new and delete"]), "malloc does, and the filter bites")
    expect("answer: equal" in text, "the loop steers alike on every memory")


def check_order_book(text):
    expect(len(rows(text)) == 5, "five subjects")
    expect("answer: 4304 trades, 111055 shares, 2288 cancelled, 1604 too late, checksum 7000972709964272666: equal" in text,
           "the known answer")


def check_containers(text):
    expect(len(rows(text)) == 6, "six subjects")
    expect("answer: 10554312321027124447: equal" in text, "the known answer")


def check_plain_c(text):
    expect(len(rows(text)) == 3, "three subjects")
    expect("answer: 9205270453182157825: equal" in text, "the known answer")


def check_shared_orders(text):
    expect(len(rows(text)) in (2, 3), "two subjects, three with Boost")
    expect("answer: 1000 filled, 10 finished, 10 dropped, 5047 lots: nothing lost" in text, "the known answer")


def main():
    name, program = sys.argv[1:]
    run = subprocess.run([program, "--quick"], capture_output=True, text=True, timeout=280, check=False)
    print(run.stdout, run.stderr, sep="")
    if run.returncode == SKIPPED:
        return SKIPPED
    expect(run.returncode == 0, f"exit status {run.returncode}")
    globals()[f"check_{name}"](run.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
