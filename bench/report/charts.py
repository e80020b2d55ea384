"""Draws: bars, lines, and marks on a line for each row. Each fills one set of axes from rows; nothing here knows a suite."""

import math
import statistics
import sys

try:
    import matplotlib
except ImportError:
    sys.exit("report: matplotlib is missing (Debian: apt install python3-matplotlib, and run with /usr/bin/python3)")

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402  (the backend must be chosen before)
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.ticker import MaxNLocator, MultipleLocator, NullFormatter  # noqa: E402

import load
import names
from svg import LIGHT

matplotlib.rcParams.update({
    "svg.hashsalt": "cenote",  # the same rows give the same bytes
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": LIGHT["ink"],
    "axes.labelcolor": LIGHT["muted"],
    "axes.edgecolor": LIGHT["grid"],
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.axisbelow": True,
    "grid.color": LIGHT["grid"],
    "grid.linewidth": 0.7,
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "xtick.labelcolor": LIGHT["muted"],
    "ytick.labelcolor": LIGHT["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
})

CUT_OFF = 4  # times the median of a chart
MARKS = ("|", "o", "s", "D", "X", "^", "v")
LINES = {"ours": "-", "pool": "-", "malloc": "-", "limit": ":"}
POINTS = "osD^vP*X<>"


def ticks_of(unit, highest):
    """Of bytes and MiB, a power of two apart; else round in tens."""
    if unit not in ("bytes", "MiB"):
        return MaxNLocator(5)
    return MultipleLocator(2 ** math.ceil(math.log2(highest / 6)))


def plain(axes, title, unit):
    axes.set_title(title, fontsize=9.5, loc="left", color=LIGHT["ink"])
    axes.set_xlabel(unit, fontsize=8)
    axes.tick_params(labelsize=8, length=0)


def name_rows(axes, subjects, winners, drawn=True):
    """Names at the left; of who is best, bold."""
    axes.set_yticks(range(len(subjects)))
    axes.set_yticklabels([names.short(subject) for subject in subjects] if drawn else [], fontsize=8.5)
    for label, subject in zip(axes.get_yticklabels(), subjects):
        label.set_fontweight("bold" if subject in winners else "normal")
    axes.set_ylim(-0.6, len(subjects) - 0.4)
    axes.invert_yaxis()


def bars(axes, rows, title, unit, order=None):
    """Horizontal bars with their figures, shortest on top, or in a given order of subjects. The few that are out of all
    proportion are cut off at the edge, so that the others can be compared. The line below is from the lower to the upper quartile."""
    found = {row.subject: row for row in rows}
    subjects = order or [row.subject for row in load.by_value(rows)]
    winners = {row.subject for row in load.best(rows)}
    values = [row.value for row in rows]
    edge = min(max(values), CUT_OFF * statistics.median(values)) or 1
    for at, subject in enumerate(subjects):
        row = found.get(subject)
        if row is None:
            axes.text(edge * 0.02, at, "not measured", va="center", fontsize=7.5, color=LIGHT["muted"])
            continue
        axes.barh(at, min(row.value, edge), color=LIGHT[row.kind], height=0.62)
        if row.quartiles and row.quartiles[1] > row.quartiles[0]:
            axes.plot([min(q, edge * 1.2) for q in row.quartiles], [at + 0.355] * 2, color=LIGHT["ink"], linewidth=1.3, solid_capstyle="butt")
        text = names.figure(row.value) + (" →" if row.value > edge else "") + (" best" if subject in winners else "")
        axes.annotate(text, (min(row.value, edge), at), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8,
                      fontweight="bold" if subject in winners else "normal")
    name_rows(axes, subjects, winners)
    plain(axes, title, f"{unit}, less is better")
    axes.set_xlim(0, edge * 1.28)
    axes.xaxis.set_major_locator(ticks_of(unit, edge * 1.28))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)


def apart(heights, least):
    """Ascending heights, to 1, moved as little as it takes to have `least` between them: those that meet spread around their
    middle."""
    groups = []  # of [middle, how many]

    def add(middle, count):
        groups.append([min(middle, 1 - least * (count - 1) / 2), count])

    for height in heights:
        add(height, 1)
        while len(groups) > 1 and groups[-1][0] - groups[-2][0] < least * (groups[-1][1] + groups[-2][1]) / 2:
            (lower, few), (upper, more) = groups.pop(-2), groups.pop()
            add((lower * few + upper * more) / (few + more), few + more)
    return [middle + least * (at - (count - 1) / 2) for middle, count in groups for at in range(count)]


def name_lines(axes, series, last):
    """At the right ends; of those that end before, at their last point."""
    to_share = axes.transAxes.inverted()
    ends = {}
    for subject, points in series.items():
        x, row = points[-1]
        if x == last:
            ends[subject] = to_share.transform(axes.transData.transform((x, row.value)))
        else:
            axes.annotate(names.short(subject), (x, row.value), xytext=(6, 0), textcoords="offset points", fontsize=8, va="center")
    ordered = sorted(ends, key=lambda subject: ends[subject][1])
    winners = {row.subject for row in load.best([points[-1][1] for points in series.values() if points[-1][0] == last])}
    for subject, height in zip(ordered, apart([ends[subject][1] for subject in ordered], 0.056)):
        axes.annotate(names.short(subject), xy=tuple(ends[subject]), xycoords="axes fraction", xytext=(1.07, height),
                      textcoords="axes fraction", fontsize=8, va="center", color=LIGHT["ink"], annotation_clip=False,
                      fontweight="bold" if subject in winners else "normal",
                      arrowprops={"arrowstyle": "-", "color": LIGHT[names.kind(subject)], "linewidth": 0.6, "relpos": (0, 0.5),
                                  "shrinkA": 2, "shrinkB": 2})


