"""redis-server is filled with data of every type and asked about them, then put under the load of redis-benchmark.

Debian's redis-server is linked with jemalloc, but calls it by the names of malloc, so that what is preloaded comes first;
for the C library's malloc, the C library is preloaded. Redis asks jemalloc itself how much it handed out: that says
whether it was by-passed.
"""

import random
import subprocess

from process import PATIENCE, Failed, digest, find
from program import Program, expect

BENCHMARK = "set,get,incr,lpush,rpush,lpop,sadd,hset,spop,zadd,zpopmin".split(",")
PIPELINED = 32

# Commands whose replies are known, as redis-cli prints them, after the data of `data()`.
ASKED = [
    ("PING", "PONG"),
    ("SET greeting hello", "OK"),
    ("APPEND greeting ,world", "11"),
    ("GETRANGE greeting 6 10", "world"),
    ("INCRBY counter 41", "41"),
    ("INCR counter", "42"),
    ("RPUSH queue c a b", "3"),
    ("SORT queue ALPHA LIMIT 0 1", "a"),
    ("LPOP queue", "c"),
    ("LLEN queue", "2"),
    ("SADD left a b c d", "4"),
    ("SADD right c d e", "3"),
    ("SINTERCARD 2 left right", "2"),
    ("SUNIONSTORE both left right", "5"),
    ("ZADD board 3 third 1 first 2 second", "3"),
    ("ZRANGEBYSCORE board 2 2", "second"),
    ("ZRANK board third", "2"),
    ("SETBIT bits 1000000 1", "0"),
    ("BITCOUNT bits", "1"),
    ("STRLEN bits", "125001"),
    ("PFADD sketch a b c d e", "1"),
    ("PFCOUNT sketch", "5"),
    ("XADD stream 1-1 field value", "1-1"),
    ("XLEN stream", "1"),
    ("RENAME greeting farewell", "OK"),
    ("EXISTS greeting farewell", "1"),
    ('EVAL "local t = {} for i = 1, 20000 do t[i] = tostring(i) end return #table.concat(t)" 0', "88894"),
]


def encoded(*words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        word = str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(parts)


def data(count):
    """Commands as the server reads them: keys of five types, a third of which grow, shrink or go again."""
    numbers = random.Random(3)
    for i in range(count):
        kind = i % 5
        if kind == 0:
            yield encoded("SET", f"text:{i}", "v" * numbers.randrange(1, 600))
            yield encoded("APPEND", f"text:{numbers.randrange(0, i + 1, 5)}", "w" * numbers.randrange(1, 300))
        elif kind == 1:
            yield encoded("HSET", f"hash:{i % 2000}", f"field{i}", numbers.randrange(10**6), "other", "x" * numbers.randrange(100))
        elif kind == 2:
            yield encoded("RPUSH", f"list:{i % 500}", *("e" * numbers.randrange(80) for _ in range(4)))
            if numbers.randrange(3) == 0:
                yield encoded("LTRIM", f"list:{i % 500}", 5, -1)
        elif kind == 3:
            yield encoded("SADD", f"set:{i % 1000}", *(numbers.randrange(10**7) for _ in range(4)), f"member{i}")
        else:
            yield encoded("ZADD", f"sorted:{i % 300}", numbers.randrange(10**6), f"member{i}")
        if numbers.randrange(4) == 0:
            yield encoded("DEL", f"text:{numbers.randrange(0, i + 1)}")


class Redis(Program):
    name = "redis"
    needs = {"redis-server": "redis-server", "redis-cli": "redis-tools", "redis-benchmark": "redis-tools"}

    def work(self, large):
        return (250_000, 100_000) if large else (50_000, 20_000)  # keys of the data, requests of each benchmark

    def prepare(self, folder, work):
        (folder / "data").write_bytes(b"".join(data(work[0])))
        (folder / "asked").write_text("".join(f"{command}\n" for command, _ in ASKED), encoding="ascii")

    def run(self, leg, folder, work):
        path = leg.folder / "socket"
        ready = lambda: path.exists() and client(path, "PING", may_fail=True) == "PONG\n"
        options = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no", "--dir", leg.folder]
        options += ["--enable-debug-command", "yes", "--jemalloc-bg-thread", "no"]
        with leg.serve(find("redis-server"), *options, ready=ready, over_c_library=True):
            with open(folder / "data", "rb") as source:
                loaded = client(path, "--pipe", stdin=source)
            if "errors: 0," not in loaded:
                raise Failed(f"redis-cli --pipe: {loaded}")
            with open(folder / "asked", "rb") as source:
                replies = client(path, stdin=source)
            hashed = client(path, "DEBUG", "DIGEST").strip()
            require_by_passed_jemalloc(leg.malloc, client(path, "INFO", "memory"))
            counts = benchmarked(path, work[1])
            client(path, "FLUSHALL", "SYNC")
            left = client(path, "DBSIZE").strip()
        return "\n".join([replies.strip(), f"hash of all data: {hashed}", counts, f"left: {left}"])

    def check(self, answer, work):
        lines = answer.splitlines()
        for (command, known), found in zip(ASKED, lines):
            expect(command, found, known)
        expect("the rest", [lines[-2], lines[-1]], [" ".join([str(work[1])] * len(BENCHMARK)), "left: 0"])


def client(path, *arguments, stdin=subprocess.DEVNULL, may_fail=False, program="redis-cli"):
    """A client of redis under the C library's malloc, whatever the server runs on."""
    command = [find(program), "-s", path, *arguments]
    try:
        done = subprocess.run(command, stdin=stdin, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise Failed(f"{program} {' '.join(arguments)}: no reply within {PATIENCE:.0f} s") from None
    if done.returncode != 0 and not may_fail:
        raise Failed(f"{program} {' '.join(arguments)}: status {done.returncode} {done.stdout!r} {done.stderr!r}")
    return done.stdout.decode("utf-8", "replace")


def benchmarked(path, requests):
    """How often the server executed each command of the benchmark, by its own count."""
    client(path, "CONFIG", "RESETSTAT")
    options = ["-q", "-n", requests, "-r", 10_000, "-d", 200, "-P", PIPELINED, "-c", 20, "-t", ",".join(BENCHMARK)]
    client(path, *map(str, options), program="redis-benchmark")
    calls = {}
    for line in client(path, "INFO", "commandstats").splitlines():
        if line.startswith("cmdstat_"):
            name, _, rest = line.removeprefix("cmdstat_").partition(":calls=")
            calls[name] = rest.partition(",")[0]
    return " ".join(calls.get(name, "0") for name in BENCHMARK)


def require_by_passed_jemalloc(malloc, info):
    figures = dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
    if not figures["mem_allocator"].startswith("jemalloc"):
        return  # a build that brings no allocator
    by_jemalloc, used = int(figures["allocator_allocated"]), int(figures["used_memory"])
    wanted = malloc.library is not None and "jemalloc" in malloc.library.name
    if (by_jemalloc * 2 > used) != wanted:
        raise Failed(f"under {malloc.name}, redis-server's own jemalloc handed out {by_jemalloc} of {used} bytes")
