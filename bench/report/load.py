"""Reads the results of the suites, and says of each row what its figure is and who is best."""

import dataclasses
import json
import statistics

import names

SUITES = ("pools", "threads", "heap", "worst", "levels", "programs")
SIZES = (64, 0)  # bytes of a block; 0: of many sizes
UNITS = ("bytes", "MiB", "ratio", "faults")
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

    @property
    def kind(self):
        return names.kind(self.subject)

    def as_median(self):
        """For tails, where the least of many calls would be luck."""
        return dataclasses.replace(self, value=self.value if self.median is None else self.median)


@dataclasses.dataclass(frozen=True)
class Result:
    suite: str
    machine: dict
    versions: dict
    method: dict
    rows: dict  # by workload, a list of Row each

    def of(self, workload):
        return self.rows.get(workload, [])


def competing(rows):
    return [row for row in rows if names.competes(row.subject)]


def best(rows):
    """Those that nobody beats by more than what is written of their figure."""
    rows = competing(rows)
    if not rows:
        return []
    least = names.figure(min(row.value for row in rows))
    return [row for row in rows if names.figure(row.value) == least]


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


def row_of_program(row, base):
    """Over glibc's, since programs take as long as they take."""
    ratios = ratios_of_rounds(row, base)
    return Row(row["subject"], row["ratio_to_glibc"], "x", statistics.median(ratios) if ratios else None, quartiles_of(ratios),
               max(ratios, default=None), row["samples"])


def row_of(row):
    unit, value = "ns", row.get("ns_min")
    for other in UNITS:
        if row.get(other) is not None:
            unit, value = other, row[other]
    spread = row.get("quartiles")
    median = spread[1] if spread else row.get("ns_median")
    return Row(row["subject"], value, unit, median, (spread[0], spread[2]) if spread else None, row.get("max"), row["samples"])


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
            made = row_of_program(row, bases.get(row["workload"])) if "ratio_to_glibc" in row else row_of(row)
            if not isinstance(made.value, (int, float)):
                raise Broken(f"a row of {made.subject} in {row['workload']} has no figure")
            found.setdefault(row["workload"], []).append(made)
    except KeyError as error:
        raise Broken(f"a row has no {error.args[0]}") from None
    except (TypeError, IndexError, AttributeError, ValueError, ZeroDivisionError) as error:
        raise Broken(f"a row that is none: {error}") from None
    return Result(suite, parts["machine"], parts["versions"], parts["method"], found)


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
