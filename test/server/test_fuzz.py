"""Random input, always the same for the same seed. What comes back must be replies, and the server must stay sound."""

import random
import socket

from support import WithServer, frame, main, on_all_memories

STREAMS = 400


def random_arguments(r):
    name = r.choice(["SET", "GET", "DEL", "INCR", "MGET", "MSET", "APPEND", "EXPIRE", "ECHO", "INFO", "CLIENT", "CONFIG", "COMMAND"])
    return [name] + [bytes(r.randrange(256) for _ in range(r.choice([0, 1, 3, 30]))) for _ in range(r.randrange(6))]


def garbage(r):
    alphabet = r.choice([bytes(range(256)), b"*$\r\n0123456789-:+", b"*1\r\n$4PING", b"\"'\\x \r\nab"])
    return bytes(r.choice(alphabet) for _ in range(r.randrange(1, 3000)))


def mutated(r):
    """Sound requests with a few bytes changed, removed or doubled."""
    data = bytearray(b"".join(frame(*random_arguments(r)) for _ in range(r.randrange(1, 20))))
    for _ in range(r.randrange(1, 6)):
        at = r.randrange(len(data))
        what = r.randrange(4)
        if what == 0:
            data[at] = r.randrange(256)
        elif what == 1:
            del data[at : at + r.randrange(1, 10)]
        elif what == 2:
            data[at:at] = data[at : at + r.randrange(1, 50)]
        else:
            data[at:at] = r.choice([b"\r\n", b"*", b"$-1\r\n", b"999999999999", b"\x00", b"*3\r\n"])
        if not data:
            return b"\r\n"
    return bytes(data)


@on_all_memories
class Fuzz(WithServer):
    options = ("--max-frame", "1mb", "--max-memory", "32mb", "--max-output", "4mb")

    def send_in_pieces(self, r, c, data):
        while data:
            size = r.choice([1, 2, 7, 100, 5000])
            c.write(data[:size])
            data = data[size:]

    def read_replies(self, c):
        """Reads to the end, and fails on anything that is not a sequence of whole replies."""
        data = c.rest()
        c.buffer = data
        while c.buffer:
            before = len(c.buffer)
            try:
                c.reply()
            except EOFError:
                return  # cut off by a reset
            except OSError:
                return
            assert len(c.buffer) < before

    def run_streams(self, seed, make):
        for i in range(STREAMS):
            r = random.Random(seed * 1_000_000 + i)
            with self.subTest(seed=seed, stream=i), self.server.connect() as c:
                try:
                    self.send_in_pieces(r, c, make(r))
                    how = r.randrange(3)
                    if how == 0:
                        c.reset()
                        continue
                    if how == 1:
                        continue
                    c.socket.shutdown(socket.SHUT_WR)
                except ConnectionError:
                    pass
                except OSError:
                    continue
                self.read_replies(c)
        self.assertEqual(self.server.command("PING"), "PONG")

    def test_garbage(self):
        self.run_streams(1, garbage)

    def test_mutations(self):
        self.run_streams(2, mutated)

    def test_sound_requests_with_random_arguments(self):
        for i in range(100):
            r = random.Random(3_000_000 + i)
            requests = [random_arguments(r) for _ in range(50)]
            for each in requests:
                self.c.send(*each)
            for each in requests:
                self.c.reply()
        self.assertEqual(self.c.command("PING"), "PONG")


if __name__ == "__main__":
    main()
