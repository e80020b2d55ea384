"""What the suite hands over: tables for people, one JSON object for programs."""

import json

from results import MEAN, figures, geometric_mean, ratio_of_rounds
from subjects import BASELINE

TITLES = {
    "time": ("elapsed time", lambda ns: f"{ns * 1e-9:.2f} s"),
    "cpu": ("time of processors, user and system", lambda ns: f"{ns * 1e-9:.2f} s"),
    "peak": ("peak resident memory", lambda size: f"{size / 2**20:.1f} MiB"),
    "faults": ("page faults", lambda count: f"{count:,.0f}"),
}
NAME = 18


def print_table(measured, measure, subjects, programs, mean=True, ratio=ratio_of_rounds):
    title, absolute = TITLES[measure]
    table = figures(measured, measure, ratio)
    column = max(12, *(len(subject.name) + 2 for subject in subjects))
    failed = {(m.program, m.subject) for m in measured if m.failure is not None}
    print(f"{title}: of {BASELINE}, then over it")
    print("".ljust(NAME) + "".join(subject.name.rjust(column) for subject in subjects))
    for program in programs:
        line = program.ljust(NAME)
        for subject in subjects:
            figure = table.get((program, subject.name))
            if figure is None:
                line += ("failed" if (program, subject.name) in failed else "-").rjust(column)
            elif subject.name == BASELINE:
                line += absolute(figure.median).rjust(column)
            else:
                line += f"{figure.ratio:.3f}".rjust(column)
        print(line)
    if mean:
        means = [geometric_mean(table, subject.name, programs) for subject in subjects]
        print(MEAN.ljust(NAME) + "".join(("-" if m is None else f"{m:.3f}").rjust(column) for m in means))
    print()


def print_failures(measured):
    for m in measured:
        if m.failure is not None:
            print(f"{m.program} under {m.subject} failed: {m.failure}\n")


def print_targets(targets):
    print("Targets")
    for target in targets:
        verdict = {True: "met", False: "short", None: "reported"}[target.met]
        if target.measured is None:
            verdict = "not measured"
        figure = "-" if target.measured is None else f"{target.measured:.3f}"
        limit = "" if target.limit is None else f" (at most {target.limit:.2f})"
        print(f"  {verdict.ljust(14)}{figure.rjust(9)}  {target.name}{limit}")


def write_json(file, parts):
    """One line for each row, so that two results can be compared line by line."""
    lines = []
    for name, value in parts.items():
        if isinstance(value, list):
            inner = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in value)
            lines.append(f"{json.dumps(name)}: [\n{inner}\n]" if value else f"{json.dumps(name)}: []")
        else:
            lines.append(f"{json.dumps(name)}: {json.dumps(value, indent=2, ensure_ascii=False)}")
    with open(file, "w", encoding="utf-8") as out:
        out.write("{\n" + ",\n".join(lines) + "\n}\n")
