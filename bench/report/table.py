#!/usr/bin/env python3
"""Writes a README's table of figures from a benchmark's JSON, between its two marker lines.

usage: table.py JSON README...

A README whose name ends in .zh-CN.md gets its headings in Chinese; subjects and figures are the same.
"""

import json
import re
import sys
from pathlib import Path

SIZES = (64, 0)  # 0: of many sizes
FIRST_COLUMN = {"pools": "64-byte blocks, ns", "threads": "64-byte blocks, ns", "heap": "ns"}
BEGIN, END = "<!-- figures of {}: written by ./dev charts -->\n", "<!-- end of figures -->\n"

# By suite: the columns, what the README calls each workload, and who is shown.
COLUMNS = {
    "pools": [
        ("W1", "one out, one back"),
        ("W2/1k/random", "1,000, random frees"),
        ("W2/1M/random", "1,000,000, random frees"),
        ("W3", "replace one of 100k"),
        ("W3b", "the same in bursts"),
        ("W6", "build a list of 1M and walk it"),
        ("memory", "bytes per object"),
    ],
    "threads": [
        ("W1", "1 thread, one out, one back"),
        ("W4/2", "2 threads, replace one of 100k"),
        ("W4b/2", "the same in bursts"),
        ("W4/32", "32 threads, replace one of 100k"),
        ("W5", "one creates, another destroys"),
        ("W5n/2", "2 threads, each destroys the other's"),
        ("short/1", "a thread that lives for 1,000 objects"),
    ],
    "heap": [
        ("replace/100k/1K", "replace one of 100k, up to 1 KiB"),
        ("burst/1k/1K", "1,000 out and back, up to 1 KiB"),
        ("replace/100k/64K", "replace one of 100k, up to 64 KiB"),
        ("replace2/100k/1K", "2 threads, up to 1 KiB"),
        ("handover", "one allocates, another frees"),
        ("server/2", "threads that succeed each other"),
        ("large", "100 KiB to 4 MiB, written"),
        ("memory/main", "MiB left of 200 freed"),
        ("fragmentation/mean", "resident over live"),
    ],
}
SUBJECTS = {
    "pools": [
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
    ],
    "threads": [
        ("cached_pool", "**cached_pool**"),
        ("static_cached_pool", "**static_cached_pool**"),
        ("lockfree_pool", "lockfree_pool"),
        ("locked_pool", "locked_pool"),
        ("boost::lockfree free list", "boost::lockfree free list"),
        ("boost::singleton_pool", "boost::singleton_pool"),
        ("std::pmr::synchronized_pool_resource", "std::pmr synchronized pool"),
        ("std::mutex and a list", "std::mutex and a list"),
        ("TBB scalable allocator", "TBB"),
        ("mimalloc", "mimalloc"),
        ("jemalloc", "jemalloc"),
        ("tcmalloc", "tcmalloc"),
        ("glibc malloc", "glibc malloc"),
    ],
    "heap": [
        ("cenote::heap", "**heap**"),
        ("mimalloc", "mimalloc"),
        ("jemalloc", "jemalloc"),
        ("tcmalloc", "tcmalloc"),
        ("TBB scalable allocator", "TBB"),
        ("glibc malloc", "glibc malloc"),
    ],
}
# The suite of whole programs has a row for each of these and figure, over glibc's.
PROGRAMS = ("redis", "memcached", "sqlite", "python", "gcc", "clang", "git", "perl", "node", "geometric mean", "trivial process")
PROGRAM_FIGURES = (("time", "time"), ("peak", "peak resident memory"))
PROGRAM_SUBJECTS = ("cenote", "mimalloc", "jemalloc", "tcmalloc", "tbbmalloc")
CHINESE = {
    "64-byte blocks, ns": "64 字节块，纳秒",
    "ns": "纳秒",
    "one out, one back": "取一个还一个",
    "1,000, random frees": "1,000 个，随机释放",
    "1,000,000, random frees": "1,000,000 个，随机释放",
    "replace one of 100k": "替换 10 万个中的一个",
    "the same in bursts": "同上，成批",
    "build a list of 1M and walk it": "建立并遍历百万元素链表",
    "bytes per object": "每对象字节数",
    "1 thread, one out, one back": "1 线程，取一个还一个",
    "2 threads, replace one of 100k": "2 线程，替换 10 万个中的一个",
    "32 threads, replace one of 100k": "32 线程，替换 10 万个中的一个",
    "one creates, another destroys": "一个线程创建，另一个销毁",
    "2 threads, each destroys the other's": "2 线程，互相销毁对方的对象",
    "a thread that lives for 1,000 objects": "只存活 1,000 个对象的线程",
    "replace one of 100k, up to 1 KiB": "替换 10 万个中的一个，至 1 KiB",
    "1,000 out and back, up to 1 KiB": "取还 1,000 个，至 1 KiB",
    "replace one of 100k, up to 64 KiB": "替换 10 万个中的一个，至 64 KiB",
    "2 threads, up to 1 KiB": "2 线程，至 1 KiB",
    "one allocates, another frees": "一个线程分配，另一个释放",
    "threads that succeed each other": "前后相继的线程",
    "100 KiB to 4 MiB, written": "100 KiB 至 4 MiB，写入",
    "MiB left of 200 freed": "释放 200 MiB 后剩余 MiB",
    "resident over live": "驻留与存活之比",
    "time, over glibc's": "时间，与 glibc 之比",
    "peak resident memory, over glibc's": "常驻内存峰值，与 glibc 之比",
    "geometric mean": "几何平均",
    "trivial process": "空进程",
    "failed": "失败",
}
MACHINE = re.compile(r"^A (shared virtual )?machine with (\d+) cores \((.*?)\)(, .*)?\.$")
UNITS = ("ns_min", "bytes", "MiB", "ratio")


