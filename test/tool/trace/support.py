"""What the tests of traces share."""

import collections
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

CENOTE = os.environ["CENOTE"]
CALLS = os.environ["TRACE_CALLS"]
DUMP = os.environ["TRACE_DUMP"]
PATIENCE = 240

Event = collections.namedtuple("Event", "kind thread size alignment object old flags time frames")


def run(*arguments, **options):
    words = [str(word) for word in arguments]
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)


def find(name):
    """Not what a version manager puts in front: a script that starts dozens of processes."""
    return f"/usr/bin/{name}" if os.path.exists(f"/usr/bin/{name}") else shutil.which(name)


class Trace:
    """A trace, as test/tool/trace/dump.cpp prints it."""

    def __init__(self, path):
        done = run(DUMP, path)
        assert done.returncode == 0, done.stderr
        self.notes = done.stderr.splitlines()
        self.events = []
        self.words = collections.defaultdict(list)
        for line in done.stdout.splitlines():
            parts = line.split(" ")
            if len(parts) == 9 and parts[1].isdigit():
                kind, *numbers = parts
                flags = numbers.pop(5)
                thread, size, alignment, number, old, time, frames = map(int, numbers)
                self.events.append(Event(kind, thread, size, alignment, number, old, flags, time, frames))
            else:
                self.words[parts[0]].append(" ".join(parts[1:]))

    def of_size(self, low, high):
        """The events of allocations of such sizes, and what becomes of them."""
        found, objects = [], set()
        for each in self.events:
            if each.kind in ("free", "delete", "delete[]"):
                wanted = each.object in objects
            elif each.kind in ("thread_begin", "thread_end", "fork", "exec", "lost"):
                wanted = False
            else:
                wanted = low <= each.size <= high or each.old in objects
                if wanted:
                    objects.add(each.object)
            if wanted:
                found.append(each)
        return found

    def count(self, kind):
        return sum(each.kind == kind for each in self.events)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="cenote_trace_")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.trace = self.folder / "trace"

    def record(self, *program, options=(), status=0, **how):
        done = run(CENOTE, "record", "-o", self.trace, *options, "--", *program, **how)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def record_redis(self, keys, options=()):
        """A server that is told so many keys and asked for them."""
        path = str(self.folder / "socket")
        recorder = subprocess.Popen([CENOTE, "record", "-q", "-o", self.trace, *map(str, options), "--", find("redis-server"),
                                     "--port", "0", "--unixsocket", path, "--save", ""], stdout=subprocess.DEVNULL)
        with recorder:
            end = time.monotonic() + PATIENCE
            while not os.path.exists(path) and time.monotonic() < end:
                time.sleep(0.02)
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(PATIENCE)
                s.connect(path)
                got = b""
                for i in range(keys):
                    s.sendall(f"SET key{i} {'v' * (i + 1)}\r\nGET key{i}\r\n".encode())
                    if i % 100 == 99:
                        got += s.recv(65536)
                while got.count(b"+OK") < keys or not got.endswith(b"v\r\n"):
                    got += s.recv(65536)
            recorder.send_signal(signal.SIGTERM)
            self.assertEqual(recorder.wait(PATIENCE), 0)

    def assert_consistent(self, trace):
        """Each object is allocated once, and freed at most once, and later."""
        live = set()
        for each in trace.events:
            if each.kind in ("free", "delete", "delete[]"):
                if each.object:
                    self.assertIn(each.object, live)
                    live.remove(each.object)
            elif each.kind == "exec":
                live.clear()
            elif each.object:
                if each.old:
                    self.assertIn(each.old, live)
                    live.remove(each.old)
                live.add(each.object)


def main():
    unittest.main(argv=[sys.argv[0], "-v"])
