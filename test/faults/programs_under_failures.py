#!/usr/bin/env python3
"""Runs real programs on the replacement of malloc while its calls of the OS fail, each in turn and all from each one on.

usage: programs_under_failures.py INTERPOSER LIBRARY

A call that would give memory may be refused: the program then does as it should, or ends with an exit code that says that it could not
(perl, when it has said that there is no memory, also by a fault of its own). All else may only cost memory: the program must do as it
should."""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

KINDS = ["mmap", "munmap", "madvise", "mprotect", "mremap", "key_create", "setspecific", "atfork", "futex"]
MAY_REFUSE = {"mmap"}
NO_MEMORY = b"Out of memory"
MOST = 10**9

# Sorts in pieces of 200 KB that go to files, with two threads.
SORT = ["sort", "-S", "200K", "--parallel=2", "-T", "{work}", "{work}/lines"]
# Many small blocks, some that grow, a child, and most of it freed amid.
PERL = ["perl", "-e", """
my %h; for my $i (1 .. 8000) { $h{$i} = "x" x ($i % 300); delete $h{$i - 500} if $i % 3; }
my $s = ""; $s .= "abc" x 1000 for 1 .. 800; %h = ();
my $child = fork; if (defined $child && $child == 0) { my @a = map { "y" x $_ } 1 .. 500; exit(@a == 500 ? 0 : 9); }
if (defined $child) { waitpid($child, 0); exit 8 if $?; }
my @b = map { [$_, "z" x 100] } 1 .. 2500; print length($s), " ", scalar(@b), "\\n";
"""]
PROGRAMS = {"sort": SORT, "perl": PERL}


def run(command, preload, plan):
    """What it printed, as a digest; how it ended; how many calls failed."""
    read_end, write_end = os.pipe2(0)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CENOTE_")}
    environment |= {"LD_PRELOAD": preload, "CENOTE_TEST_REPORT": str(write_end), "LC_ALL": "C", "CENOTE_DECAY_MS": "0"}
    if plan:
        environment["CENOTE_TEST_FAIL"] = plan
    os.set_blocking(write_end, False)
    ended = subprocess.run(command, env=environment, pass_fds=[write_end], capture_output=True, timeout=60, check=False)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as reports:
        failed = len(reports.read())
    return hashlib.sha256(ended.stdout).hexdigest(), ended, failed


def main():
    interposer, library = sys.argv[1:]
    preload = f"{interposer}:{library}"
    wrong, failures, refused = [], 0, 0
    with tempfile.TemporaryDirectory() as work:
        lines = (hashlib.sha256(str(i).encode()).hexdigest() for i in range(12000))
        (Path(work) / "lines").write_text("\n".join(lines) + "\n")
        for name, words in PROGRAMS.items():
            command = [word.format(work=work) if "{work}" in word else word for word in words]
            right, ended, failed = run(command, preload, None)
            if ended.returncode != 0 or failed != 0 or not ended.stdout:
                sys.exit(f"{name} fails without failures: {ended}")
            for kind in KINDS:
                for for_good in False, True:
                    k = 1
                    while True:
                        output, ended, failed = run(command, preload, f"{kind}:{k}:{MOST if for_good else k}")
                        if failed == 0:
                            break
                        failures += 1
                        if kind in MAY_REFUSE and (ended.returncode > 0 or NO_MEMORY in ended.stderr):
                            refused += 1
                        elif ended.returncode != 0 or output != right:
                            wrong.append(f"{name}, {kind} {k}{' and all later ones' if for_good else ''}: "
                                         f"{ended.returncode} {ended.stderr.decode()[-300:]!r}")
                        k += 1 + k // 2  # the first few, and then fewer
    for each in wrong:
        print(each)
    print(f"{failures} runs with failures: {refused} refused, {len(wrong)} wrong")
    return 1 if wrong or failures == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
