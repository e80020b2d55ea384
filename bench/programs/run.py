#!/usr/bin/env python3
"""Whole programs under every malloc: elapsed time, time of processors, peak resident memory, page faults.

    ./dev bench programs [--json FILE] [--quick] [--filter REGEX] [--rounds N] [--library NAME=PATH]...

The programs and their work are those of test/programs, and every answer is checked there as here. A figure never fails a
run; a program that does not do its work under the C library or under cenote does.
"""

import argparse
import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "test" / "programs"))

from definitions import PROGRAMS
from machine import describe_machine
from measure import TRIVIAL_ROUNDS, measure
from process import Failed, Leg, Malloc
from report import print_failures, print_table, print_targets, write_json
from results import MEASURES, mean_rows, ratio_of_means, rows, targets
from subjects import BASELINE, OURS, ROOT, subjects

ROUNDS = 7


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", help="write machine, versions, rows and targets to this file")
    parser.add_argument("--quick", action="store_true", help="one round of smaller work")
    parser.add_argument("--filter", metavar="REGEX", default="", help="only programs whose name matches")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"of every program under every subject ({ROUNDS})")
    parser.add_argument(
        "--library",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help=f"another subject, or another file for one; {OURS} is looked for in build/release",
    )
    options = parser.parse_args()
    try:
        options.filter = re.compile(options.filter)
    except re.error as error:
        parser.error(f"--filter: {error}")
    options.libraries = {}
    for each in options.library:
        name, equals, path = each.partition("=")
        if not (name and equals) or name == BASELINE:
            parser.error(f"--library: {each!r} is not NAME=PATH")
        if not os.path.isfile(path):
            parser.error(f"--library: there is no {path}")
        options.libraries[name] = path
    if options.rounds is None:
        options.rounds = 1 if options.quick else ROUNDS
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    if options.json:
        require_writable(parser, options.json)
    return options


def require_writable(parser, file):
    """Asked before minutes are spent. Leaves an existing file as it is."""
    existed = os.path.exists(file)
    try:
        with open(file, "a", encoding="utf-8"):
            pass
    except OSError as error:
        parser.error(f"--json: cannot write {file}: {error.strerror}")
    if not existed:
        os.remove(file)


def versions(found, programs):
    """Of the subjects, and of the programs as they say it themselves."""
    result = {subject.name: {"version": subject.version, "options": subject.options} for subject in found}
    with tempfile.TemporaryDirectory(prefix="cenote_bench_") as folder:
        leg = Leg(Malloc(BASELINE), folder)
        for program in programs:
            for name, command in program.versions().items():
                said = leg.run(*command).decode("utf-8", "replace").splitlines()
                result[name] = {"version": next((line for line in said if re.search(r"\d\.\d", line)), ""), "options": ""}
    return result


def run(options):
    programs = [program for name, program in PROGRAMS.items() if options.filter.search(name)]
    if not programs:
        raise Failed("--filter matches no program")
    for program in programs:
        program.require()
    machine = describe_machine()
    began, date = time.monotonic(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    found = subjects(options.libraries)
    ours = [subject.name for subject in found if subject.ours]
    if OURS not in ours:
        print(f"no libcenote-malloc.so under {ROOT / 'build' / 'release'}: peers alone", file=sys.stderr)
    with_versions = versions(found, programs)

    names = [program.name for program in programs]
    measured, trivial = measure(programs, found, options.rounds, not options.quick)
    all_programs = len(names) == len(PROGRAMS) and not options.quick
    goals = targets(measured, trivial, found, names, all_programs)
    trivial_names = list(dict.fromkeys(m.program for m in trivial))

    for name in MEASURES:
        print_table(measured, name, found, names)
    print_table(trivial, "peak", found, trivial_names, mean=False, ratio=ratio_of_means)
    print_failures(measured)
    print_targets(goals)
    if options.json:
        all_rows = [row for name in MEASURES for row in rows(measured, name, found, names)]
        all_rows += [row for name in MEASURES for row in mean_rows(measured, name, found, names)]
        all_rows += list(rows(trivial, "peak", found, trivial_names, ratio_of_means))
        method = {
            "suite": "programs",
            "quick": options.quick,
            "rounds": options.rounds,
            "rounds_of_trivial_processes": TRIVIAL_ROUNDS,
            "ratios_of": "ns_median; ratio_to_glibc: the median of the ratios of each round, of trivial processes the ratio of means",
            "clock": "CLOCK_MONOTONIC, from before a process is started until it has ended; of servers until their work is done",
            "date": date,
            "commit": os.environ.get("CENOTE_BENCH_COMMIT"),  # ./dev knows it
            "seconds": round(time.monotonic() - began, 4),
        }
        machine["load_average_after"] = list(os.getloadavg())
        skipped = [
            {"workload": m.program, "size": 0, "subject": m.subject, "reason": f"failed: {m.failure}"}
            for m in measured
            if m.failure is not None
        ]
        parts = {"machine": machine, "versions": with_versions, "method": method, "rows": all_rows, "skipped": skipped}
        write_json(options.json, {**parts, "targets": [goal.row() for goal in goals]})
    return 1 if any(m.failure is not None and m.subject in (BASELINE, *ours) for m in measured) else 0


def main():
    options = parse_options()
    # Told to end, it still ends the servers it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench/programs: told to end"))
    try:
        return run(options)
    except Failed as error:
        sys.exit(f"bench/programs: {error}")


if __name__ == "__main__":
    sys.exit(main())
