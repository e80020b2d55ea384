"""Small results, as the suites write them, and where the code under test is."""

import json
import pathlib
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "bench" / "report"))


def row(workload, subject, value, unit="ns", size=64, quartiles=True):
    made = {"workload": workload, "size": size, "subject": subject, "ns_min": None, "ns_median": None, "ratio_to_limit": None,
            "ratio_to_best_peer": None, "samples": 40}
    if unit == "ns":
        made.update(ns_min=value, ns_median=value * 1.25)
    else:
        made[unit] = value
    if quartiles and unit != "ns":
        made.update(quartiles=[value, value, value], max=value)
    elif quartiles:
        made.update(quartiles=[value * 1.125, value * 1.25, value * 1.5], max=value * 8)
    return made


def result(suite, rows, **method):
    return {
        "machine": {"processor": "A & B <1>", "cores": 2, "MHz": 2000.0, "kernel": "Linux 6.1 x86_64", "virtual": True,
                    "frequency_governor": None, "load_average_before": [0.1, 0.1, 0.1], "load_average_after": [1.2, 0.5, 0.2]},
        "versions": {"compiler": {"version": "GNU 12.2.0", "options": " -O3"}, "jemalloc": {"version": "5.3", "options": "defaults"}},
        "method": {"suite": suite, "quick": False, "date": "2026-01-02T03:04:05Z", "commit": "abcdef0", "seconds": 90.0, **method},
        "rows": rows,
        "skipped": [],
        "targets": [],
    }


def pools(figures, quartiles=True):
    """`figures`: by workload and subject, ns; of `memory`, bytes."""
    return result("pools", [row(workload, subject, value, "bytes" if workload.startswith("memory") else "ns", quartiles=quartiles)
                            for workload, subjects in figures.items() for subject, value in subjects.items()])


ONE_OF_EACH = {
    "W1": {"object_pool": 1.0, "boost::pool": 1.0, "jemalloc": 4.0, "limit": 0.25},
    "W3": {"object_pool": 1.5, "boost::pool": 3.0, "jemalloc": 6.0, "limit": 0.5},
    "W3/1k": {"object_pool": 1.25, "boost::pool": 1.0, "jemalloc": 5.0, "limit": 0.5},
    "W3/10M": {"object_pool": 20.0, "boost::pool": 90.0, "jemalloc": 60.0, "limit": 10.0},
    "memory": {"object_pool": 64.3, "boost::pool": 67.0, "jemalloc": 64.1},
    "memory/1k": {"object_pool": 86.0, "boost::pool": 131.0, "jemalloc": 73.0},
    "W7b/p99": {"object_pool": 100.0, "boost::pool": 200.0, "jemalloc": 50.0, "limit": 0.0},
    "W7b/p99.99": {"object_pool": 300.0, "boost::pool": 250.0, "jemalloc": 2000.0, "limit": 0.0},
    "W7b/max": {"object_pool": 30000.0, "boost::pool": 25000.0, "jemalloc": 20000.0, "limit": 9000.0},
}


def programs():
    rows = []
    for program, subjects in {"perl": {"glibc": 2e9, "cenote": 1.8e9, "jemalloc": 1.6e9}, "git": {"glibc": 1e9, "cenote": 1.1e9}}.items():
        for subject, ns in subjects.items():
            rows.append({**row(f"{program}/time", subject, ns, size=0, quartiles=False), "ratio_to_glibc": ns / subjects["glibc"],
                         "rounds": [ns, ns * 1.01, ns * 1.02]})
    for subject, ratio in {"glibc": 1.0, "cenote": 0.99}.items():
        rows.append({"workload": "geometric mean/time", "size": 0, "subject": subject, "ns_min": None, "ns_median": None,
                     "ratio_to_glibc": ratio, "samples": 2})
    return result("programs", rows)


def write(folder, *results):
    folder.mkdir(parents=True, exist_ok=True)
    for each in results:
        (folder / f"{each['method']['suite']}.json").write_text(json.dumps(each), encoding="utf-8")
    return folder
