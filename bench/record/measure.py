#!/usr/bin/env python3
"""What `cenote record` costs: programs with and without it, in turn, and the ratios of their times.

usage: measure.py [--rounds N] [--cenote FILE] [PROGRAM...]       of redis, python, sqlite, g++

Prints for each the median of the rounds' ratios: of time elapsed, of the program's own time of processors, and of that with the recorder's; then
how many events there are, and what one takes in the file. Where a processor is to spare the recorder runs beside the program.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SQL = """CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL); CREATE INDEX i ON t(b);
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 150000)
INSERT INTO t SELECT x, 'text number ' || (x * 7919 % 150000), x * 0.5 FROM n;
SELECT count(*), sum(c), max(b) FROM t WHERE b LIKE '%9%'; UPDATE t SET b = b || 'x' WHERE a % 3 = 0;
SELECT substr(b, 1, 14) AS s, count(*) FROM t GROUP BY s ORDER BY 2 DESC LIMIT 3; DELETE FROM t WHERE a % 2 = 0;"""
PYTHON = """import json, random
random.seed(1)
d = [{"id": i, "name": "n%d" % i, "tags": [str(random.random()) for _ in range(5)]} for i in range(40000)]
s = json.dumps(d); e = json.loads(s); print(len(s), sum(len(x["tags"]) for x in sorted(e, key=lambda x: x["name"])))"""
CXX = """#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <regex>
#include <string>
#include <vector>
int main() { std::map<std::string, std::vector<int>> m; std::regex r("a.*b"); m["a"] = {1, 2};
    std::cout << m.size() << std::regex_match("aab", r) << "\\n"; }"""


def find(name):
    # Not what a version manager puts in front: a script that starts dozens of processes.
    return next((str(p) for p in (Path("/usr/bin") / name, Path("/bin") / name) if p.exists()), None) or shutil.which(name)


class Plain:
    """A program that is started and ends."""

    def __init__(self, folder, words, text="", options=(), environment=None):
        self.words, self.text, self.options = words, text, list(options)
        self.environment = {**os.environ, **(environment or {})}

    def run(self, front):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        subprocess.run([*front, *self.words], input=self.text.encode(), stdout=subprocess.DEVNULL, check=True, env=self.environment,
                       stderr=subprocess.DEVNULL)
        seconds = time.monotonic() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Redis:
    """A server under a client's load; the time is that of the load."""

    options = ()

    def __init__(self, folder):
        self.socket = f"{folder}/redis.sock"
        # On the C library's malloc, not the one that it brings.
        self.environment = {**os.environ, "LD_PRELOAD": "libc.so.6"}

    def run(self, front):
        server = subprocess.Popen([*front, find("redis-server"), "--port", "0", "--unixsocket", self.socket, "--save", ""],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment)
        while not os.path.exists(self.socket):
            time.sleep(0.01)
        time.sleep(0.2)
        start = time.monotonic()
        subprocess.run([find("redis-benchmark"), "-s", self.socket, "-q", "-n", "100000", "-P", "16", "-r", "100000", "-t",
                        "set,get,lpush,hset,zadd"], stdout=subprocess.DEVNULL, check=True)
        seconds = time.monotonic() - start
        server.terminate()
        _, _, used = os.wait4(server.pid, 0)
        server.returncode = 0
        return seconds, used.ru_utime + used.ru_stime


def programs(folder):
    source = Path(folder) / "x.cpp"
    source.write_text(CXX, encoding="utf-8")
    return {
        "redis": Redis(folder),
        "python": Plain(folder, [find("python3"), "-c", PYTHON], environment={"PYTHONMALLOC": "malloc"}),
        "sqlite": Plain(folder, [find("sqlite3"), ":memory:"], SQL),
        "g++": Plain(folder, [find("g++"), "-O1", "-o", f"{folder}/x", str(source)], options=["--children"]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--cenote", default=str(ROOT / "build/release/src/cenote"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    print(f"{'':8} {'elapsed':>8} {'program':>8} {'with recorder':>14} {'events':>10} {'bytes each':>11}")
    with tempfile.TemporaryDirectory(prefix="cenote_record_") as folder:
        for name, program in programs(folder).items():
            if options.names and name not in options.names:
                continue
            front = [options.cenote, "record", "-q", "-o", f"{folder}/trace", "--json", f"{folder}/summary", *program.options, "--"]
            elapsed, own, both = [], [], []
            for _ in range(options.rounds):
                plain, plain_used = program.run([])
                recorded, recorded_used = program.run(front)
                summary = json.loads(Path(f"{folder}/summary").read_text(encoding="utf-8"))
                elapsed.append(recorded / plain)
                own.append(summary["processor_seconds"] / plain_used)
                both.append(recorded_used / plain_used)
            events = sum(t["events"] for t in summary["traces"])
            size = sum(t["bytes"] for t in summary["traces"]) / events
            print(f"{name:8} {statistics.median(elapsed):8.3f} {statistics.median(own):8.3f} {statistics.median(both):14.3f}"
                  f" {events:10} {size:11.2f}", flush=True)


if __name__ == "__main__":
    main()
