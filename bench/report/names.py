"""Who the subjects of the suites are, and how they and their figures are written."""

import re

SHARES = ("p50", "p99", "p99.9", "p99.99", "p99.999", "max")
OURS = ("object_pool", "block_pool", "intrusive_pool", "arena", "cached_pool", "static_cached_pool", "locked_pool",
        "lockfree_pool", "object_pool per thread", "real_time_pool", "shared_real_time_pool", "cenote::heap", "cenote",
        "cheap", "full")
MALLOCS = ("glibc malloc", "glibc", "jemalloc", "tcmalloc", "mimalloc", "TBB scalable allocator", "tbbmalloc")
# What a workload costs without an allocator, and who does not do the job: drawn, and never the best.
LIMITS = ("limit", "no allocator", "none")
CONTROLS = ("untagged CAS list", "object_pool per thread")
LEFT_OUT = ("arena",)  # of every comparison: it frees all at once

SHORT = {
    "boost::fast_pool_allocator": "boost::fast_pool",
    "boost::lockfree free list": "boost::lockfree list",
    "foonathan::memory_pool": "foonathan/memory",
    "object_pool per thread": "object_pool each",
    "std::pmr::unsynchronized_pool_resource": "std::pmr pool",
    "std::pmr::synchronized_pool_resource": "std::pmr sync. pool",
    "TBB scalable allocator": "TBB",
    "shared_real_time_pool": "shared_real_time",
    "cenote::heap": "heap",
}


def kind(subject):
    """ours, pool, malloc or limit: what it is drawn as."""
    if not competes(subject):
        return "limit"
    if subject in OURS:
        return "ours"
    return "malloc" if subject in MALLOCS else "pool"


def competes(subject):
    return subject not in LIMITS and subject not in CONTROLS


def short(subject):
    return SHORT.get(subject, subject)


def share(workload):
    """p99.9 and the like, of calls that were timed one by one; else None."""
    last = workload.rpartition("/")[2]
    return last if last in SHARES else None


def work(workload):
    """What is done, without how many objects, threads or bytes, and without the share of its calls."""
    return "/".join(part for part in workload.split("/") if part not in SHARES and not re.fullmatch(r"\d+[kKM]?", part))


def figure(value):
    """Three digits, or all of them before the point."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    for limit, decimals in ((0.1, 3), (10, 2), (100, 1)):
        if abs(round(value, decimals)) < limit:
            return f"{value:.{decimals}f}"
    return f"{value:,.0f}"
