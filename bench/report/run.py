"""Runs suites one after another, each into a file of its own that is there only when it is whole."""

import contextlib
import dataclasses
import json
import os
import signal
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


def run_to_its_end(arguments):
    """Its exit code. Interrupted, whenever that is, it is told to end together with all that it started, and waited for."""
    process, told = None, False

    def tell(*_):
        nonlocal told
        told = True
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)

    before = {which: signal.signal(which, tell) for which in (signal.SIGINT, signal.SIGTERM)}
    try:
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, start_new_session=True)
        if told:  # while it was being started
            tell()
        code = process.wait()
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
    if told:
        raise KeyboardInterrupt
    return code


def take(unfinished, file, name):
    """Puts a whole result in place; else says what is wrong with it."""
    try:
        load.parse(json.loads(unfinished.read_text(encoding="utf-8")), name)
    except FileNotFoundError:
        return "without results"
    except (ValueError, load.Broken) as error:
        return f"with broken results ({error})"
    os.replace(unfinished, file)
    return None


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
        started = time.monotonic()
        unfinished = folder / f".{name}.json.unfinished"
        try:
            code = run_to_its_end(command(name, unfinished, quick, pattern))
            fault = take(unfinished, folder / f"{name}.json", name)
        except KeyboardInterrupt:
            say(f"interrupted in {name}; what was finished stays in {folder}")
            raise
        finally:
            unfinished.unlink(missing_ok=True)
        if fault:
            say(f"{name} ended with {code}, {fault}: its results are left as they were")
        elif code:
            say(f"{name} ended with {code}: something in it failed, the rest was kept")
        else:
            say(f"{name}: {(time.monotonic() - started) / 60:.1f} minutes with the build")
        fine = fine and not fault and code == 0
    return fine
