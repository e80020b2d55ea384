"""Reads the results of the suites, and says of each row what its figure is and who is best."""

import dataclasses
import json
import statistics

import names

SUITES = ("pools", "threads", "heap", "worst", "levels", "programs")
SIZES = (64, 0)  # bytes of a block; 0: of many sizes
UNITS = ("bytes", "MiB", "ratio", "faults")
# ns, of calls that are timed one by one: the clock's step, and below what it is not worth comparing (bench/README.md, Method).
CLOCK_STEP, CLOCK_FLOOR = 10.1, 30
MEAN = "geometric mean/"
NO_PROGRAMS = (MEAN, "trivial process/", "true/")
PARTS = {"machine": dict, "versions": dict, "method": dict, "rows": list}


class Broken(Exception):
    """One line that says which file, and what is wrong with it."""


@dataclasses.dataclass(frozen=True)
class Row:
    subject: str
    value: float  # what is drawn and compared
    unit: str
    median: float | None
    quartiles: tuple | None  # lower and upper
    largest: float | None
    samples: int
    single: bool = False  # whether calls were timed one by one

    @property
    def kind(self):
        return names.kind(self.subject)

    @property
    def spread(self):
        return self.quartiles or (self.value, self.value)

    def as_median(self):
        """For tails, where the least of many calls would be luck."""
        return dataclasses.replace(self, value=self.value if self.median is None else self.median)


@dataclasses.dataclass(frozen=True)
class Target:
    name: str
    limit: float
    measured: float
    met: bool


@dataclasses.dataclass(frozen=True)
class Result:
    suite: str
    machine: dict
    versions: dict
    method: dict
    rows: dict  # by workload, a list of Row each
    targets: list

    def of(self, workload):
        return self.rows.get(workload, [])


def competing(rows):
    return [row for row in rows if names.competes(row.subject)]


def beats(row, other):
    """Whether it is less by what is written of both, by the spreads, which may not meet, and by what the clock can tell."""
    if row.value >= other.value or names.figure(row.value) == names.figure(other.value):
        return False
    if row.single and (other.value < CLOCK_FLOOR or other.value - row.value <= CLOCK_STEP):
        return False
    return row.spread[1] < other.spread[0]


def best(rows):
    """Those that nobody beats: more than one where there is no difference between them."""
    rows = competing(rows)
    return [row for row in rows if not any(beats(other, row) for other in rows)]


def by_value(rows):
    return sorted(rows, key=lambda row: (row.value, row.subject))


def ratios_of_rounds(row, base):
    """Of each round, whose two values were taken within the same minutes; none where either failed one."""
    own, of_base = (one.get("rounds", []) if one else [] for one in (row, base))
    return [a / b for a, b in zip(own, of_base)] if len(own) == len(of_base) and all(of_base) else []


def quartiles_of(values):
    if len(values) < 3:
        return None
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return lower, upper


def means_of_rounds(mean, rows, bases):
    """Of each round, the geometric mean over the programs; none where one of them failed."""
    _, _, figure = mean["workload"].partition("/")
    of_subject = [row for row in rows if row["subject"] == mean["subject"]]
    ratios = [ratios_of_rounds(row, bases.get(row["workload"])) for row in of_subject
              if row["workload"].endswith(f"/{figure}") and not row["workload"].startswith(NO_PROGRAMS)]
    return [statistics.geometric_mean(of_round) for of_round in zip(*ratios)] if len({len(each) for each in ratios}) == 1 else []


def row_of_program(row, rows, bases):
    """Over glibc's, since programs take as long as they take."""
    ratios = means_of_rounds(row, rows, bases) if row["workload"].startswith(MEAN) else ratios_of_rounds(row, bases.get(row["workload"]))
    return Row(row["subject"], row["ratio_to_glibc"], "x", statistics.median(ratios) if ratios else None, quartiles_of(ratios),
               max(ratios, default=None), row["samples"])


def row_of(row):
    unit, value = "ns", row.get("ns_min")
    for other in UNITS:
        if row.get(other) is not None:
            unit, value = other, row[other]
    spread = row.get("quartiles")
    median = spread[1] if spread else row.get("ns_median")
    return Row(row["subject"], value, unit, median, (spread[0], spread[2]) if spread else None, row.get("max"), row["samples"],
               names.share(row["workload"]) is not None)


def targets_of(parts):
    """Those with a limit that were measured; the others are only reported."""
    return [Target(*(each[part] for part in ("name", "limit", "measured", "met"))) for each in parts.get("targets", [])
            if each["limit"] is not None and each["measured"] is not None]


def parse(parts, suite):
    """A Result of what a file has; raises Broken without the file's name."""
    if not isinstance(parts, dict):
        raise Broken("no JSON object")
    for name, kind in PARTS.items():
        if not isinstance(parts.get(name), kind):
            raise Broken(f"no {name}")
    if parts["method"].get("suite") != suite:
        raise Broken(f"is of the suite {parts['method'].get('suite')}, not {suite}")
    found = {}
    try:
        bases = {row["workload"]: row for row in parts["rows"] if row["subject"] == "glibc"}
        for row in parts["rows"]:
            if row["size"] not in SIZES or row["subject"] in names.LEFT_OUT:
                continue
            made = row_of_program(row, parts["rows"], bases) if "ratio_to_glibc" in row else row_of(row)
            if not isinstance(made.value, (int, float)):
                raise Broken(f"a row of {made.subject} in {row['workload']} has no figure")
            found.setdefault(row["workload"], []).append(made)
        targets = targets_of(parts)
    except KeyError as error:
        raise Broken(f"a row or a target has no {error.args[0]}") from None
    except (TypeError, IndexError, AttributeError, ValueError, ZeroDivisionError) as error:
        raise Broken(f"a row or a target that is none: {error}") from None
    return Result(suite, parts["machine"], parts["versions"], parts["method"], found, targets)


def load(folder):
    """By suite, those that were measured."""
    results = {}
    for suite in SUITES:
        file = folder / f"{suite}.json"
        try:
            results[suite] = parse(json.loads(file.read_text(encoding="utf-8")), suite)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Broken(f"{file}: {error.strerror}") from None
        except ValueError as error:  # no JSON, or no UTF-8
            raise Broken(f"{file}: no JSON: {error}") from None
        except Broken as error:
            raise Broken(f"{file}: {error}") from None
    return results
