"""Clients that come, go, stall and break off."""

import os
import signal
import socket
import threading
import time

from support import PATIENCE, ErrorReply, Server, WithServer, frame, main, on_all_memories


@on_all_memories
class Endings(WithServer):
    def test_half_close_after_requests_gets_all_replies(self):
        self.c.write(frame("ECHO", "x" * 1000) * 5000)
        self.c.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(len(self.c.rest()), 5000 * len(b"$1000\r\n" + b"x" * 1000 + b"\r\n"))

    def test_half_close_without_a_request(self):
        self.c.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(self.c.rest(), b"")

    def test_quit_answers_what_came_before_and_nothing_after(self):
        self.c.write(frame("ECHO", "a") + frame("QUIT") + frame("SET", "evil", "1") * 100)
        self.assertEqual(self.c.rest(), b"$1\r\na\r\n+OK\r\n")
        self.assertEqual(self.server.command("EXISTS", "evil"), 0)

    def test_resets_at_every_stage(self):
        request = frame("SET", "k", "v" * 5000)
        for sent in (b"", b"*", request[:20], request[:3000], request, request * 100, b"PING\r\n" + request[:10]):
            for _ in range(5):
                c = self.server.connect()
                c.write(sent)
                c.reset()
        self.server.wait_until_ours(2)

    def test_resets_while_replies_are_on_their_way(self):
        self.c.command("SET", "k", "v" * (1 << 20))
        for _ in range(10):
            c = self.server.connect(receive_buffer=4096)
            c.write(frame("GET", "k") * 20)
            c.socket.recv(1000)
            c.reset()
        self.server.wait_until_ours(2)

    def test_closed_without_reading(self):
        for _ in range(50):
            c = self.server.connect()
            c.write(frame("PING") * 100)
            c.close()
        self.server.wait_until_ours(2)

    def test_a_thousand_come_and_go(self):
        for i in range(1000):
            with self.server.connect() as c:
                if i % 3 == 0:
                    self.assertEqual(c.command("PING"), "PONG")
                elif i % 3 == 1:
                    c.write(b"*2\r\n$4\r\nECHO\r\n")
        info = self.server.wait_until_ours(2)
        self.assertLess(info["session"]["peak"], 1000)

    def test_hundreds_at_a_time(self):
        clients = [self.server.connect() for _ in range(400)]
        for i, each in enumerate(clients):
            each.send("INCR", "n")
        self.assertEqual(sorted(each.reply() for each in clients), list(range(1, 401)))
        self.assertGreaterEqual(self.server.info()["session"]["live"], 401)
        for each in clients:
            each.close()
        self.server.wait_until_ours(2)

    def test_clients_side_by_side(self):
        def work(number):
            with self.server.connect() as c:
                for i in range(300):
                    c.send("INCR", "n")
                    c.send("SET", "k%d" % number, str(i))
                    c.send("GET", "k%d" % number)
                for i in range(300):
                    c.reply()
                    if (c.reply(), c.reply()) != ("OK", b"%d" % i):
                        failures.append(number)

        failures = []
        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual(failures, [])
        self.assertEqual(self.c.command("GET", "n"), b"2400")


@on_all_memories
class SlowReaders:
    def fill(self, server):
        """A client that asks for much and reads nothing; returns it and a thread that writes for it."""
        value = b"v" * 100_000
        server.command("SET", "k", value)
        c = server.connect(receive_buffer=4096)

        def write():
            try:
                for _ in range(20_000):
                    c.write(frame("GET", "k"))
            except OSError:
                pass

        writer = threading.Thread(target=write)
        writer.start()
        return c, writer

    def test_memory_stays_bounded_and_the_client_is_closed(self):
        with Server(self.memory, "--max-output", "1mb", "--max-frame", "1mb", "--write-timeout", 1) as server:
            c, writer = self.fill(server)
            deadline = time.monotonic() + PATIENCE
            while int(server.info("stats")["slow_clients_closed"]) == 0 and time.monotonic() < deadline:
                self.assertEqual(server.command("PING"), "PONG")
                time.sleep(0.05)
            writer.join()
            c.close()
            info = server.wait_until_alone()
            self.assertEqual(info["slow_clients_closed"], "1")
            self.assertLess(info["io"]["peak"], 100)  # blocks of at most 16 KiB, or a value

    def test_one_that_reads_in_the_end_gets_everything(self):
        with Server(self.memory, "--max-output", "200kb", "--max-frame", "1mb") as server:
            value = b"v" * 100_000
            server.command("SET", "k", value)
            with server.connect(receive_buffer=4096) as c:
                c.write(frame("GET", "k") * 60)
                c.send("PING")
                time.sleep(0.3)
                for _ in range(60):
                    self.assertEqual(c.reply(), value)
                self.assertEqual(c.reply(), "PONG")

    def test_a_reply_too_long_to_hold_ends_the_connection(self):
        with Server(self.memory, "--max-output", "100kb", "--max-frame", "200kb") as server:
            server.command("SET", "k", b"v" * 100_000)
            with server.connect() as c:
                c.send("MGET", *["k"] * 50)
                self.assertLess(len(c.rest()), 5_000_000)
            self.assertEqual(server.command("PING"), "PONG")
            self.assertEqual(server.info("stats")["too_long_replies"], "1")

    def test_half_closed_and_not_reading(self):
        with Server(self.memory, "--write-timeout", 1) as server:
            server.command("SET", "k", b"v" * 1_000_000)
            c = server.connect(receive_buffer=4096)
            c.write(frame("GET", "k") * 30)
            c.socket.shutdown(socket.SHUT_WR)
            server.wait_until_alone()
            c.close()


