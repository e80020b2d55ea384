"""What can be shown of results: each view draws one chart, has the table of its exact figures, and says who is best in it.

    rows_of(results)       what it shows; empty where that was not measured
    draw(axes, results)    the chart
    describe(results)      the same in a sentence, for those who cannot see it
    table(results)         a Table
    compared(results)      of each workload: its name in the results, how it is written, and the rows that compete
"""

import dataclasses

import charts
import load
import names
from names import figure

SHARES = ("p50", "p99", "p99.9", "p99.99", "max")


@dataclasses.dataclass(frozen=True)
class Cell:
    text: str
    best: bool = False
    spread: str = ""


@dataclasses.dataclass(frozen=True)
class Table:
    head: list
    lines: list  # of a name and its cells


def spread_of(row):
    """Nothing where all calls, or the only one, gave the same."""
    return f"{figure(row.quartiles[0])} – {figure(row.quartiles[1])}" if row.quartiles and row.quartiles[0] < row.quartiles[1] else ""


def matrix(head, subjects, columns):
    """Subjects down, columns across, each a list of rows; the best of each column is marked."""
    winners = [{row.subject for row in load.best(rows)} for rows in columns]
    found = [{row.subject: row for row in rows} for rows in columns]
    lines = []
    for subject in subjects:
        cells = []
        for of_column, best in zip(found, winners):
            row = of_column.get(subject)
            cells.append(Cell(figure(row.value), subject in best, spread_of(row)) if row else Cell("–"))
        lines.append((subject, cells))
    return Table(head, lines)


def sentence(rows, unit):
    ordered = load.by_value(load.competing(rows))
    listed = ", ".join(f"{names.short(row.subject)} {figure(row.value)}" for row in ordered)
    return f"{unit}, less is better, best first: {listed}."


class View:
    width = 4.8  # inches
    wide = True  # whether its chart needs the room of two columns
    unit = "ns"

    def height(self, results):
        return 1.4 + 0.235 * len(self.rows_of(results))

    @property
    def name(self):
        """Of its chart on the page."""
        return "".join(c if c.isalnum() else "-" for c in f"{self.suite}-{self.what}".lower())


@dataclasses.dataclass(frozen=True)
class Bars(View):
    """One workload. To stand beside another: `among`, only who took part in that one too; `like`, also in its order."""

    suite: str
    what: str
    title: str
    unit: str = "ns"
    like: str | None = None
    among: str | None = None

    def rows_of(self, results):
        result = results.get(self.suite)
        rows = load.by_value(result.of(self.what)) if result else []
        other = load.by_value(result.of(self.like or self.among)) if rows and (self.like or self.among) else []
        if not other:
            return rows
        order = [row.subject for row in other]
        rows = [row for row in rows if row.subject in order]
        return sorted(rows, key=lambda row: order.index(row.subject)) if self.like else rows

    wide = False

    def height(self, results):
        return 0.85 + 0.235 * len(self.rows_of(results))

    def draw(self, axes, results):
        rows = self.rows_of(results)
        charts.bars(axes, rows, self.title, self.unit, [row.subject for row in rows])

    def describe(self, results):
        return sentence(self.rows_of(results), self.unit)

    def table(self, results):
        rows = self.rows_of(results)
        winners = load.best(rows)
        least = winners[0].value if winners else None
        columns = {
            self.unit: lambda row: Cell(figure(row.value), row in winners),
            "quartiles": lambda row: Cell(spread_of(row)),
            "median": lambda row: Cell(figure(row.median)),
            "largest": lambda row: Cell(figure(row.largest)),
            "over the best": lambda row: Cell(figure(row.value / least) if least else "–"),
        }
        if not any(row.quartiles for row in rows):
            del columns["quartiles"], columns["largest"]
        if not any(row.median for row in rows):
            del columns["median"]
        return Table(list(columns), [(row.subject, [cell(row) for cell in columns.values()]) for row in rows])

    def compared(self, results):
        yield self.what, self.title, self.rows_of(results)


