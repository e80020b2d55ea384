"""Figures from what was measured: ratios to the baseline, geometric means, rows of the JSON, targets."""

import dataclasses
import statistics

from subjects import BASELINE, OURS

# By name in the results: what it is of a Usage, and what the JSON calls it.
MEASURES = {
    "time": lambda usage: usage.seconds * 1e9,
    "cpu": lambda usage: usage.cpu_seconds * 1e9,
    "peak": lambda usage: usage.peak_bytes,
    "faults": lambda usage: usage.faults,
}
UNITS = {"time": "ns", "cpu": "ns", "peak": "bytes", "faults": "faults"}
MEAN = "geometric mean"


@dataclasses.dataclass(frozen=True)
class Figure:
    """One measure of one program under one subject."""

    values: tuple
    ratio: float  # to the baseline

    @property
    def median(self):
        return statistics.median(self.values)


def ratio_of_rounds(own, base):
    """The median of the ratios of each round, whose two values were taken within the same minute."""
    return statistics.median(a / b for a, b in zip(own, base))


def ratio_of_means(own, base):
    """For the resident memory of small processes: it has two values, by where the loader happened to map the libraries."""
    return statistics.fmean(own) / statistics.fmean(base)


def figures(measured, measure, ratio=ratio_of_rounds):
    """By program and subject; no entry where one failed or the baseline did."""
    of = MEASURES[measure]
    values = {(m.program, m.subject): tuple(map(of, m.rounds)) for m in measured if m.failure is None}
    found = {}
    for (program, subject), own in values.items():
        base = values.get((program, BASELINE))
        if base is not None and all(base):
            found[program, subject] = Figure(own, ratio(own, base))
    return found


def geometric_mean(table, subject, programs):
    """Of the ratios to the baseline; None when one of the programs failed."""
    ratios = [table[program, subject].ratio for program in programs if (program, subject) in table]
    if len(ratios) < len(programs) or not ratios or not all(ratios):
        return None
    return statistics.geometric_mean(ratios)


def rounded(value):
    """To four decimals, numbers above a thousand to none: what is behind them is noise."""
    return None if value is None else round(value, 4 if abs(value) < 1000 else None)


def rows(measured, measure, subjects, programs, ratio=ratio_of_rounds):
    table = figures(measured, measure, ratio)
    peers = [subject.name for subject in subjects if not subject.ours]
    unit = UNITS[measure]
    for program in programs:
        best = min((table[program, name].median for name in peers if (program, name) in table), default=None)
        for subject in subjects:
            figure = table.get((program, subject.name))
            if figure is None:
                continue
            row = {"workload": f"{program}/{measure}", "size": 0, "subject": subject.name}
            row["ns_min"] = rounded(min(figure.values)) if unit == "ns" else None
            row["ns_median"] = rounded(figure.median) if unit == "ns" else None
            if unit != "ns":
                row[unit] = rounded(figure.median)
            row["ratio_to_limit"] = None
            row["ratio_to_best_peer"] = rounded(figure.median / best) if best else None
            row["ratio_to_glibc"] = rounded(figure.ratio)
            row["samples"] = len(figure.values)
            row["rounds"] = [rounded(value) for value in figure.values]
            yield row


def mean_rows(measured, measure, subjects, programs):
    table = figures(measured, measure)
    means = {subject.name: geometric_mean(table, subject.name, programs) for subject in subjects}
    best = min((means[s.name] for s in subjects if not s.ours and means[s.name] is not None), default=None)
    for name, mean in means.items():
        if mean is not None:
            row = {"workload": f"{MEAN}/{measure}", "size": 0, "subject": name, "ns_min": None, "ns_median": None}
            row["ratio_to_limit"] = None
            row["ratio_to_best_peer"] = rounded(mean / best) if best else None
            row["ratio_to_glibc"] = rounded(mean)
            row["samples"] = len(programs)
            yield row


@dataclasses.dataclass(frozen=True)
class Target:
    """A limit of None is for what is only reported; nothing is measured where --quick or --filter left it out."""

    name: str
    limit: float | None
    measured: float | None

    @property
    def met(self):
        return None if self.limit is None or self.measured is None else self.measured <= self.limit

    def row(self):
        return {"name": self.name, "limit": self.limit, "measured": rounded(self.measured), "met": self.met}


def over_best_peer(measured, measure, subjects, programs):
    """Our geometric mean over the lowest of the peers' own, and whose that is.

    A peer that failed a program is compared over those it passed, so that a failure neither removes it nor helps it.
    """
    table = figures(measured, measure)
    found = []
    for peer in subjects:
        passed = [program for program in programs if (program, peer.name) in table]
        theirs = geometric_mean(table, peer.name, passed)
        mine = geometric_mean(table, OURS, passed)
        if not peer.ours and theirs is not None and mine is not None:
            found.append((mine / theirs, peer.name))
    return max(found, default=(None, None))


def targets(measured, trivial, subjects, programs, complete):
    """`complete`: these were all programs with all of their work; else nothing is said of their means."""
    found = []
    wanted = [("time", "over the best peer", 0.95), ("cpu", "over the best peer", None), ("peak", "over the leanest peer", 1.0)]
    words = {"time": "time", "cpu": "time of processors", "peak": "peak resident memory"}
    failed = any(m.failure is not None and m.subject == OURS for m in measured)
    for measure, whom, limit in wanted:
        ratio, peer = over_best_peer(measured, measure, subjects, programs)
        usable = complete and not failed and ratio is not None
        name = f"programs, geometric mean of {words[measure]} {whom}" + (f" ({peer})" if usable else "")
        found.append(Target(name, limit, ratio if usable else None))
    peaks = figures(trivial, "peak", ratio_of_means)
    for program, limit in (("trivial process", 1.05), ("true", None)):
        figure = peaks.get((program, OURS))
        name = f"resident memory of {'a' if limit else 'the program'} {program} over {BASELINE}"
        found.append(Target(name, limit, figure.ratio if figure else None))
    return found
