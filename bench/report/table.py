"""Writes a README's tables of figures between their marker lines.

A README whose name ends in .zh-CN.md gets its headings in Chinese; subjects and figures are the same.
"""

import math
import re

import load
import names

FIRST_COLUMN = {"pools": "64-byte blocks, ns", "threads": "64-byte blocks, ns", "heap": "ns"}
BEGIN, END = "<!-- figures of {}: written by ./dev report -->\n", "<!-- end of figures -->\n"
ORDER = "Bold: the best of a column, all between which the spreads show no difference. In the order of the geometric mean over the columns."

# By suite: the columns, and what the README calls each workload.
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
# Who is shown, of more; the others are in the page.
SUBJECTS = {
    "pools": ("object_pool", "intrusive_pool", "boost::pool", "Zig-style", "foonathan::memory_pool",
              "std::pmr::unsynchronized_pool_resource", "cenote::heap", "mimalloc", "jemalloc", "tcmalloc", "glibc malloc"),
    "threads": ("cached_pool", "static_cached_pool", "lockfree_pool", "locked_pool", "boost::lockfree free list",
                "boost::singleton_pool", "std::pmr::synchronized_pool_resource", "std::mutex and a list", "cenote::heap",
                "TBB scalable allocator", "mimalloc", "jemalloc", "tcmalloc", "glibc malloc"),
    "heap": ("cenote::heap", "mimalloc", "jemalloc", "tcmalloc", "TBB scalable allocator", "glibc malloc"),
    "programs": ("cenote", "mimalloc", "jemalloc", "tcmalloc", "tbbmalloc", "glibc"),
}
# The suite of whole programs has a table for each of these, over glibc's.
PROGRAMS = ("redis", "memcached", "sqlite", "python", "gcc", "clang", "git", "perl", "node", "geometric mean", "trivial process")
PROGRAM_FIGURES = (("time", "time"), ("peak", "peak resident memory"))
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
ORDER_CHINESE = "粗体：该列最佳，离散区间相交者视为无差异。按各列的几何平均排序。"
MACHINE = re.compile(r"^A (shared virtual )?machine with (\d+) cores \((.*?)\)(, .*?)?\. " + re.escape(ORDER) + "$")


def over_the_best(subject, columns):
    """The geometric mean of a subject's figures over the best of each column; of those it has."""
    logarithms = []
    for rows in columns:
        own = next((row.value for row in rows if row.subject == subject), None)
        least = min(row.value for row in rows)
        if own and least > 0:
            logarithms.append(math.log(own / least))
    return math.exp(sum(logarithms) / len(logarithms)) if logarithms else math.inf


def table(first, titles, columns, subjects):
    """`columns`: the rows of each, in the order of their titles."""
    columns = [[row for row in rows if row.subject in subjects] for rows in columns]
    kept = [(title, rows) for title, rows in zip(titles, columns) if rows]
    columns = [rows for _, rows in kept]
    lines = [f"| {first} | " + " | ".join(title for title, _ in kept) + " |", "| --- |" + " ---: |" * len(kept)]
    winners = [{row.subject for row in load.best(rows)} for rows in columns]
    measured = [subject for subject in subjects if any(row.subject == subject for rows in columns for row in rows)]
    for subject in sorted(measured, key=lambda subject: over_the_best(subject, columns)):
        cells = []
        for rows, best in zip(columns, winners):
            row = next((row for row in rows if row.subject == subject), None)
            text = names.figure(row.value) if row else "–"
            cells.append(f"**{text}**" if subject in best else text)
        lines.append(f"| {names.short(subject)} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def machine_line(result):
    machine = result.machine
    virtual = "A shared virtual machine" if machine.get("virtual") else "A machine"
    speed = f", {machine['MHz']:.0f} MHz" if machine.get("MHz") else ""
    line = f"{virtual} with {machine.get('cores')} cores ({machine.get('processor')}{speed})"
    compiler = result.versions.get("compiler")
    return f"{line}, {compiler['version']}{compiler['options']}. {ORDER}\n" if compiler else f"{line}. {ORDER}\n"


def tables(result):
    subjects = SUBJECTS[result.suite]
    if result.suite == "programs":
        written = []
        for figure, title in PROGRAM_FIGURES:
            shown = [name for name in PROGRAMS if result.of(f"{name}/{figure}")]
            written.append(table(f"{title}, over glibc's", shown, [result.of(f"{name}/{figure}") for name in shown], subjects))
    else:
        columns = COLUMNS[result.suite]
        written = [table(FIRST_COLUMN[result.suite], [title for _, title in columns], [result.of(name) for name, _ in columns], subjects)]
    return "\n".join([*written, machine_line(result)])


def translated(written):
    """The cells of a table's first two lines, and the line on the machine, in Chinese."""
    lines = []
    for line in written.split("\n"):
        if line.startswith("| ") and not line.startswith("| ---"):
            cells = line.strip("| ").split(" | ")
            line = "| " + " | ".join(CHINESE.get(cell, cell) for cell in cells) + " |"
        elif machine := MACHINE.match(line):
            kind = "共享虚拟机" if machine[1] else "一台机器"
            line = f"{kind}，{machine[2]} 核（{machine[3]}）{(machine[4] or '').replace(', ', '，')}。{ORDER_CHINESE}"
        lines.append(line)
    return "\n".join(lines)


def filled(text, results, chinese):
    """A README's text with the tables of what was measured between their marker lines, which it must have."""
    for suite in SUBJECTS:
        if suite not in results:
            continue
        begin = BEGIN.format(suite)
        if begin not in text or END not in text.split(begin, 1)[1]:
            raise load.Broken(f"no marker lines for the figures of {suite}")
        before, rest = text.split(begin, 1)
        written = tables(results[suite])
        text = before + begin + (translated(written) if chinese else written) + END + rest.split(END, 1)[1]
    return text


def refresh(readme, results):
    """Whether it changed."""
    text = readme.read_text(encoding="utf-8")
    try:
        now = filled(text, results, readme.name.endswith(".zh-CN.md"))
    except load.Broken as error:
        raise load.Broken(f"{readme}: {error}") from None
    if now != text:
        readme.write_text(now, encoding="utf-8")
    return now != text
