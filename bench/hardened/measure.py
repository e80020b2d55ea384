#!/usr/bin/env python3
"""What the features of the hardened library cost, one by one: the table of docs/hardened.md.

usage: measure.py DEFAULT HARDENED REPLACE [--rounds N] [--scale X]

DEFAULT and HARDENED are the libraries, REPLACE is the program cenote_bench_replace. Every round runs each program under
each subject once, so that all meet the same machine. Printed is the CPU time (user and system) as a multiple of that under
the default library, the median over the rounds, and in the last columns the peak of resident memory likewise.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

FEATURES = ["canary", "zero", "fill", "delay", "shuffle", "guard"]

PYTHON = """
import json, re
data = [{"name": f"item {i}", "values": list(range(i %% 50)), "text": "x" * (i %% 300)} for i in range(%d * 1000)]
for _ in range(3):
    copy = json.loads(json.dumps(data))
    words = re.findall("[a-z]+", " ".join(d["name"] for d in copy))
    counts = {w: words.count(w) for w in set(words)}
"""
SQLITE = """
create table t (a integer primary key, b text, c blob);
with recursive n (i) as (select 1 union all select i + 1 from n where i < %d * 1000)
  insert into t select i, 'row ' || i, randomblob(i %% 200) from n;
create index by_b on t (b);
select count(*), sum(length(c)) from t where b like '%%7%%';
select b, group_concat(a) from t group by substr(b, 1, 6) order by 1 limit 10;
delete from t where a %% 3 = 0; vacuum;
"""


def programs(replace, scale):
    many = str(int(4_000_000 * scale))
    yield "small blocks", [replace, "10000", "8", "1024", many], None
    yield "blocks to 64 KiB", [replace, "500", "1024", "65000", str(int(400_000 * scale))], None
    yield "large blocks", [replace, "30", "70000", "1000000", str(int(40_000 * scale))], None
    yield "python3", [sys.executable, "-c", PYTHON % max(1, int(40 * scale))], None
    yield "sqlite3", ["sqlite3", ":memory:"], SQLITE % max(1, int(300 * scale))


def subjects(default, hardened):
    yield "default library", default, None
    yield "hardened, `none`", hardened, "none"
    for feature in FEATURES:
        yield f"`{feature}` alone", hardened, feature
    yield "hardened, `all`", hardened, "all"


def run(command, text, library, features):
    """CPU seconds, and KiB at the peak."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CENOTE_")}
    environment |= {"LD_PRELOAD": os.path.abspath(library), "PYTHONMALLOC": "malloc"}
    if features is not None:
        environment["CENOTE_HARDENED"] = features
    with tempfile.TemporaryFile("w+") as script:
        script.write(text or "")
        script.seek(0)
        with subprocess.Popen(command, env=environment, stdin=script, stdout=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} under {library} with {features}: {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("default")
    parser.add_argument("hardened")
    parser.add_argument("replace")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="of the work; 1 is about a second each")
    options = parser.parse_args()

    work = list(programs(options.replace, options.scale))
    measured = {}
    for _ in range(options.rounds):
        for title, command, text in work:
            for name, library, features in subjects(options.default, options.hardened):
                measured.setdefault((name, title), []).append(run(command, text, library, features))

    titles = [title for title, _, _ in work]
    print("| | " + " | ".join(titles) + " | " + " | ".join(f"memory: {t}" for t in ("python3", "sqlite3")) + " |")
    print("| --- |" + " --- |" * (len(titles) + 2))
    for name, _, _ in subjects(options.default, options.hardened):

        def ratio(title, what):
            pairs = zip(measured[name, title], measured["default library", title])
            return f"{statistics.median(a[what] / max(b[what], 1e-3) for a, b in pairs):.2f}"

        cells = [ratio(title, 0) for title in titles] + [ratio(title, 1) for title in ("python3", "sqlite3")]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
