"""Memory that runs out, and is there again."""

import time

from support import ONE_THREAD, PATIENCE, THREADS, ErrorReply, Server, frame, main, on


def is_out_of_memory(reply):
    return isinstance(reply, ErrorReply) and str(reply).startswith("OOM ")


@on(*ONE_THREAD, *THREADS)
class MaxMemory:
    def fill(self, c, prefix, value, *options):
        """Sets keys until a hundred in a row are refused; returns how many were set."""
        count = 0
        while True:
            for i in range(100):
                c.send("SET", "%s%d" % (prefix, count + i), value, *options)
            replies = [c.reply() for _ in range(100)]
            count += replies.count("OK")
            if "OK" not in replies:
                self.assertTrue(all(map(is_out_of_memory, replies)), replies)
                return count
            self.assertLess(count, 1_000_000)

    def test_a_full_store_refuses_and_goes_on(self):
        with Server(self.memory, "--max-memory", "4mb") as server, server.connect() as c:
            count = self.fill(c, "k", "v" * 100)
            self.assertGreater(count, 5000)
            # Reading and removing go on, and a key that was there is as it was.
            self.assertEqual(c.command("DBSIZE"), count)
            self.assertEqual(c.command("GET", "k0"), b"v" * 100)
            self.assertTrue(is_out_of_memory(c.command("SET", "k0", "x" * 1_000_000)))
            self.assertEqual(c.command("GET", "k0"), b"v" * 100)
            self.assertTrue(is_out_of_memory(c.command("APPEND", "k0", "x" * 1_000_000)))
            self.assertEqual(c.command("STRLEN", "k0"), 100)
            self.assertEqual(c.command("DEL", "k0", "k1", "k2", "k3"), 4)
            self.assertEqual(c.command("SET", "again", "v" * 100), "OK")
            self.assertEqual(c.command("PING"), "PONG")
            info = server.info()
            self.assertLessEqual(int(info["store_bytes"]), 4 << 20)
            self.assertGreater(int(info["out_of_memory_errors"]), 0)
            # What small values took, large ones can have.
            self.assertEqual(c.command("FLUSHALL"), "OK")
            self.assertEqual(int(server.info()["store_bytes"]), 0)
            self.assertGreater(self.fill(c, "large", "v" * 5000), 400)

    def test_mset_sets_all_or_nothing(self):
        with Server(self.memory, "--max-memory", "1mb") as server, server.connect() as c:
            c.command("SET", "k50", "before")
            pairs = [text for i in range(1000) for text in ("k%d" % i, "v" * 2000)]
            self.assertTrue(is_out_of_memory(c.command("MSET", *pairs)))
            self.assertEqual(c.command("DBSIZE"), 1)
            self.assertEqual(c.command("GET", "k50"), b"before")
            self.assertEqual(c.command("MSET", *pairs[:100]), "OK")

    def test_memory_comes_back_when_keys_expire(self):
        with Server(self.memory, "--max-memory", "2mb") as server, server.connect() as c:
            self.assertGreater(self.fill(c, "k", "v" * 1000, "PX", "2000"), 500)
            deadline = time.monotonic() + PATIENCE
            while c.command("DBSIZE") != 0 and time.monotonic() < deadline:
                time.sleep(0.05)
            for i in range(500):
                self.assertEqual(c.command("SET", "late%d" % i, "v" * 1000), "OK")


@on(*ONE_THREAD, *THREADS)
class NoPackets:
    def test_one_request_is_refused_when_others_hold_all_packets(self):
        with Server(self.memory, "--max-packets", 2) as server:
            with server.connect() as first, server.connect() as second, server.connect() as c:
                # Two packets are taken by requests that have not arrived in full.
                for each in (first, second):
                    self.assertEqual(each.command("PING"), "PONG")
                    each.write(b"*2\r\n$4\r\nECHO\r\n$5\r\nhel")
                # They come over sockets of their own: wait until the server has seen both. One refusal is no sign of
                # that: the packet of this connection's last request may not be back yet.
                deadline = time.monotonic() + PATIENCE
                replies = []
                while not (replies and all(map(is_out_of_memory, replies))) and time.monotonic() < deadline:
                    time.sleep(0.01)
                    replies = [c.command("PING") for _ in range(3)]
                self.assertTrue(all(map(is_out_of_memory, replies)), replies)
                first.write(b"lo\r\n")
                self.assertEqual(first.reply(), b"hello")
                self.assertEqual(c.command("PING"), "PONG")

    def test_a_pipeline_needs_no_more_than_one(self):
        with Server(self.memory, "--max-packets", 1) as server, server.connect() as c:
            c.write(frame("INCR", "n") * 500)
            self.assertEqual([c.reply() for _ in range(500)], list(range(1, 501)))


@on(*ONE_THREAD, *THREADS)
class Failures:
    """Every so many allocations are refused, wherever that hits: one reply for each request or a closed connection."""

    def test_every_request_is_answered_or_its_connection_closed(self):
        for every in (2, 3, 5, 7, 11, 17, 50):
            with Server(self.memory, "--fail-every", every, "--sample-every", 0) as server:
                outcomes = {"served": 0, "refused": 0, "closed": 0}
                for i in range(60):
                    self.one_client(server, i, outcomes)
                self.assertGreater(outcomes["refused"] + outcomes["closed"], 0, every)
                # A client takes about a dozen allocations: where failures are rare, some get through.
                if every == 50:
                    self.assertGreater(outcomes["served"], 0, every)

    def one_client(self, server, i, outcomes):
        requests = [
            ("SET", "k%d" % i, "v" * 100),
            ("SET", "k%d" % i, "v" * 3000, "EX", "100"),
            ("INCR", "n"),
            ("MSET", *("a%d" % (j % 20) for j in range(40))),
            ("MGET", *("a%d" % j for j in range(20))),
            ("GET", "k%d" % i),
            ("APPEND", "k%d" % i, "x" * 5000),
            ("CLIENT", "SETNAME", "n%d" % i),
            ("DEL", "k%d" % (i // 2)),
            ("INFO",),
            ("ECHO", "x" * 40_000),
        ]
        try:
            with server.connect() as c:
                for request in requests:
                    c.send(*request)
                for request in requests:
                    reply = c.reply()
                    if is_out_of_memory(reply):
                        outcomes["refused"] += 1
                    else:
                        self.assertNotIsInstance(reply, ErrorReply, request)
                        outcomes["served"] += 1
        except (EOFError, ConnectionError):
            outcomes["closed"] += 1

    def test_counters_stay_right(self):
        with Server(self.memory, "--fail-every", 9, "--sample-every", 0) as server:
            done = 0
            for _ in range(40):
                try:
                    with server.connect() as c:
                        for _ in range(50):
                            done += not isinstance(c.command("INCR", "n"), ErrorReply)
                except (EOFError, ConnectionError):
                    pass
            for _ in range(50):
                try:
                    with server.connect() as c:
                        self.assertGreaterEqual(int(c.command("GET", "n")), done)
                        return
                except (EOFError, ConnectionError, TypeError, ValueError):
                    pass
            self.fail("no answer in fifty tries")


if __name__ == "__main__":
    main()
