"""The same random commands to this server and to Redis itself: the replies must be the same."""

import random
import shutil
import socket
import subprocess
import tempfile
import time

from support import Connection, ErrorReply, WithServer, main, on_all_memories

ROUNDS = 6000


class Redis:
    """A redis-server on a free port, with None for a port if there is none to run."""

    def __init__(self):
        self.port = None
        self.process = None
        # In Debian's redis-tools, the checker of dumps is the server under another name.
        program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        if program is None:
            return
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.folder = tempfile.mkdtemp(prefix="redis_test_")
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", self.folder],
            executable=program,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    self.port = port
                    return
            time.sleep(0.05)

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            shutil.rmtree(self.folder, ignore_errors=True)


def random_command(r):
    key = lambda: r.choice(["a", "b", "c", "k%d" % r.randrange(30), "", b"\x00\r\n"])
    value = lambda: r.choice(["", "1", "-7", str(1 << 40), "text", "x" * r.randrange(300), bytes(r.randrange(256) for _ in range(9))])
    number = lambda: r.choice(["0", "1", "-1", "12", "x", "", "1.5", str((1 << 63) - 1), str(-(1 << 63))])
    # None so short that it could pass before one server and not yet before the other.
    time = lambda: r.choice(["100000", "0", "-1", "x", "", "1.5", str((1 << 63) - 1), str(-(1 << 63))])
    options = lambda: r.sample(["NX", "XX", "GET", "KEEPTTL", "EX", "100", "PX", "100000", "0", "bad"], r.randrange(4))
    return r.choice(
        [
            lambda: ["SET", key(), value()],
            lambda: ["SET", key(), value(), *options()],
            lambda: ["SET", key(), value(), r.choice(["EX", "PX"]), time()],
            lambda: ["GET", key()],
            lambda: ["MGET", *(key() for _ in range(r.randrange(5)))],
            lambda: ["MSET", *(x for _ in range(r.randrange(4)) for x in (key(), value()))],
            lambda: ["DEL", *(key() for _ in range(r.randrange(1, 4)))],
            lambda: ["EXISTS", *(key() for _ in range(r.randrange(4)))],
            lambda: [r.choice(["INCR", "DECR"]), key()],
            lambda: [r.choice(["INCRBY", "DECRBY"]), key(), number()],
            lambda: ["APPEND", key(), value()],
            lambda: ["STRLEN", key()],
            lambda: ["EXPIRE", key(), r.choice(["100", "-1", "0", "x", str(1 << 62)])],
            lambda: ["TTL", key()],
            lambda: ["PERSIST", key()],
            lambda: ["TYPE", key()],
            lambda: ["DBSIZE"],
            lambda: ["ECHO", value()],
            lambda: ["PING", *(value() for _ in range(r.randrange(3)))],
            lambda: ["FLUSHALL"] if r.randrange(20) == 0 else ["DBSIZE"],
            lambda: ["GET"],
            lambda: ["SELECT", r.choice(["0", "x"])],
        ]
    )()


def comparable(command, reply):
    # Redis has longer words for some errors; their kind and first words are what clients go by.
    if isinstance(reply, ErrorReply):
        return ("error", str(reply).split(" ")[:3])
    # A second may pass between the two.
    if command[0] == "TTL" and reply > 0:
        return ("time left", reply // 10)
    return reply


@on_all_memories
class AgainstRedis(WithServer):
    @classmethod
    def setUpClass(cls):
        cls.redis = Redis()
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        cls.redis.close()
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        if self.redis.port is None:
            self.skipTest("no redis-server here")

    def test_random_commands(self):
        r = random.Random(20)
        with Connection(self.redis.port) as theirs:
            theirs.command("FLUSHALL")
            for i in range(0, ROUNDS, 50):
                commands = [random_command(r) for _ in range(50)]
                for each in commands:
                    theirs.send(*each)
                    self.c.send(*each)
                for each in commands:
                    self.assertEqual(
                        comparable(each, self.c.reply()), comparable(each, theirs.reply()), "round %d: %r" % (i, each)
                    )


if __name__ == "__main__":
    main()