@dataclasses.dataclass(frozen=True)
class Lines(View):
    """A workload at several numbers of something; `points` are the number, how it is written, and the workload."""

    suite: str
    what: str
    title: str
    points: tuple
    x_title: str
    unit: str = "ns"
    log: bool = True
    width = 5.0

    def height(self, results):
        return 4.5

    def columns(self, results):
        result = results.get(self.suite)
        found = [(x, text, result.of(workload), workload) for x, text, workload in self.points] if result else []
        return [column for column in found if column[2]]

    def rows_of(self, results):
        columns = self.columns(results)
        return columns[-1][2] if len(columns) > 1 else []

    def draw(self, axes, results):
        columns = self.columns(results)
        series = {}
        for x, _, rows, _ in columns:
            for row in rows:
                series.setdefault(row.subject, []).append((x, row))
        charts.lines(axes, series, self.title, self.x_title, self.unit, [(x, text) for x, text, _, _ in columns], self.log)

    def describe(self, results):
        return " ".join(f"{text}: {sentence(rows, self.unit)}" for _, text, rows, _ in self.columns(results))

    def table(self, results):
        columns = self.columns(results)
        last = load.by_value(columns[-1][2])
        subjects = [row.subject for row in last]
        subjects += [row.subject for row in columns[0][2] if row.subject not in subjects]
        return matrix([text for _, text, _, _ in columns], subjects, [rows for _, _, rows, _ in columns])

    def compared(self, results):
        for _, text, rows, workload in self.columns(results):
            yield workload, f"{self.title}: {text}", rows


@dataclasses.dataclass(frozen=True)
class Tails(View):
    """How long single calls take: medians over samples of so many calls, since the least of a tail would be luck."""

    suite: str
    what: str  # what the workloads of the shares begin with
    title: str

    def columns(self, results):
        result = results.get(self.suite)
        found = [(share, [row.as_median() for row in result.of(f"{self.what}/{share}")]) for share in SHARES] if result else []
        return [column for column in found if column[1]]

    def rows_of(self, results):
        columns = dict(self.columns(results))
        return load.by_value(columns.get("p99.99") or next(reversed(columns.values()), []))

    def draw(self, axes, results):
        columns = self.columns(results)
        found = {share: {row.subject: row.value for row in rows} for share, rows in columns}
        subjects = [row.subject for row in self.rows_of(results)]
        rows = {subject: [found.get(share, {}).get(subject) for share in SHARES] for subject in subjects}
        winners = {row.subject for row in load.best(self.rows_of(results))}
        charts.marks(axes, rows, SHARES, self.title, "time of one call, less is better; the clock tells 10 ns apart", winners,
                     lambda subject, _: names.kind(subject) if subject else "muted")

    def describe(self, results):
        return " ".join(f"{share}: {sentence(rows, 'ns')}" for share, rows in self.columns(results))

    def table(self, results):
        columns = self.columns(results)
        subjects = [row.subject for row in self.rows_of(results)]
        return matrix([f"{share}, ns" for share, _ in columns], subjects, [rows for _, rows in columns])

    def compared(self, results):
        for share, rows in self.columns(results):
            yield f"{self.what}/{share}", f"{self.title}: {share}", rows


@dataclasses.dataclass(frozen=True)
class Grid(View):
    """Rows of several workloads with the same subjects. `points`: how a workload is written, and its name."""

    suite: str
    what: str
    title: str
    points: tuple
    unit: str = "ns"
    ranked: bool = True  # else its subjects do not compete
    log: bool = False

    def height(self, results):
        return 1.4 + 0.3 * len(self.columns(results))

    def columns(self, results):
        result = results.get(self.suite)
        found = [(text, result.of(workload), workload) for text, workload in self.points] if result else []
        return [column for column in found if column[1]]

    def rows_of(self, results):
        return next((rows for _, rows, _ in self.columns(results)), [])

    def subjects(self, results):
        return list(dict.fromkeys(row.subject for _, rows, _ in self.columns(results) for row in rows))

    def draw(self, axes, results):
        subjects = self.subjects(results)
        rows = {}
        for text, of_workload, _ in self.columns(results):
            found = {row.subject: row.value for row in of_workload}
            rows[text] = [found.get(subject) for subject in subjects]
        charts.marks(axes, rows, subjects, self.title, f"{self.unit}, less is better", (),
                     lambda _, subject: names.kind(subject), self.log)

    def describe(self, results):
        return " ".join(f"{text}: {sentence(rows, self.unit)}" for text, rows, _ in self.columns(results))

    def table(self, results):
        subjects = self.subjects(results)
        lines = []
        for text, rows, _ in self.columns(results):
            winners = {row.subject for row in load.best(rows)} if self.ranked else ()
            found = {row.subject: row for row in rows}
            cells = [(subject, found.get(subject)) for subject in subjects]
            lines.append((text, [Cell(figure(row.value), subject in winners, spread_of(row)) if row else Cell("failed")
                                 for subject, row in cells]))
        return Table([names.short(subject) for subject in subjects], lines)

    def compared(self, results):
        for text, rows, workload in self.columns(results) if self.ranked else ():
            yield workload, f"{self.title}: {text}", rows
