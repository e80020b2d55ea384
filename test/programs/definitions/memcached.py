"""memcached gets many keys of many sizes over four connections at once, some replaced and deleted, and gives them back."""

import os
import pwd
import random
import socket
import threading

from process import PATIENCE, Failed, digest, find
from program import Program, expect

CONNECTIONS = 4
AT_ONCE = 50  # keys in a get
MISSING = 0.1  # share of the keys that are deleted again


class Traffic:
    """What one connection sends, and what must come back. Its keys are its own, so the order of the others is free."""

    def __init__(self, number, keys):
        numbers = random.Random(number)
        kept, sent = {}, []
        for i in range(keys * 2):  # each key twice on average, with another size
            key = f"key:{number}:{numbers.randrange(keys)}"
            size = numbers.choice((20, 100, 400, 2000)) + numbers.randrange(100)
            kept[key] = f"{i}:".encode().ljust(size, b"abcdefghij"[i % 10 : i % 10 + 1])
            sent.append(b"set %s 0 0 %d noreply\r\n%s\r\n" % (key.encode(), size, kept[key]))
        for key in list(kept):
            if numbers.random() < MISSING:
                del kept[key]
                sent.append(b"delete %s noreply\r\n" % key.encode())
        self.stores = b"".join(sent)
        self.kept = len(kept)

        asked, answered = [], []
        all_keys = [f"key:{number}:{i}" for i in range(keys)]
        numbers.shuffle(all_keys)
        for start in range(0, keys, AT_ONCE):
            some = all_keys[start : start + AT_ONCE]
            asked.append(b"get %s\r\n" % " ".join(some).encode())
            there = ((key, kept[key]) for key in some if key in kept)
            answered += [b"VALUE %s 0 %d\r\n%s\r\n" % (key.encode(), len(value), value) for key, value in there]
            answered.append(b"END\r\n")
        self.gets = asked
        self.answers = b"".join(answered)


class Load:
    """One connection's traffic, sent on a thread of its own."""

    def __init__(self, path, traffic):
        self.path = path
        self.traffic = traffic
        self.error = None
        self.got = b""
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            with connected(self.path) as connection:
                connection.sendall(self.traffic.stores)
                ask(connection, b"mn\r\n", b"MN\r\n")
                # A get is sent when the one before it is answered: the server must never wait for a full socket.
                parts = []
                for get in self.traffic.gets:
                    parts.append(ask(connection, get, b"END\r\n"))
                self.got = b"".join(parts)
        except (OSError, Failed) as error:
            self.error = error


def connected(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    connection.connect(str(path))
    return connection


def ask(connection, request, end):
    connection.sendall(request)
    answer = b""
    while not answer.endswith(end):
        part = connection.recv(1 << 20)
        if not part:
            raise Failed("memcached closed the connection")
        answer += part
    return answer


class Memcached(Program):
    name = "memcached"
    needs = {"memcached": "memcached"}

    def __init__(self):
        self.traffic = {}  # by size of the work: the same for every leg

    def work(self, large):
        return 60_000 if large else 15_000  # keys of each connection

    def prepare(self, folder, work):
        self.traffic[work] = [Traffic(number, work) for number in range(CONNECTIONS)]

    def run(self, leg, folder, work):
        path = leg.folder / "socket"

        def ready():
            try:
                with connected(path):
                    return True
            except OSError:
                return False

        options = ["-s", path, "-u", pwd.getpwuid(os.getuid()).pw_name, "-m", "1024", "-t", "4"]
        with leg.serve(find("memcached"), *options, ready=ready):
            loads = [Load(path, traffic) for traffic in self.traffic[work]]
            for load in loads:
                load.thread.join()
            for load in loads:
                if load.error is not None:
                    raise Failed(str(load.error)) from load.error
            with connected(path) as connection:
                statistics = ask(connection, b"stats\r\n", b"END\r\n").decode()
        counts = dict(line.split(" ")[1:3] for line in statistics.splitlines() if line.startswith("STAT "))
        return " ".join([*(f"{name}={counts[name]}" for name in ("cmd_set", "curr_items")), *(digest(load.got) for load in loads)])

    def check(self, answer, work):
        traffic = self.traffic[work]
        counts = [f"cmd_set={2 * work * CONNECTIONS}", f"curr_items={sum(each.kept for each in traffic)}"]
        expect("counts and values", answer.split(" "), [*counts, *(digest(each.answers) for each in traffic)])
