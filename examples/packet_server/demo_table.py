"""Tables of the demo."""

from math import sqrt
from statistics import median


def ratio(pairs):
    """Median and range of pools over malloc, round by round, as text."""
    ratios = sorted(a / b for a, b in pairs if b)
    if not ratios:
        return ""
    text = "%.2f" % median(ratios)
    return text if len(ratios) == 1 else text + "  (%.2f to %.2f)" % (ratios[0], ratios[-1])


def print_rows(rows, heading):
    """Rows of text, the first column to the left, the others to the right; None for a line."""
    widths = [max(len(row[i]) for row in [heading] + [r for r in rows if r]) for i in range(len(heading))]
    line = lambda row: "  ".join([row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]).rstrip()
    print(line(heading))
    print("-" * (sum(widths) + 2 * (len(widths) - 1)))
    for row in rows:
        print(line(row) if row else "")


def load_rows(rounds):
    """Two rows for each load: requests per second, and latencies. `rounds` is, by load, a list of pairs of results."""
    for load, pairs in rounds.items():
        rps = [(a["rps"], b["rps"]) for a, b in pairs]
        yield [
            load + ", requests per second",
            "%.0f" % median(a for a, _ in rps),
            "%.0f" % median(b for _, b in rps),
            ratio(rps),
        ]
        latency = lambda side: " / ".join("%.2f" % median(pair[side][p] for pair in pairs) for p in ("p50", "p99", "p99.9"))
        yield ["  p50 / p99 / p99.9, ms", latency(0), latency(1), ""]


def shares(name, pools, malloc):
    """Shares that were found by looking so many times, with their standard errors."""

    def text(allocator):
        share, looks = allocator["share_of_cpu"], max(allocator["looks"], 1)
        return "%.1f \u00b1 %.1f" % (100 * share, 100 * sqrt(share * (1 - share) / looks))

    a, b = pools["allocator"], malloc["allocator"]
    return [name, text(a), text(b), "%.2f" % (a["share_of_cpu"] / b["share_of_cpu"]) if b["share_of_cpu"] else ""]


def server_rows(pools, malloc):
    """What the servers report of the whole load."""

    def row(name, figure, form, with_ratio=True):
        a, b = figure(pools), figure(malloc)
        return [name, form % a, form % b, "%.2f" % (a / b) if with_ratio and b else ""]

    microseconds = lambda r: 1e6 * r["cpu"]["total_s"] / max(r["traffic"]["requests"], 1)
    user = lambda r: 1e6 * r["cpu"]["user_s"] / max(r["traffic"]["requests"], 1)
    yield row("CPU time per request, microseconds", microseconds, "%.2f")
    yield row("  outside the kernel", user, "%.2f")
    yield row("allocations per request", lambda r: r["allocator"]["allocations_per_request"], "%.2f", False)
    yield shares("share of CPU time in the allocator, %", pools, malloc)
    calls = ["%.0f / %.0f" % (r["allocator"]["ns_per_allocation"], r["allocator"]["ns_per_free"]) for r in (pools, malloc)]
    yield ["  ns per allocation / free, at most", *calls, ""]
    yield row("peak resident memory, MiB", lambda r: r["peak_resident_kib"] / 1024, "%.1f")
    yield row("keys stored at the end", lambda r: r["keys"], "%d", False)
    yield row("live sessions after the clients left", lambda r: r["live"]["at_stop"]["session"], "%d", False)
    yield row("live packets after the clients left", lambda r: r["live"]["at_stop"]["packet"], "%d", False)
    yield row("live objects once the store was emptied", lambda r: sum(r["live"]["after_clear"].values()), "%d", False)


def pool_rows(report):
    for pool in report["pools"]:
        yield [pool["name"]] + [str(pool[k]) for k in ("block_size", "live", "capacity", "slabs")] + [
            "%.1f" % (pool["bytes"] / 1024)
        ]
