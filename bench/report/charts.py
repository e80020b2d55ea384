#!/usr/bin/python3
"""Draws the README's charts from a result of `./dev bench SUITE --json FILE`.

    charts.py RESULT.json OUTPUT_FOLDER

Writes SUITE-speed.svg; of the suites pools and heap also SUITE-memory.svg and, where the result has the sweep of live
objects, pools-live.svg.
The same result gives the same bytes. Needs matplotlib (Debian: python3-matplotlib).
"""

import argparse
import json
import pathlib
import statistics
import sys

try:
    import matplotlib
except ImportError:
    sys.exit("charts.py: matplotlib is missing (Debian: apt install python3-matplotlib, and run with /usr/bin/python3)")

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "cenote"
matplotlib.rcParams["font.size"] = 9
from matplotlib import pyplot  # noqa: E402  (the backend must be chosen before)

SIZE = 64
SIZES = (SIZE, 0)  # 0: of many sizes
CUT_OFF = 4  # times the median of a chart
OURS = ("object_pool", "block_pool", "intrusive_pool", "arena", "cached_pool", "static_cached_pool", "locked_pool",
        "lockfree_pool", "object_pool per thread", "cenote::heap")
LIMITS = ("limit", "no allocator")
COLOURS = {"ours": "#0b7285", "limit": "#adb5bd", "peer": "#e8b04b"}

SPEED = {
    "pools": ("64-byte blocks, one thread", [
        ("W1", "Allocate one, free it"),
        ("W2/1k/random", "1,000 allocated, freed in random order"),
        ("W2/1M/random", "1,000,000 allocated, freed in random order"),
        ("W3", "100,000 live, replace a random one"),
        ("W3b", "100,000 live, replace 64 at a time"),
        ("W6", "Build a list of 1,000,000 in a churned pool, walk it"),
    ]),
    "threads": ("64-byte blocks, several threads", [
        ("W4/2", "2 threads, 100,000 live, replace a random one"),
        ("W4b/2", "2 threads, 100,000 live, replace 64 at a time"),
        ("W4/32", "32 threads, 100,000 live, replace a random one"),
        ("W5", "One thread creates, another destroys"),
        ("W5n/2", "2 threads, each destroys what the other created"),
        ("short/1", "A thread that lives for 1,000 objects"),
    ]),
    "heap": ("Blocks of mixed sizes", [
        ("replace/100k/1K", "100,000 live, replace a random one, up to 1 KiB"),
        ("replace/100k/64K", "100,000 live, replace a random one, up to 64 KiB"),
        ("burst/1k/1K", "1,000 allocated, freed in random order, up to 1 KiB"),
        ("replace2/100k/1K", "2 threads, 100,000 live, replace one, up to 1 KiB"),
        ("handover", "One thread allocates, another frees, up to 1 KiB"),
        ("server/2", "Threads that hand their blocks to their successors"),
        ("realloc/double", "64 arrays that grow by doubling, one step"),
        ("large", "32 live of 100 KiB to 4 MiB, replace one and write it"),
    ]),
}
MEMORY = {
    "pools": [("memory", "bytes", "Resident bytes per live 64-byte object, 1,000,000 live")],
    "heap": [
        ("memory/main", "MiB", "MiB that stay of 200 that were freed, main thread still calling"),
        ("memory/threads", "MiB", "MiB that stay of 200 that were freed by threads that ended"),
        ("fragmentation/mean", "ratio", "Resident over live bytes while sizes drift, mean"),
    ],
}
LIVE = [(10_000, "W2/10k/random"), (100_000, "W2/100k/random"), (1_000_000, "W2/1M/random"), (10_000_000, "W2/10M/random")]
SHORT = {"std::pmr::unsynchronized_pool_resource": "std::pmr pool",
         "std::pmr::synchronized_pool_resource": "std::pmr synchronized", "boost::fast_pool_allocator": "boost::fast_pool_alloc."}


def kind(subject):
    if subject in OURS:
        return "ours"
    return "limit" if subject in LIMITS else "peer"


def rows_of(result, workload):
    return [row for row in result["rows"] if row["workload"] == workload and row["size"] in SIZES]


def label(value, edge):
    text = f"{value:.1f}" if value < 100 else f"{value:.0f}"
    return text + " \u2192" if value > edge else text


