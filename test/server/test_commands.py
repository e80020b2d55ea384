"""Every command, through redis-cli and through a raw connection."""

import subprocess
import time

from support import ErrorReply, Server, WithServer, main, on_all_memories


@on_all_memories
class Strings(WithServer):
    def test_set_and_get(self):
        self.assertEqual(self.c.command("SET", "k", "v"), "OK")
        self.assertEqual(self.c.command("GET", "k"), b"v")
        self.assertIsNone(self.c.command("GET", "none"))

    def test_names_are_read_in_any_case(self):
        self.assertEqual(self.c.command("sEt", "k", "v", "eX", "100"), "OK")
        self.assertEqual(self.c.command("get", "k"), b"v")

    def test_values_hold_any_bytes(self):
        for value in (b"", b"\x00", b"\r\n", bytes(range(256)), b"$5\r\nhello\r\n" * 10):
            self.assertEqual(self.c.command("SET", value, value), "OK")
            self.assertEqual(self.c.command("GET", value), value)
        self.assertEqual(self.c.command("DBSIZE"), 5)

    def test_values_of_every_size(self):
        sizes = [*range(0, 300), 1023, 1024, 1025, 16383, 16384, 16385, 100_000, 1 << 20]
        for size in sizes:
            value = bytes([size % 251]) * size
            self.assertEqual(self.c.command("SET", "k%d" % size, value), "OK")
        for size in sizes:
            self.assertEqual(self.c.command("GET", "k%d" % size), bytes([size % 251]) * size)

    def test_set_with_conditions(self):
        self.assertIsNone(self.c.command("SET", "k", "v", "XX"))
        self.assertEqual(self.c.command("SET", "k", "v", "NX"), "OK")
        self.assertIsNone(self.c.command("SET", "k", "w", "NX"))
        self.assertEqual(self.c.command("GET", "k"), b"v")
        self.assertEqual(self.c.command("SET", "k", "w", "XX"), "OK")
        self.assertEqual(self.c.command("SET", "k", "x", "GET"), b"w")
        self.assertEqual(self.c.command("SET", "k", "y", "NX", "GET"), b"x")
        self.assertIsNone(self.c.command("SET", "new", "y", "GET"))
        self.assertEqual(self.c.command("GET", "k"), b"x")

    def test_set_with_time(self):
        self.assertEqual(self.c.command("SET", "k", "v", "EX", "100"), "OK")
        self.assertIn(self.c.command("TTL", "k"), (99, 100))
        self.assertEqual(self.c.command("SET", "k", "v", "PX", "50000", "XX"), "OK")
        self.assertIn(self.c.command("TTL", "k"), (49, 50))
        self.assertEqual(self.c.command("SET", "k", "w", "KEEPTTL"), "OK")
        self.assertIn(self.c.command("TTL", "k"), (49, 50))
        self.assertEqual(self.c.command("SET", "k", "w"), "OK")
        self.assertEqual(self.c.command("TTL", "k"), -1)

    def test_set_that_makes_no_sense(self):
        for options in (("NX", "XX"), ("EX",), ("EX", "1", "PX", "1"), ("KEEPTTL", "EX", "1"), ("EX", "1", "KEEPTTL"), ("what",)):
            self.assertEqual(self.c.command("SET", "k", "v", *options), ErrorReply("ERR syntax error"), options)
        for amount in ("0", "-1", str(1 << 62), "-9223372036854775808"):
            self.assert_error(self.c.command("SET", "k", "v", "EX", amount), "ERR invalid expire time")
        for amount in ("", "x", "1.5", "99999999999999999999"):
            self.assert_error(self.c.command("SET", "k", "v", "PX", amount), "ERR value is not an integer")
        self.assertIsNone(self.c.command("GET", "k"))

    def test_mset_and_mget(self):
        self.assertEqual(self.c.command("MSET", "a", "1", "b", "2", "a", "3"), "OK")
        self.assertEqual(self.c.command("MGET", "a", "none", "b"), [b"3", None, b"2"])
        self.assert_error(self.c.command("MSET", "a", "1", "b"), "ERR wrong number of arguments")
        self.c.command("SET", "c", "x", "EX", "100")
        self.assertEqual(self.c.command("MSET", "c", "y"), "OK")
        self.assertEqual(self.c.command("TTL", "c"), -1)

    def test_mset_of_many(self):
        pairs = [text for i in range(5000) for text in ("key%d" % i, "value%d" % i)]
        self.assertEqual(self.c.command("MSET", *pairs), "OK")
        self.assertEqual(self.c.command("MGET", *pairs[::2]), [v.encode() for v in pairs[1::2]])

    def test_counting(self):
        self.assertEqual(self.c.command("INCR", "n"), 1)
        self.assertEqual(self.c.command("INCRBY", "n", "41"), 42)
        self.assertEqual(self.c.command("DECR", "n"), 41)
        self.assertEqual(self.c.command("DECRBY", "n", "-9"), 50)
        self.assertEqual(self.c.command("GET", "n"), b"50")
        self.c.command("EXPIRE", "n", "100")
        self.c.command("INCR", "n")
        self.assertIn(self.c.command("TTL", "n"), (99, 100))

    def test_counting_that_makes_no_sense(self):
        for value in ("x", "", " 1", "1.0", "99999999999999999999"):
            self.c.command("SET", "n", value)
            self.assert_error(self.c.command("INCR", "n"), "ERR value is not an integer")
        self.c.command("SET", "n", str((1 << 63) - 1))
        self.assert_error(self.c.command("INCR", "n"), "ERR increment or decrement would overflow")
        self.assertEqual(self.c.command("GET", "n"), str((1 << 63) - 1).encode())
        self.c.command("SET", "n", str(-(1 << 63)))
        self.assert_error(self.c.command("DECR", "n"), "ERR increment or decrement would overflow")
        self.assert_error(self.c.command("DECRBY", "n", str(-(1 << 63))), "ERR decrement would overflow")
        self.assert_error(self.c.command("INCRBY", "n", "a"), "ERR value is not an integer")

    def test_append_and_strlen(self):
        expected = b""
        for i in range(200):
            more = bytes([i]) * (i % 40)
            expected += more
            self.assertEqual(self.c.command("APPEND", "k", more), len(expected))
        self.assertEqual(self.c.command("GET", "k"), expected)
        self.assertEqual(self.c.command("STRLEN", "k"), len(expected))
        self.assertEqual(self.c.command("STRLEN", "none"), 0)


