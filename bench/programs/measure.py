"""Rounds: every program under every subject in turn, so that a change of the machine meets all alike."""

import dataclasses
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from process import PATIENCE, Failed, Leg, Usage, find, peak_bytes

HERE = Path(__file__).resolve().parent
TRIVIAL_ROUNDS = 61  # milliseconds each; and what is resident varies by a tenth with where libraries are mapped


@dataclasses.dataclass
class Measured:
    """What a program used under a subject, one entry for each round; or why it failed."""

    program: str
    subject: str
    rounds: list
    failure: str | None = None


def build(folder):
    """The launcher and the trivial process, from the sources beside this file."""
    compiler = find("g++")
    if compiler is None:
        raise Failed("needs Debian's g++")
    # As a C program would be: linked with nothing but the C library.
    for name, flags in (("launch", ["-static"]), ("nothing", ["-Wl,--as-needed"])):
        command = [compiler, "-std=c++20", "-O2", *flags, str(HERE / f"{name}.cpp"), "-o", str(folder / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{name}.cpp does not compile:\n{done.stderr}")
    return folder / "launch", folder / "nothing"


def one_leg(program, subject, folder, work, launcher):
    with tempfile.TemporaryDirectory(prefix="leg_", dir=folder) as leg_folder:
        leg = Leg(subject.malloc, leg_folder, launcher)
        answer = program.run(leg, folder, work)
    program.check(answer, work)
    return answer, leg.usage


def measure_program(program, subjects, rounds, large, launcher, progress):
    """A list of Measured, in the order of the subjects. The first run, under the baseline, warms up and is the answer."""
    work = program.work(large)
    found = [Measured(program.name, subject.name, []) for subject in subjects]
    started = time.monotonic()
    print(program.name, end=" ", file=progress, flush=True)
    with tempfile.TemporaryDirectory(prefix="cenote_bench_") as name:
        folder = Path(name)
        program.prepare(folder, work)
        right, _ = one_leg(program, subjects[0], folder, work, launcher)
        for count in range(rounds):
            for position in range(len(subjects)):
                which = (count + position) % len(subjects)
                if found[which].failure is not None:
                    continue
                try:
                    answer, usage = one_leg(program, subjects[which], folder, work, launcher)
                    if answer != right:
                        raise Failed(f"gives another answer than under {subjects[0].name}")
                    found[which].rounds.append(usage)
                except Failed as error:
                    found[which].failure = str(error)
                    print(f"\n{program.name} under {subjects[which].name}: {error}", file=progress)
            print(".", end="", file=progress, flush=True)
    print(f" {time.monotonic() - started:.0f} s", file=progress, flush=True)
    return found


def resident_while_it_waits(program, subject):
    with tempfile.TemporaryDirectory(prefix="cenote_bench_") as folder:
        environment = Leg(subject.malloc, folder).environment(False, {})
        with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
            try:
                if process.stdout.read(1) != b".":
                    raise Failed(f"the trivial process does not start under {subject.name}")
                # Of its memory alone and exact, which the peak that wait4 gives is not.
                peak = peak_bytes(process.pid)
                process.stdin.close()
                if process.wait(PATIENCE) != 0:
                    raise Failed(f"the trivial process ends with {process.returncode} under {subject.name}")
            finally:
                process.kill()
    return Usage(peak_bytes=peak)


def measure_trivial(nothing, subjects, launcher):
    """Two processes that do next to nothing: ours, while it waits for its end, and `true` to its end."""
    found = []
    for name in ("trivial process", "true"):
        measured = [Measured(name, subject.name, []) for subject in subjects]
        for count in range(TRIVIAL_ROUNDS):
            for position in range(len(subjects)):
                which = (count + position) % len(subjects)
                if name == "true":
                    with tempfile.TemporaryDirectory(prefix="cenote_bench_") as folder:
                        leg = Leg(subjects[which].malloc, folder, launcher)
                        leg.run(find("true"))
                        measured[which].rounds.append(leg.usage)
                else:
                    measured[which].rounds.append(resident_while_it_waits(nothing, subjects[which]))
        found += measured
    return found


def measure(programs, subjects, rounds, large, progress=sys.stderr):
    """Of the programs, and of the trivial processes."""
    for program in programs:
        program.require()
    with tempfile.TemporaryDirectory(prefix="cenote_bench_") as folder:
        launcher, nothing = build(Path(folder))
        trivial = measure_trivial(nothing, subjects, launcher)
        found = []
        for program in programs:
            found += measure_program(program, subjects, rounds, large, launcher, progress)
    return found, trivial
