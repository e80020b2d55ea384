"""What the tests of the packet server share: a running server, a client that speaks RESP, cases for every memory."""

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

SERVER = os.environ.get("PACKET_SERVER", "")
REPLAY = os.environ.get("PACKET_SERVER_REPLAY", "")
PATIENCE = 30.0  # seconds to wait for what must happen soon; sanitizers and busy machines are slow


class ErrorReply(Exception):
    """An error the server replied with. Equal to another with the same text."""

    def __eq__(self, other):
        return isinstance(other, ErrorReply) and str(self) == str(other)

    def __hash__(self):
        return hash(str(self))


class Connection:
    """A client's end: writes requests and reads replies, or whatever bytes a test wants."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with a RST instead of a FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def write(self, data):
        self.socket.sendall(data)

    def send(self, *arguments):
        self.write(frame(*arguments))

    def command(self, *arguments):
        self.send(*arguments)
        return self.reply()

    def reply(self):
        """The next reply; errors as values of ErrorReply."""
        line = self.line()
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return ErrorReply(rest.decode("latin-1"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.bulk(int(rest))
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        raise AssertionError("not a reply: %r" % line)

    def line(self):
        while b"\r\n" not in self.buffer:
            self.receive()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def bulk(self, size):
        parts, there = [self.buffer], len(self.buffer)
        while there < size + 2:
            parts.append(self.socket.recv(1 << 20))
            if not parts[-1]:
                raise EOFError("closed within a reply")
            there += len(parts[-1])
        data = b"".join(parts)
        assert data[size : size + 2] == b"\r\n", "no line end after a bulk string"
        self.buffer = data[size + 2 :]
        return data[:size]

    def receive(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise EOFError("closed, with %r unread" % self.buffer)
        self.buffer += data

    def rest_or_reply(self):
        """Whatever comes first, as bytes; none if that is the end."""
        try:
            self.receive()
        except (EOFError, ConnectionError):
            pass
        return self.buffer

    def rest(self):
        """Everything up to the end of the connection, also if that is a reset."""
        parts = [self.buffer]
        self.buffer = b""
        try:
            while True:
                data = self.socket.recv(1 << 20)
                if not data:
                    break
                parts.append(data)
        except ConnectionError:
            pass
        return b"".join(parts)


def frame(*arguments):
    parts = [b"*%d\r\n" % len(arguments)]
    for each in arguments:
        each = each if isinstance(each, bytes) else str(each).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(each), each))
    return b"".join(parts)


class Memory(str):
    """Where a server's memory comes from, as `--memory` takes it, and how many threads use it."""

    def __new__(cls, name, threads=1):
        memory = super().__new__(cls, name)
        memory.threads = threads
        return memory

    def options(self):
        return ["--memory=" + self] + (["--threads", str(self.threads)] if self.threads > 1 else [])