@on_all_memories
class Keys(WithServer):
    def test_del_and_exists(self):
        self.c.command("MSET", "a", "1", "b", "2", "c", "3")
        self.assertEqual(self.c.command("EXISTS", "a", "b", "a", "none"), 3)
        self.assertEqual(self.c.command("DEL", "a", "none", "b", "a"), 2)
        self.assertEqual(self.c.command("EXISTS", "a", "b", "c"), 1)
        self.assertEqual(self.c.command("DBSIZE"), 1)

    def test_type(self):
        self.c.command("SET", "k", "v")
        self.assertEqual(self.c.command("TYPE", "k"), "string")
        self.assertEqual(self.c.command("TYPE", "none"), "none")

    def test_expire(self):
        self.assertEqual(self.c.command("EXPIRE", "none", "10"), 0)
        self.c.command("SET", "k", "v")
        self.assertEqual(self.c.command("TTL", "k"), -1)
        self.assertEqual(self.c.command("PTTL", "none"), -2)
        self.assertEqual(self.c.command("EXPIRE", "k", "100"), 1)
        self.assertTrue(99_000 < self.c.command("PTTL", "k") <= 100_000)
        self.assertEqual(self.c.command("PERSIST", "k"), 1)
        self.assertEqual(self.c.command("PERSIST", "k"), 0)
        self.assertEqual(self.c.command("TTL", "k"), -1)
        self.assertEqual(self.c.command("EXPIRE", "k", "-1"), 1)
        self.assertEqual(self.c.command("EXISTS", "k"), 0)

    def test_expire_that_makes_no_sense(self):
        self.c.command("SET", "k", "v")
        self.assert_error(self.c.command("EXPIRE", "k", "x"), "ERR value is not an integer")
        for amount in (1 << 62, -(1 << 62)):
            self.assert_error(self.c.command("EXPIRE", "k", str(amount)), "ERR invalid expire time")
        self.assertEqual(self.c.command("TTL", "k"), -1)

    def test_keys_go_when_their_time_has_come(self):
        self.c.command("SET", "k", "v", "PX", "100")
        self.c.command("SET", "l", "v")
        self.c.command("PEXPIRE", "l", "100")
        time.sleep(0.15)
        self.assertEqual(self.c.command("MGET", "k", "l"), [None, None])
        self.assertEqual(self.c.command("TTL", "k"), -2)

    def test_keys_go_without_being_asked_for(self):
        for i in range(2000):
            self.c.send("SET", "k%d" % i, "v", "PX", "50")
        for i in range(2000):
            self.assertEqual(self.c.reply(), "OK")
        deadline = time.monotonic() + 30
        while self.c.command("DBSIZE") != 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.c.command("DBSIZE"), 0)

    def test_flushall(self):
        self.c.command("MSET", "a", "1", "b", "2")
        self.c.command("EXPIRE", "a", "100")
        self.assertEqual(self.c.command("FLUSHALL"), "OK")
        self.assertEqual(self.c.command("DBSIZE"), 0)
        self.assertEqual(self.c.command("FLUSHALL", "ASYNC"), "OK")
        self.assertEqual(self.c.command("FLUSHDB"), "OK")
        self.assert_error(self.c.command("FLUSHALL", "NOW"), "ERR syntax error")
        info = self.server.info("cenote")
        for kind in ("entry", "deadline", "data"):
            self.assertEqual(info[kind]["live"], 0)


