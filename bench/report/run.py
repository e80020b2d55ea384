"""Runs suites one after another, each into a file of its own that is there only when it is whole."""

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import load

DEV = Path(__file__).resolve().parents[2] / "dev"


@dataclasses.dataclass(frozen=True)
class Suite:
    minutes: float  # on a quiet machine with two cores, the build not included
    quick_minutes: float
    arguments: tuple = ()  # of a full run


SUITES = {
    "pools": Suite(12, 2.5),
    "threads": Suite(9, 1),
    "heap": Suite(5, 1),
    "worst": Suite(1, 0.1),
    "levels": Suite(1, 0.1),
    # Of the seven rounds that it has by itself, so that all of it takes forty minutes.
    "programs": Suite(13, 2, ("--rounds", "3")),
}
assert tuple(SUITES) == load.SUITES


def estimate(name, quick, results):
    """Minutes: what it took the last time, where a result says so."""
    known = results.get(name)
    if known and known.method.get("seconds") and bool(known.method.get("quick")) == quick:
        return known.method["seconds"] / 60
    return SUITES[name].quick_minutes if quick else SUITES[name].minutes


def say(text):
    print(f"report: {text}", file=sys.stderr, flush=True)


def command(name, into, quick, pattern):
    options = ["--json", str(into)]
    options += ["--quick"] if quick else list(SUITES[name].arguments)
    if pattern and name != "worst":
        options += ["--filter", pattern]
    return [str(DEV), "bench", name, *options]


def run(wanted, folder, quick, pattern):
    """Whether all of them ran. Interrupted, it ends the suite that runs; what was finished stays."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        before = load.load(folder)
    except load.Broken:
        before = {}  # only told how long it took; what is written now takes its place
    minutes = {name: estimate(name, quick, before) for name in wanted}
    say(f"{', '.join(wanted)}: about {sum(minutes.values()):.0f} minutes, and the build")
    fine = True
    for at, name in enumerate(wanted, 1):
        left = sum(minutes[later] for later in wanted[at - 1:])
        say(f"{name} ({at} of {len(wanted)}): about {minutes[name]:.1f} minutes, {left:.0f} to the end")
        unfinished = folder / f".{name}.json.unfinished"
        started = time.monotonic()
        try:
            code = subprocess.run(command(name, unfinished, quick, pattern), stdout=subprocess.DEVNULL, check=False).returncode
        except KeyboardInterrupt:
            unfinished.unlink(missing_ok=True)
            say(f"interrupted in {name}; what was finished stays in {folder}")
            raise
        if unfinished.exists() and code == 0:
            os.replace(unfinished, folder / f"{name}.json")
            say(f"{name}: {(time.monotonic() - started) / 60:.1f} minutes with the build")
        else:
            unfinished.unlink(missing_ok=True)
            say(f"{name} ended with {code}: its results are left as they were")
            fine = False
    return fine