def bars(axes, rows, value, title, unit):
    """Horizontal bars, shortest on top, with the figure at the end of each. The few that are out of all proportion are
    cut off at the edge, so that the others can be compared."""
    rows = sorted(rows, key=value, reverse=True)
    values = [value(row) for row in rows]
    edge = min(max(values), CUT_OFF * statistics.median(values)) or 1
    names = [SHORT.get(row["subject"], row["subject"]) for row in rows]
    drawn = axes.barh(names, [min(v, edge) for v in values], color=[COLOURS[kind(row["subject"])] for row in rows], height=0.75)
    axes.bar_label(drawn, labels=[label(v, edge) for v in values], padding=2, fontsize=7)
    axes.set_title(title, fontsize=9, loc="left")
    axes.set_xlabel(unit, fontsize=8)
    axes.set_xlim(0, edge * 1.15)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=8)


def legend(figure):
    patches = [pyplot.Rectangle((0, 0), 1, 1, color=COLOURS[k]) for k in ("ours", "limit", "peer")]
    figure.legend(patches, ["Cenote", "limit", "peers"], loc="upper right", ncol=3, frameon=False, fontsize=8)


def caption(result):
    machine = result["machine"]
    return f"{machine['processor']}, {machine['cores']} cores, {machine['kernel']}; minimum of many short repetitions"


def save(figure, folder, name):
    file = folder / name
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
    print(file)


def speed(result, folder):
    suite = result["method"]["suite"]
    if suite not in SPEED:
        return
    what, workloads = SPEED[suite]
    panels = [(workload, title, rows_of(result, workload)) for workload, title in workloads]
    panels = [panel for panel in panels if panel[2]]
    if not panels:
        return
    lines = (len(panels) + 1) // 2
    figure, grid = pyplot.subplots(lines, 2, figsize=(10, 3.1 * lines + 0.6), squeeze=False, layout="constrained")
    for axes, (_, title, rows) in zip(grid.flat, panels):
        bars(axes, rows, lambda row: row["ns_min"], title, "ns")
    for axes in list(grid.flat)[len(panels):]:
        axes.set_visible(False)
    figure.suptitle(f"{what}, ns (less is better)\n", x=0.01, ha="left", fontsize=11)
    figure.supxlabel(caption(result), fontsize=7, x=0.01, ha="left")
    legend(figure)
    save(figure, folder, f"{suite}-speed.svg")


def memory(result, folder):
    suite = result["method"]["suite"]
    panels = [(rows_of(result, workload), unit, title) for workload, unit, title in MEMORY.get(suite, [])]
    panels = [panel for panel in panels if panel[0]]
    if not panels:
        return
    height = 3.6 if suite == "pools" else 2.2 * len(panels)
    figure, grid = pyplot.subplots(len(panels), 1, figsize=(7, height), squeeze=False, layout="constrained")
    for axes, (rows, unit, title) in zip(grid.flat, panels):
        bars(axes, rows, lambda row, unit=unit: row[unit], title, unit)
    figure.supxlabel(caption(result), fontsize=7, x=0.01, ha="left")
    save(figure, folder, f"{suite}-memory.svg")


def live(result, folder):
    lines = {}
    for count, workload in LIVE:
        for row in rows_of(result, workload):
            lines.setdefault(row["subject"], []).append((count, row["ns_min"]))
    lines = {subject: points for subject, points in lines.items() if len(points) > 1}
    if not lines:
        return
    figure, axes = pyplot.subplots(figsize=(8, 4.2), layout="constrained")
    for subject, points in lines.items():
        own = kind(subject)
        axes.plot(*zip(*points), color=COLOURS[own], linewidth=2.2 if own == "ours" else 1.1, marker="o", markersize=3)
    # Names at the right end, moved apart where lines end close together.
    ends = sorted((points[-1][1], points[-1][0], subject) for subject, points in lines.items())
    lowest = 0.0
    for value, count, subject in ends:
        height = max(value, lowest * 1.22)
        lowest = height
        axes.annotate(SHORT.get(subject, subject), (count, value), xytext=(count * 1.3, height), fontsize=7, va="center")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(8_000, max(count for _, count, _ in ends) * 15)
    axes.set_xlabel("live objects", fontsize=8)
    axes.set_ylabel("ns per object allocated and freed", fontsize=8)
    axes.set_title(f"Random frees against the number of live {SIZE}-byte objects", fontsize=9, loc="left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.supxlabel(caption(result), fontsize=7, x=0.01, ha="left")
    save(figure, folder, "pools-live.svg")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    try:
        result = json.loads(arguments.result.read_text(encoding="utf-8"))
        arguments.folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        sys.exit(f"charts.py: {error}")
    for draw in (speed, memory, live):
        draw(result, arguments.folder)


if __name__ == "__main__":
    main()
