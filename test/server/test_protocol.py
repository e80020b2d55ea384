"""What arrives in what pieces, and what is not RESP at all."""

import socket
import threading

from support import ErrorReply, WithServer, frame, main, on_all_memories


@on_all_memories
class Pieces(WithServer):
    def test_a_pipeline_is_answered_in_order(self):
        count = 20_000
        requests = b"".join(frame("ECHO", "message %d" % i) for i in range(count))
        writer = threading.Thread(target=self.c.write, args=(requests,))
        writer.start()
        for i in range(count):
            self.assertEqual(self.c.reply(), b"message %d" % i)
        writer.join()

    def test_a_pipeline_written_before_anything_is_read(self):
        for i in range(5000):
            self.c.send("INCR", "n")
        self.assertEqual([self.c.reply() for _ in range(5000)], list(range(1, 5001)))

    def test_lines_and_arrays_mix(self):
        self.c.write(b"PING\r\n" + frame("ECHO", "a") + b"\r\nECHO b\n" + frame("PING"))
        self.assertEqual([self.c.reply() for _ in range(4)], ["PONG", b"a", b"b", "PONG"])

    def test_lines_with_quotes(self):
        self.c.write(b"""SET "a b" 'c d'\r\nGET "a\\x20b"\r\nECHO "\\r\\n\\x00"\r\n""")
        self.assertEqual([self.c.reply() for _ in range(3)], ["OK", b"c d", b"\r\n\x00"])

    def test_byte_by_byte(self):
        self.c.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        value = bytes(range(256))
        requests = frame("SET", "k", value) + b"GET k\r\n" + frame("MGET", *["k"] * 12) + b"ECHO 'x y'\r\n"
        for i in range(len(requests)):
            self.c.write(requests[i : i + 1])
        self.assertEqual([self.c.reply() for _ in range(4)], ["OK", value, [value] * 12, b"x y"])

    def test_cut_at_every_place(self):
        requests = frame("SET", "key", "some value") + b"GET key\r\n" + frame("DEL", "key")
        for cut in range(1, len(requests)):
            self.c.write(requests[:cut])
            # A reply to another client shows that the server has seen the first part.
            with self.server.connect() as other:
                other.command("PING")
            self.c.write(requests[cut:])
            self.assertEqual([self.c.reply() for _ in range(3)], ["OK", b"some value", 1], cut)

    def test_a_mebibyte_in_pieces(self):
        value = bytes(i % 253 for i in range(1 << 20))
        request = frame("SET", "k", value)
        for i in range(0, len(request), 7919):
            self.c.write(request[i : i + 7919])
        self.assertEqual(self.c.reply(), "OK")
        self.c.send("GET", "k")
        self.c.send("STRLEN", "k")
        self.assertEqual(self.c.reply(), value)
        self.assertEqual(self.c.reply(), len(value))

    def test_many_arguments(self):
        keys = ["k%d" % i for i in range(60_000)]
        self.assertEqual(self.c.command("EXISTS", *keys), 0)

    def test_what_asks_for_nothing_gets_nothing(self):
        self.c.write(b"\r\n\n*0\r\n*-1\r\n   \r\nPING\r\n")
        self.assertEqual(self.c.reply(), "PONG")


