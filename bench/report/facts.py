"""What results say of themselves: when and where they were measured, and with which versions."""

import datetime

MACHINE = {
    "processor": "processor",
    "cores": "cores",
    "MHz": "MHz",
    "caches": "caches",
    "virtual": "virtual machine",
    "memory_MiB": "memory",
    "frequency_governor": "frequency governor",
    "kernel": "kernel",
    "os_page_bytes": "OS page",
    "huge_pages": "transparent huge pages",
    "tick_clock": "clock of single calls",
}
NOT_RECORDED = "not recorded"
BUSY = 1.0  # running processes, before the first of ours
SETTLED = 180  # seconds, after which a suite's load has left the average


def written(name, value):
    if name == "caches":
        return "; ".join(f"L{c['level']} {c['type'].lower()} {c['KiB']} KiB" + (f" shared by {c['shared_by']}" if c["shared_by"] > 1 else "") for c in value)
    if name == "memory_MiB":
        return f"{value:,} MiB"
    if name == "os_page_bytes":
        return f"{value:,} bytes"
    if name == "MHz":
        return f"{value:,.0f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def agree(lines, others):
    """A suite of whole programs has no clock of single calls, say: what one does not mention is no difference."""
    known = dict(others)
    return all(known.get(title, text) == text for title, text in lines)


def machines(results):
    """Each machine with the suites that ran on it; a figure that the machine does not give is said to be missing."""
    found = []
    for suite, result in results.items():
        described = [(title, written(name, result.machine[name]) if result.machine.get(name) is not None else "not known")
                     for name, title in MACHINE.items() if name in result.machine]
        same = next((each for each in found if agree(each[0], described)), None)
        if same is None:
            found.append([described, [suite]])
        else:
            same[0] = max(same[0], described, key=len)
            same[1].append(suite)
    return found


def versions(results):
    """(who, version, options, suites), each once."""
    found = {}
    for suite, result in results.items():
        for name, version in result.versions.items():
            found.setdefault((name, version.get("version") or "–", (version.get("options") or "").strip() or "–"), []).append(suite)
    return [(*key, suites) for key, suites in found.items()]


def load_of(result, when):
    loads = result.machine.get(f"load_average_{when}")
    return loads[0] if loads else None


def of_run(result):
    """Date, commit, duration, load, kind of a run, as text."""
    method = result.method
    loads = [load_of(result, when) for when in ("before", "after")]
    seconds = method.get("seconds")
    kind = "quick: few repetitions" if method.get("quick") else "full"
    if method.get("filter"):
        kind += f", only {method['filter']}"
    return ((method.get("date") or NOT_RECORDED).replace("T", " ").replace("Z", " UTC"), method.get("commit") or NOT_RECORDED,
            f"{seconds / 60:.1f} min" if seconds else NOT_RECORDED,
            " → ".join(NOT_RECORDED if one is None else f"{one:.1f}" for one in loads), kind)


def lead(results):
    if not results:
        return "Nothing was measured yet."
    any_of = next(iter(results.values()))
    dates = sorted({result.method["date"][:10] for result in results.values() if result.method.get("date")})
    commits = sorted({result.method["commit"] for result in results.values() if result.method.get("commit")})
    machine = any_of.machine
    parts = [f"Cenote {any_of.versions.get('object_pool', {}).get('version', '')}".strip(),
             f"commit {', '.join(commits)}" if commits else "", " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else "",
             f"{machine.get('processor')}, {machine.get('cores')} cores" + (", a shared virtual machine" if machine.get("virtual") else "")]
    return " · ".join(part for part in parts if part)


def began(result):
    date = result.method.get("date")
    return datetime.datetime.fromisoformat(date.replace("Z", "+00:00")) if date else None


def follows(result, results):
    """Whether it ran right after another suite, whose load it then found."""
    own = began(result)
    for other in results.values():
        start, seconds = began(other), other.method.get("seconds")
        if other is not result and own and start and seconds:
            since = (own - start).total_seconds() - seconds
            if -1 <= since <= SETTLED:
                return True
    return False


def warnings(results):
    quick = [suite for suite, result in results.items() if result.method.get("quick")]
    if quick:
        yield f"Quick runs, with too few repetitions to compare by: {', '.join(quick)}."
    busy = [suite for suite, result in results.items() if (load_of(result, "before") or 0) > BUSY and not follows(result, results)]
    if busy:
        yield f"The machine was not idle when these began, and medians and tails show it: {', '.join(busy)}."