@on_all_memories
class Administration(WithServer):
    def test_connection_commands(self):
        self.assertEqual(self.c.command("PING"), "PONG")
        self.assertEqual(self.c.command("PING", "hi"), b"hi")
        self.assertEqual(self.c.command("ECHO", "hello"), b"hello")
        self.assertEqual(self.c.command("SELECT", "0"), "OK")
        self.assert_error(self.c.command("SELECT", "1"), "ERR DB index is out of range")
        self.assert_error(self.c.command("SELECT", "x"), "ERR value is not an integer")
        self.assertEqual(self.c.command("HELLO", "2")[2:4], [b"proto", 2])
        self.assert_error(self.c.command("HELLO", "3"), "NOPROTO")

    def test_client(self):
        self.assertIsNone(self.c.command("CLIENT", "GETNAME"))
        self.assertEqual(self.c.command("CLIENT", "SETNAME", "me"), "OK")
        self.assertEqual(self.c.command("CLIENT", "SETNAME", "myself"), "OK")
        self.assertEqual(self.c.command("CLIENT", "GETNAME"), b"myself")
        number = self.c.command("CLIENT", "ID")
        self.assertIn(b"id=%d name=myself " % number, self.c.command("CLIENT", "LIST"))
        self.assertIn(b"name=myself", self.c.command("CLIENT", "INFO"))
        self.assertEqual(self.c.command("CLIENT", "SETINFO", "lib-name", "x"), "OK")
        self.assertEqual(self.c.command("CLIENT", "SETNAME", ""), "OK")
        self.assertIsNone(self.c.command("CLIENT", "GETNAME"))
        self.assert_error(self.c.command("CLIENT", "SETNAME", "a b"), "ERR Client names cannot")
        self.assert_error(self.c.command("CLIENT", "WHAT"), "ERR unknown subcommand")

    def test_config(self):
        self.assertEqual(self.c.command("CONFIG", "GET", "save"), [b"save", b""])
        self.assertEqual(self.c.command("CONFIG", "GET", "appendonly"), [b"appendonly", b"no"])
        self.assertEqual(self.c.command("CONFIG", "GET", "nothing"), [])
        self.assertEqual(self.c.command("CONFIG", "GET", "memory"), [b"memory", self.memory.encode()])
        self.assertGreater(len(self.c.command("CONFIG", "GET", "*")), 10)
        self.assert_error(self.c.command("CONFIG", "SET", "save", "1"), "ERR unknown subcommand")
        self.assert_error(self.c.command("CONFIG", "GET"), "ERR wrong number of arguments")

    def test_command(self):
        every = self.c.command("COMMAND")
        self.assertEqual(len(every), self.c.command("COMMAND", "COUNT"))
        names = [each[0].decode() for each in every]
        for name in ("get", "set", "mset", "incr", "expire", "shutdown"):
            self.assertIn(name, names)
        self.assertEqual(self.c.command("COMMAND", "INFO", "get", "none")[0][1], 2)
        documents = self.c.command("COMMAND", "DOCS")
        self.assertEqual(len(documents), 2 * len(every))
        self.assertEqual(self.c.command("COMMAND", "DOCS", "GET")[0], b"get")

    def test_info(self):
        self.c.command("SET", "k", "v", "EX", "100")
        text = self.c.command("INFO").decode()
        for section in ("Server", "Clients", "Memory", "Stats", "CPU", "Keyspace", "Cenote"):
            self.assertIn("# %s\r\n" % section, text)
        self.assertEqual(self.c.command("INFO", "keyspace"), b"# Keyspace\r\ndb0:keys=1,expires=1,avg_ttl=0\r\n")
        self.assertEqual(self.c.command("INFO", "none"), b"")
        info = self.server.wait_until_ours(2)  # clients of the test before are gone
        self.assertEqual(info["memory_from"], self.memory)
        self.assertEqual(info["connected_clients"], "2")
        self.assertEqual(info["entry"]["live"], 1)
        self.assertEqual("pool_entry" in info, self.memory == "pools")

    def test_unknown_and_wrong(self):
        self.assert_error(self.c.command("NOPE", "a"), "ERR unknown command 'NOPE'")
        self.assert_error(self.c.command("no\r\n+OK"), "ERR unknown command 'no  +OK'")
        self.assert_error(self.c.command("x" * 1000), "ERR unknown command 'xxx")
        self.assert_error(self.c.command(""), "ERR unknown command ''")
        for request in (("GET",), ("GET", "a", "b"), ("SET", "a"), ("DEL",), ("ECHO",), ("DBSIZE", "x"), ("PING", "a", "b")):
            self.assert_error(self.c.command(*request), "ERR wrong number of arguments for '%s'" % request[0].lower())
        self.assertEqual(self.c.command("PING"), "PONG")