@on_all_memories
class Malformed(WithServer):
    """Each of these gets one error, after the replies to what was sound before it, and the end of the connection."""

    options = ("--max-frame", 100_000, "--max-args", 100, "--max-inline", 1000)

    def assert_closed_after(self, garbage, error):
        # The server still serves this one while the other misbehaves.
        with self.server.connect() as c:
            c.write(b"PING\r\n" + frame("ECHO", "sound") + garbage)
            self.assertEqual(c.reply(), "PONG")
            self.assertEqual(c.reply(), b"sound")
            reply = c.reply()
            self.assertIsInstance(reply, ErrorReply, garbage[:60])
            self.assertTrue(str(reply).startswith("ERR Protocol error: " + error), (garbage[:60], reply))
            self.assertEqual(c.rest(), b"", garbage[:60])
        self.assertEqual(self.c.command("PING"), "PONG")

    def test_counts(self):
        for count in (b"x", b"", b"1x", b"+1", b" 1", b"1 ", b"0x1", b"99999999999999999999", b"9223372036854775807", b"101"):
            self.assert_closed_after(b"*" + count + b"\r\n$4\r\nPING\r\n", "invalid multibulk length")
        self.assert_closed_after(b"*" + b"1" * 100, "too big mbulk count string")
        self.assert_closed_after(b"*1\rPING", "invalid multibulk length")

    def test_types(self):
        for kind in (b":", b"+", b"-", b"*", b"4", b"\x00", b"\r\n"):
            self.assert_closed_after(b"*2\r\n$4\r\nECHO\r\n" + kind + b"1\r\nx\r\n", "expected '$'")

    def test_lengths(self):
        for length in (b"-1", b"-2", b"x", b"", b"1x", b"99999999999999999999", b"100001", b"4294967296", b"-9223372036854775808"):
            self.assert_closed_after(b"*1\r\n$" + length + b"\r\nx\r\n", "invalid bulk length")
        self.assert_closed_after(b"*1\r\n$" + b"1" * 100, "too big bulk count string")

    def test_missing_line_ends(self):
        self.assert_closed_after(b"*1\r\n$4\r\nPINGPING\r\n", "expected CRLF")
        self.assert_closed_after(b"*1\r\n$4\r\nPING\n\n\r\n", "expected CRLF")
        self.assert_closed_after(b"*1\r\n$3\r\nPING\r\n", "expected CRLF")

    def test_oversized(self):
        self.assert_closed_after(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\n", "too big request")
        self.assert_closed_after(b"*2\r\n$60000\r\n" + b"x" * 60000 + b"\r\n$60000\r\n", "too big request")
        self.assert_closed_after(b"x" * 1000, "too big inline request")
        self.assert_closed_after(b"x" * 100_000 + b"\r\n", "too big inline request")
        self.assert_closed_after(b"x " * 101 + b"\r\n", "too many arguments")

    def test_quotes(self):
        for line in (b'ECHO "a', b"ECHO 'a", b'ECHO "a"b', b'ECHO "\\'):
            self.assert_closed_after(line + b"\r\n", "unbalanced quotes")

    def test_what_follows_an_error_is_not_read(self):
        self.assert_closed_after(b"*x\r\n" + frame("SET", "evil", "1") * 2000, "invalid multibulk length")
        self.assertEqual(self.c.command("EXISTS", "evil"), 0)

    def test_the_largest_that_is_allowed(self):
        value = b"x" * (100_000 - len(frame("SET", "k", "")) - 5)
        self.assertEqual(self.c.command("SET", "k", value), "OK")
        self.assertEqual(self.c.command("GET", "k"), value)
        self.assertEqual(self.c.command("EXISTS", *["k"] * 99), 99)

    def test_a_value_grows_no_larger_than_a_frame(self):
        self.c.command("SET", "k", "x" * 90_000)
        self.assert_error(self.c.command("APPEND", "k", "x" * 20_000), "ERR string exceeds maximum allowed size")
        self.assertEqual(self.c.command("STRLEN", "k"), 90_000)

    def test_a_browser_is_shown_the_door(self):
        for request in (b"POST / HTTP/1.1\r\nHost: x\r\n\r\nSET evil 1\r\n", b"Host: localhost\r\nSET evil 1\r\n"):
            with self.server.connect() as c:
                c.write(request)
                self.assertEqual(c.rest(), b"")
        self.assertEqual(self.c.command("EXISTS", "evil"), 0)


@on_all_memories
class Truncated(WithServer):
    def test_a_connection_that_ends_within_a_request(self):
        request = frame("SET", "k", "v" * 50)
        for cut in range(1, len(request)):
            with self.server.connect() as c:
                c.write(b"PING\r\n" + request[:cut])
                c.socket.shutdown(socket.SHUT_WR)
                self.assertEqual(c.rest(), b"+PONG\r\n", cut)
        self.assertEqual(self.c.command("EXISTS", "k"), 0)
        self.assertEqual(self.server.wait_until_ours(2)["packet"]["live"], 1)

    def test_an_announced_length_that_never_comes_takes_no_memory(self):
        before = int(self.server.info("memory")["used_memory_rss"])
        waiting = []
        for _ in range(50):
            waiting.append(self.server.connect())
            waiting[-1].write(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$60000000\r\nonly the beginning")
        self.assertEqual(self.c.command("PING"), "PONG")
        after = int(self.server.info("memory")["used_memory_rss"])
        self.assertLess(after - before, 20_000_000)
        for each in waiting:
            each.close()


if __name__ == "__main__":
    main()