@on_all_memories
class Limits:
    def test_clients(self):
        with Server(self.memory, "--max-clients", 5) as server:
            clients = [server.connect() for _ in range(5)]
            for each in clients:
                self.assertEqual(each.command("PING"), "PONG")
            for _ in range(3):
                with server.connect() as refused:
                    self.assertEqual(refused.rest(), b"-ERR max number of clients reached\r\n")
            for each in clients:
                self.assertEqual(each.command("PING"), "PONG")
            clients.pop().close()
            deadline = time.monotonic() + PATIENCE
            while True:
                with server.connect() as c:
                    c.write(b"PING\r\n")
                    if c.rest_or_reply() == b"+PONG\r\n":
                        break
                self.assertLess(time.monotonic(), deadline)
            for each in clients:
                each.close()

    def test_silence(self):
        with Server(self.memory, "--idle-timeout", 1) as server:
            with server.connect() as silent, server.connect() as slow:
                slow.write(b"*2\r\n$4\r\nECHO\r\n")
                self.assertEqual((silent.rest(), slow.rest()), (b"", b""))
            self.assertEqual(server.info("stats")["idle_clients_closed"], "2")

    def test_a_refused_stream_does_not_keep_its_connection(self):
        with Server(self.memory) as server:
            c = server.connect()
            c.write(b"*x\r\n")
            self.assertIsInstance(c.reply(), ErrorReply)
            # We neither close nor stop writing: the server closes in the end.
            server.wait_until_alone()
            c.close()


@on_all_memories
class Stopping:
    def busy(self, server):
        """Clients in every state a stop can find."""
        clients = [server.connect() for _ in range(6)]
        clients[0].command("SET", "k", b"v" * 1_000_000)
        clients[1].write(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$50000\r\nhalf")
        clients[2].write(frame("GET", "k") * 30)
        clients[3].write(b"*x\r\n")
        clients[4].write(frame("INCR", "n") * 1000)
        clients[0].command("PING")
        return clients

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Server(self.memory) as server:
                clients = self.busy(server)
                report = server.stop(number)
                server.check(report)
                self.assertGreaterEqual(report["live"]["at_stop"]["session"], 4)
                self.assertGreaterEqual(report["live"]["at_stop"]["packet"], 1)
                self.assertGreaterEqual(report["live"]["at_stop"]["entry"], 1)
                for each in clients:
                    each.close()

    def test_shutdown_command(self):
        with Server(self.memory) as server:
            clients = self.busy(server)
            clients[5].send("SHUTDOWN")
            self.assertEqual(clients[5].rest(), b"")
            server.check(server.report())
            for each in clients:
                each.close()

    def test_no_client_ever_came(self):
        with Server(self.memory) as server:
            if os.environ.get("SANITIZER") == "thread":
                # GCC 12's run-time library loses a signal that comes while it maps its table of signals, which it does
                # at the first call that may block (SigCtx in tsan_interceptors_posix.cpp).
                server.wait_until_it_waits()
            report = server.stop()
            server.check(report)
            self.assertEqual(report["traffic"]["requests"], 0)
            self.assertIn("memory from " + self.memory, server.output)

    def test_the_report_adds_up(self):
        with Server(self.memory, "--sample-every", 4) as server:
            with server.connect() as c:
                for i in range(1000):
                    c.command("SET", "k%d" % i, "x" * 64)
            server.wait_until_alone()
            time.sleep(0.2)
            report = server.stop()
            server.check(report)
            self.assertEqual(report["live"]["at_stop"]["session"], 0)
            self.assertEqual(report["live"]["at_stop"]["packet"], 0)
            self.assertEqual(report["live"]["at_stop"]["entry"], 1000)
            self.assertGreaterEqual(report["traffic"]["requests"], 1000)
            allocator = report["allocator"]
            self.assertEqual(allocator["allocations"], sum(kind["allocations"] for kind in report["kinds"]))
            calls = allocator["allocations"] + allocator["frees"]
            self.assertTrue(calls / 8 < allocator["sampled"] + allocator["set_aside"] < calls / 2)
            self.assertGreater(allocator["ns_per_allocation"], 0)
            self.assertLessEqual(allocator["looks_inside"], allocator["looks"])
            self.assertGreater(report["peak_resident_kib"], 1000)
            self.assertGreater(report["cpu"]["total_s"], 0)
            names = [pool["name"] for pool in report["pools"]]
            self.assertEqual("entry" in names, self.memory == "pools")


if __name__ == "__main__":
    main()
