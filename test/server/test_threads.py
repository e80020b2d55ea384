"""Several threads that serve clients out of one store and one set of pools."""

import random
import threading
import time

from support import THREADS, ErrorReply, Memory, Server, frame, main, on

CLIENTS = 12


def side_by_side(work, count=CLIENTS):
    """Runs work(number) on so many threads, and raises what any of them raised."""
    raised = []

    def guarded(number):
        try:
            work(number)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if raised:
        raise raised[0]


@on(*THREADS, Memory("pools", 64))
class SharedStore:
    def test_clients_overwrite_and_delete_each_others_keys(self):
        def work(number):
            r = random.Random(number)
            with server.connect() as c:
                for _ in range(60):
                    requests = [self.request(r) for _ in range(r.choice((1, 16, 40)))]
                    c.write(b"".join(frame(*each) for each in requests))
                    for each in requests:
                        self.assertNotIsInstance(c.reply(), ErrorReply, each)

        with Server(self.memory) as server:
            side_by_side(work)
            server.wait_until_alone()
            time.sleep(0.1)  # for the connection that asked
            report = server.stop()
            server.check(report)
            self.assertEqual(report["threads"], self.memory.threads)
            self.assertEqual(report["traffic"]["connections"], report["kinds"][0]["allocations"])

    def request(self, r):
        """One on a hundred keys, of every length and kind of value."""
        key = lambda: "k%d" % r.randrange(80) + "x" * (40 if r.randrange(4) == 0 else 0)
        value = lambda: "v" * r.choice((0, 1, 20, 100, 500, 3000, 20_000 if r.randrange(10) == 0 else 64))
        return r.choice(
            (
                lambda: ("SET", key(), value()),
                lambda: ("SET", key(), value(), "PX", r.randrange(1, 300)),
                lambda: ("MSET", *(f() for _ in range(5) for f in (key, value))),
                lambda: ("DEL", key(), key(), key()),
                lambda: ("GET", key()),
                lambda: ("APPEND", key(), value()),
                lambda: ("INCR", "n"),
                lambda: ("EXPIRE", key(), "1"),
                lambda: ("CLIENT", "SETNAME", "name%d" % r.randrange(100)),
                lambda: r.choice((("INFO",), ("CLIENT", "LIST"), ("FLUSHALL",), ("DBSIZE",))),
            )
        )()

    def test_requests_are_whole(self):
        """What one client sets together others never see in part, and no count gets lost."""

        def work(number):
            with server.connect() as c:
                for i in range(50):
                    text = "%d.%d" % (number, i)
                    c.write(frame("MSET", "a", text, "b", text) + frame("MGET", "a", "b") + frame("INCR", "n"))
                    c.reply()
                    a, b = c.reply()
                    self.assertEqual(a, b)
                    c.reply()

        with Server(self.memory) as server:
            side_by_side(work)
            self.assertEqual(server.command("GET", "n"), b"%d" % (50 * CLIENTS))


@on(*THREADS)
class ManyThreads:
    def test_clients_are_spread_and_all_are_listed(self):
        with Server(self.memory) as server:
            clients = [server.connect() for _ in range(10)]
            for i, each in enumerate(clients):
                self.assertEqual(each.command("CLIENT", "SETNAME", "number%d" % i), "OK")
            for each in clients[:4]:
                listed = each.command("CLIENT", "LIST").decode()
                for i in range(10):
                    self.assertEqual(listed.count(" name=number%d " % i), 1, listed)
            info = server.info()
            self.assertEqual(info["io_threads"], "4")
            self.assertEqual(info["session"]["live"], 11)
            self.assertEqual(server.command("CONFIG", "GET", "io-threads"), [b"io-threads", b"4"])
            for each in clients:
                each.close()

    def test_stopped_under_load(self):
        """Whatever the threads are at, the report's counts are of one moment and nothing is left."""

        def work(number):
            try:
                with server.connect() as c:
                    while not over.is_set():
                        c.write(frame("SET", "k%d" % number, "v" * 500) * 20 + frame("GET", "k%d" % (number + 1)) * 20)
                        for _ in range(40):
                            c.reply()
            except (EOFError, ConnectionError):
                pass

        for by_command in (False, True):
            over = threading.Event()
            with Server(self.memory) as server:
                load = threading.Thread(target=side_by_side, args=(work, 8))
                load.start()
                time.sleep(0.2)
                try:
                    if by_command:
                        with server.connect() as c:
                            c.send("SHUTDOWN")
                            c.rest()
                    report = server.report() if by_command else server.stop()
                finally:
                    over.set()
                    load.join()
                server.check(report)

    def test_what_other_threads_held_back_is_there_for_the_next(self):
        with Server(self.memory, "--max-memory", "2mb") as server:
            clients = [server.connect() for _ in range(4)]
            # Each fills the store from a thread of its own with another size, until the rest is refused.
            for size, c in zip((100, 200, 400, 800), clients):
                replies = []
                while not any(isinstance(each, ErrorReply) for each in replies):
                    c.write(b"".join(frame("SET", "k%d" % i, "v" * size) for i in range(20_000)))
                    replies = [c.reply() for _ in range(20_000)]
                self.assertGreater(replies.count("OK"), 1000, size)
                self.assertEqual(c.command("FLUSHALL"), "OK")
                deadline = time.monotonic() + 10
                while int(server.info()["store_bytes"]) != 0 and time.monotonic() < deadline:
                    time.sleep(0.01)
                self.assertEqual(int(server.info()["store_bytes"]), 0)
            for each in clients:
                each.close()


if __name__ == "__main__":
    main()