class Server:
    """A server process with its report. Use in a `with`: leaving it stops the server and checks what it says."""

    def __init__(self, memory, *options):
        memory = memory if isinstance(memory, Memory) else Memory(memory)
        self.folder = tempfile.mkdtemp(prefix="packet_server_test_")
        self.report_path = os.path.join(self.folder, "report.json")
        self.errors = open(os.path.join(self.folder, "stderr"), "w+")
        self.process = subprocess.Popen(
            [SERVER, *memory.options(), "--port", "0", "--report", self.report_path, *map(str, options)],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        try:
            first = self.process.stdout.readline()
            if not first.startswith("listening on 127.0.0.1:"):
                raise AssertionError("the server says %r %r" % (first, self.error_text()))
            self.port = int(first.rsplit(":", 1)[1])
        except BaseException:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None and self.process.poll() is None:
                self.check(self.stop())
        finally:
            self.kill()

    def connect(self, **options):
        return Connection(self.port, **options)

    def command(self, *arguments):
        with self.connect() as c:
            return c.command(*arguments)

    def info(self, section="all"):
        """INFO as a dictionary; values that are lists like `live=1,peak=2` as dictionaries of numbers."""
        result = {}
        for line in self.command("INFO", section).decode().split("\r\n"):
            name, colon, value = line.partition(":")
            if not colon:
                continue
            if "=" in value:
                value = {k: int(v) for k, v in (pair.split("=") for pair in value.split(","))}
            result[name] = value
        return result

    def wait_until_ours(self, sessions):
        """Until `sessions` sessions live, that which asks among them, and its one packet; returns its INFO."""
        deadline = time.monotonic() + PATIENCE
        while True:
            info = self.info()
            if info["session"]["live"] == sessions and info["packet"]["live"] == 1:
                return info
            if time.monotonic() > deadline:
                raise AssertionError("clients do not leave: %r" % info)
            time.sleep(0.01)

    def wait_until_alone(self):
        return self.wait_until_ours(1)

    def wait_until_it_waits(self):
        """Until the server sleeps for want of work."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with open("/proc/%d/stat" % self.process.pid) as file:
                if file.read().rsplit(")", 1)[1].split()[0] == "S":
                    return
            if time.monotonic() > deadline:
                raise AssertionError("the server never waits")
            time.sleep(0.01)

    def stop(self, with_signal=signal.SIGTERM):
        """Ends the server as an operator would, and returns its report."""
        self.process.send_signal(with_signal)
        return self.report()

    def report(self):
        """Waits for the server to end by itself and returns its report."""
        self.output = self.process.communicate(timeout=PATIENCE)[0]
        if self.process.returncode != 0:
            raise AssertionError(
                "the server ended with %d: %s %s" % (self.process.returncode, self.output, self.error_text())
            )
        with open(self.report_path) as file:
            return json.load(file)

    @staticmethod
    def check(report):
        """Nothing is lost: no session and no packet once all connections are closed, nothing once the store is empty."""
        for kind in ("session", "packet", "io", "handler"):
            assert report["live"]["after_close"][kind] == 0, (kind, report["live"])
        assert not any(report["live"]["after_clear"].values()), report["live"]
        assert report["pools_agree"] and report["nothing_lost"], report
        for kind in report["kinds"]:
            assert kind["allocations"] - kind["frees"] == report["live"]["at_stop"][kind["kind"]], kind

    def error_text(self):
        self.errors.seek(0)
        return self.errors.read()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        text = self.error_text()
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        if "Sanitizer" in text or "runtime error" in text or "cenote:" in text:
            raise AssertionError(text)


ONE_THREAD = (Memory("pools"), Memory("malloc"))
THREADS = (Memory("pools", 4), Memory("malloc", 4))


def on(*memories):
    """Class decorator: runs a case once on each of these. The case itself does not run."""

    def with_memories(case):
        module = sys.modules[case.__module__]
        for memory in memories:
            name = "%s_on_%s" % (case.__name__, memory)
            if memory.threads > 1:
                name += "_with_%d_threads" % memory.threads
            setattr(module, name, type(name, (case, unittest.TestCase), {"memory": memory, "__module__": case.__module__}))
        return case

    return with_memories


on_both_memories = on(*ONE_THREAD)
on_all_memories = on(*ONE_THREAD, THREADS[0])


class WithServer:
    """A case whose tests share one server, started with `options`; each test gets a connection, `self.c`."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.memory, *cls.options)

    @classmethod
    def tearDownClass(cls):
        with cls.server:
            info = cls.server.wait_until_alone()
            cls.server.command("FLUSHALL")
            info = cls.server.wait_until_alone()
            for kind in ("entry", "deadline", "data"):
                assert info[kind]["live"] == 0, info

    def setUp(self):
        self.c = self.server.connect()
        self.c.command("FLUSHALL")

    def tearDown(self):
        self.c.close()

    def assert_error(self, reply, beginning):
        self.assertIsInstance(reply, ErrorReply)
        self.assertTrue(str(reply).startswith(beginning), reply)


def main():
    if not SERVER or not os.access(SERVER, os.X_OK):
        sys.exit("set PACKET_SERVER to the built server")
    unittest.main()