@on_all_memories
class ThroughRedisCli(WithServer):
    def cli(self, *arguments, stdin=None):
        done = subprocess.run(
            ["redis-cli", "-p", str(self.server.port), *arguments], input=stdin, capture_output=True, timeout=60
        )
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def test_one_by_one(self):
        self.assertEqual(self.cli("PING"), b"PONG\n")
        self.assertEqual(self.cli("SET", "k", "v w"), b"OK\n")
        self.assertEqual(self.cli("GET", "k"), b"v w\n")
        self.assertEqual(self.cli("INCR", "n"), b"1\n")
        self.assertEqual(self.cli("MGET", "k", "none", "n"), b"v w\n\n1\n")
        self.assertEqual(self.cli("DEL", "k"), b"1\n")
        self.assertEqual(self.cli("EXPIRE", "n", "100"), b"1\n")
        self.assertEqual(self.cli("TTL", "n"), b"100\n")
        self.assertEqual(self.cli("NOPE"), b"ERR unknown command 'NOPE'\n\n")
        self.assertIn(b"# Cenote", self.cli("INFO"))
        self.assertEqual(self.cli("--raw", "CONFIG", "GET", "save"), b"save\n\n")
        self.assertEqual(self.cli("DBSIZE"), b"1\n")

    def test_a_value_from_a_file(self):
        value = bytes(range(256)) * 4096
        self.assertEqual(self.cli("-x", "SET", "k", stdin=value), b"OK\n")
        self.assertEqual(self.cli("--raw", "GET", "k"), value + b"\n")

    def test_a_script_of_lines(self):
        lines = b"".join(b"SET key:%d value:%d\n" % (i, i) for i in range(500))
        self.assertEqual(self.cli(stdin=lines), b"OK\n" * 500)
        self.assertEqual(self.cli("DBSIZE"), b"500\n")

    def test_mass_insertion(self):
        requests = b"".join(b"*3\r\n$3\r\nSET\r\n$5\r\n%05d\r\n$1\r\nx\r\n" % i for i in range(20_000))
        self.assertIn(b"replies: 20000", self.cli("--pipe", stdin=requests))
        self.assertEqual(self.cli("DBSIZE"), b"20000\n")

    def test_latency_mode_and_big_replies(self):
        pairs = [text for i in range(1000) for text in ("k%d" % i, "v%d" % i)]
        self.cli("MSET", *pairs)
        self.assertEqual(self.cli("MGET", *pairs[::2]).decode().split(), pairs[1::2])


@on_all_memories
class Shutdown:
    def test_shutdown_through_redis_cli(self):
        with Server(self.memory) as server:
            server.command("SET", "k", "v")
            subprocess.run(["redis-cli", "-p", str(server.port), "SHUTDOWN", "NOSAVE"], timeout=60, check=True)
            report = server.report()
            server.check(report)
            self.assertEqual(report["live"]["at_stop"]["entry"], 1)


if __name__ == "__main__":
    main()