def figure(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def least(row):
    return next(row[unit] for unit in UNITS if row.get(unit) is not None)


def table_of_programs(results):
    over_glibc = {(r["workload"], r["subject"]): r["ratio_to_glibc"] for r in results["rows"]}
    lines = []
    for figure_name, title in PROGRAM_FIGURES:
        names = [p for p in PROGRAMS if (f"{p}/{figure_name}", "cenote") in over_glibc]
        lines += [
            f"| {title}, over glibc's | " + " | ".join(names) + " |",
            "| --- |" + " ---: |" * len(names),
        ]
        for subject in PROGRAM_SUBJECTS:
            shown = "**cenote**" if subject == "cenote" else subject
            cells = [over_glibc.get((f"{name}/{figure_name}", subject)) for name in names]
            lines.append(f"| {shown} | " + " | ".join("failed" if c is None else f"{c:.2f}" for c in cells) + " |")
        lines.append("")
    return "\n".join(lines) + "\n" + machine_line(results)


def machine_line(results):
    machine = results["machine"]
    virtual = "A shared virtual machine" if machine["virtual"] else "A machine"
    line = f"{virtual} with {machine['cores']} cores ({machine['processor']}, {machine['MHz']:.0f} MHz)"
    compiler = results["versions"].get("compiler")
    return f"{line}, {compiler['version']}{compiler['options']}.\n" if compiler else f"{line}.\n"


def table(results):
    suite = results["method"]["suite"]
    if suite == "programs":
        return table_of_programs(results)
    figures = {(r["workload"], r["subject"]): least(r) for r in results["rows"] if r["size"] in SIZES}
    columns = COLUMNS[suite]
    lines = [
        f"| {FIRST_COLUMN[suite]} | " + " | ".join(title for _, title in columns) + " |",
        "| --- |" + " ---: |" * len(columns),
    ]
    for subject, shown in SUBJECTS[suite]:
        cells = [figure(figures[workload, subject]) for workload, _ in columns]
        lines.append(f"| {shown} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", machine_line(results)])


def translated(written):
    """The cells of a table's first two lines, and the line on the machine, in Chinese."""
    lines = []
    for line in written.split("\n"):
        if line.startswith("| ") and not line.startswith("| ---"):
            cells = line.strip("| ").split(" | ")
            line = "| " + " | ".join(CHINESE.get(cell, cell) for cell in cells) + " |"
        elif machine := MACHINE.match(line):
            kind = "共享虚拟机" if machine[1] else "一台机器"
            line = f"{kind}，{machine[2]} 核（{machine[3]}）{(machine[4] or '').replace(', ', '，')}。"
        lines.append(line)
    return "\n".join(lines)


def fill(readme, results):
    text = readme.read_text(encoding="utf-8")
    begin = BEGIN.format(results["method"]["suite"])
    if begin not in text or END not in text.split(begin, 1)[1]:
        sys.exit(f"table.py: {readme} has no marker lines for these figures")
    before, rest = text.split(begin, 1)
    after = rest.split(END, 1)[1]
    written = table(results)
    if readme.name.endswith(".zh-CN.md"):
        written = translated(written)
    readme.write_text(before + begin + written + END + after, encoding="utf-8")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    results = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for readme in sys.argv[2:]:
        fill(Path(readme), results)


if __name__ == "__main__":
    main()
