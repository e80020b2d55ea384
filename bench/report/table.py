#!/usr/bin/env python3
"""Writes the README's table of figures from a benchmark's JSON, between its two marker lines.

usage: table.py JSON README
"""

import json
import sys
from pathlib import Path

BEGIN, END = "<!-- figures: written by ./dev charts -->\n", "<!-- end of figures -->\n"

SIZE = 64
COLUMNS = [
    ("W1", "one out, one back"),
    ("W2/1k/random", "1,000, random frees"),
    ("W2/1M/random", "1,000,000, random frees"),
    ("W3", "replace one of 100k"),
    ("W3b", "the same in bursts"),
    ("W6", "build a list of 1M and walk it"),
    ("memory", "bytes per object"),
]
SUBJECTS = [
    ("object_pool", "**object_pool**"),
    ("intrusive_pool", "intrusive_pool"),
    ("boost::pool", "boost::pool"),
    ("Zig-style", "Zig-style"),
    ("foonathan::memory_pool", "foonathan/memory"),
    ("std::pmr::unsynchronized_pool_resource", "std::pmr pool"),
    ("mimalloc", "mimalloc"),
    ("jemalloc", "jemalloc"),
    ("tcmalloc", "tcmalloc"),
    ("glibc malloc", "glibc malloc"),
]


def figure(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def table(results):
    least = {
        (r["workload"], r["subject"]): r["bytes"] if r["ns_min"] is None else r["ns_min"]
        for r in results["rows"]
        if r["size"] == SIZE
    }
    lines = [
        f"| {SIZE}-byte blocks, ns | " + " | ".join(title for _, title in COLUMNS) + " |",
        "| --- |" + " ---: |" * len(COLUMNS),
    ]
    for subject, shown in SUBJECTS:
        cells = [figure(least[workload, subject]) for workload, _ in COLUMNS]
        lines.append(f"| {shown} | " + " | ".join(cells) + " |")
    machine = results["machine"]
    virtual = "a shared virtual machine" if machine["virtual"] else "a machine"
    lines += [
        "",
        f"{virtual[0].upper()}{virtual[1:]} with {machine['cores']} cores ({machine['processor']}, "
        f"{machine['MHz']:.0f} MHz), {results['versions']['compiler']['version']}"
        f"{results['versions']['compiler']['options']}.",
    ]
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    results = json.loads(Path(sys.argv[1]).read_text())
    readme = Path(sys.argv[2])
    text = readme.read_text()
    if BEGIN not in text or END not in text:
        sys.exit(f"table.py: {readme} has no marker lines for the figures")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    readme.write_text(before + BEGIN + table(results) + END + after)


if __name__ == "__main__":
    main()