def lines(axes, series, title, x_title, unit, ticks, log=True):
    """`series`: by subject, a list of (x, Row); of one point there is no line. Names stand at the right ends, moved apart where these lie close together."""
    series = {subject: points for subject, points in series.items() if len(points) > 1}
    for subject, points in series.items():
        own = names.kind(subject)
        like = [other for other in series if names.kind(other) == own].index(subject)
        axes.plot([x for x, _ in points], [row.value for _, row in points], color=LIGHT[own], linestyle=LINES[own],
                  linewidth=2 if own == "ours" else 1.2, marker=POINTS[like % len(POINTS)], markersize=3.5)
        for x, row in points:
            if row.quartiles:
                axes.plot([x, x], row.quartiles, color=LIGHT[own], linewidth=0.6)
    axes.set_xscale("log")
    if log:
        axes.set_yscale("log")
    first, last = ticks[0][0], ticks[-1][0]
    axes.set_xlim(first * 0.8, last * 1.15)
    axes.set_xticks([x for x, _ in ticks])
    axes.set_xticklabels([text for _, text in ticks])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()
    if log:
        low, high = axes.get_ylim()
        steps = [m * 10**e for e in range(-3, 9) for m in (1, 2, 5)]
        shown = [s for s in steps if low <= s <= high]
        axes.set_yticks(shown if len(shown) < 12 else [s for s in shown if f"{s:.3g}".lstrip("0.")[0] == "1"])
        axes.set_yticklabels([names.figure(s).removesuffix("0").removesuffix(".0") if s < 10 else f"{s:,.0f}" for s in axes.get_yticks()])
    else:
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(ticks_of(unit, axes.get_ylim()[1]))
    name_lines(axes, series, last)
    plain(axes, title, x_title)
    axes.set_ylabel(f"{unit}, less is better", fontsize=8)
    axes.grid(axis="both")
    axes.tick_params(axis="y", labelcolor=LIGHT["muted"])


def marks(axes, rows, columns, title, unit, winners=(), coloured=None, log=True):
    """`rows`: by name, the values of `columns`, None where there is none. A mark for each, on a line from the least to the
    largest. `coloured(row, column)`: the kind that a mark is drawn as."""
    for at, (name, values) in enumerate(rows.items()):
        known = [value for value in values if value is not None]
        if known:
            axes.plot([min(known), max(known)], [at, at], color=LIGHT["grid"], linewidth=2.5, solid_capstyle="round", zorder=1)
        for index, value in enumerate(values):
            if value is not None:
                axes.plot(value, at, marker=MARKS[index], color=LIGHT[coloured(name, columns[index])], markersize=8 if index == 0 else 5.5,
                          markeredgewidth=2 if MARKS[index] == "|" else 0.5, linestyle="none", zorder=3)
    if log:
        axes.set_xscale("symlog", linthresh=10) if any(v is not None and v <= 0 for r in rows.values() for v in r) else axes.set_xscale("log")
        axes.minorticks_off()
        axes.xaxis.set_major_formatter(lambda value, _: in_units(value))
    name_rows(axes, list(rows), winners)
    plain(axes, title, unit)
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    handles = [Line2D([], [], marker=MARKS[i], color=LIGHT[coloured(None, column)], linestyle="none", markersize=6,
                      markeredgewidth=2 if MARKS[i] == "|" else 0.5, label=names.short(column))
               for i, column in enumerate(columns) if any(values[i] is not None for values in rows.values())]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.4, 0), borderaxespad=4.5, ncol=len(handles), frameon=False,
                fontsize=7.5, handletextpad=0.1, columnspacing=0.9)


def in_units(nanoseconds):
    """1,000 as 1 µs, and so on."""
    for size, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if nanoseconds >= size:
            return f"{nanoseconds / size:g} {unit}"
    return f"{nanoseconds:g} ns"


def canvas(panels, width, height, above=0):
    """A figure of so many panels, two beside each other; width and height of each in inches, and of what is above them."""
    across = min(panels, 2)
    down = -(-panels // across)
    figure, grid = pyplot.subplots(down, across, figsize=(width * across, height * down + above), squeeze=False, layout="constrained")
    for axes in grid.flat[panels:]:
        axes.set_visible(False)
    return figure, list(grid.flat)[:panels]


def close(figure):
    pyplot.close(figure)


def legend(figure, kinds):
    patches = [pyplot.Rectangle((0, 0), 1, 1, color=LIGHT[kind]) for kind, _ in kinds]
    figure.legend(patches, [text for _, text in kinds], loc="upper right", ncol=len(kinds), frameon=False, fontsize=8.5, handlelength=1,
                  handleheight=1, columnspacing=1.2)
