"""Recording the server's allocations and replaying them."""

import json
import os
import random
import shutil
import subprocess
import tempfile

from support import REPLAY, PATIENCE, Server, main, on_both_memories


def replay(*arguments):
    return subprocess.run([REPLAY, *map(str, arguments)], capture_output=True, text=True, timeout=2 * PATIENCE)


@on_both_memories
class Replay:
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="packet_server_replay_")
        cls.path = os.path.join(cls.folder, "pattern")
        with Server(cls.memory, "--record", cls.path) as server:
            with server.connect() as c:
                for i in range(3000):
                    c.command("SET", "k%d" % (i % 1000), "v" * (i % 500))
                    c.command("GET", "k%d" % i)
                c.command("MSET", *("k%d" % i for i in range(100)))
            server.wait_until_alone()
            cls.events = server.stop()["recording"]["events"]

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_both_subjects_are_measured(self):
        figures_path = os.path.join(self.folder, "figures.json")
        done = replay(self.path, "--passes", 3, "--json", figures_path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("ratio", done.stdout)
        with open(figures_path) as file:
            figures = json.load(file)
        self.assertEqual(figures["note"], "")
        self.assertGreater(self.events, 10_000)
        self.assertLessEqual(2 * figures["allocations"] - figures["still_live"], self.events)
        self.assertEqual([each["subject"] for each in figures["subjects"]], ["pools", "malloc"])
        for each in figures["subjects"]:
            self.assertEqual(len(each["passes_ns"]), 3)
            self.assertGreater(each["first_pass_ns"], 0)

    def test_a_limit_ends_the_recording_and_not_the_server(self):
        path = os.path.join(self.folder, "limited")
        with Server(self.memory, "--record", path, "--record-limit", 1000) as server, server.connect() as c:
            for i in range(1000):
                self.assertEqual(c.command("SET", "k%d" % i, "v"), "OK")
        done = replay(path, "--passes", 1)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_full_disk_ends_the_recording_and_not_the_server(self):
        with Server(self.memory, "--record", "/dev/full") as server:
            with server.connect() as c:
                for i in range(30_000):
                    c.send("SET", "k%d" % i, "v")
                for i in range(30_000):
                    self.assertEqual(c.reply(), "OK")
            self.assertRaisesRegex(AssertionError, "No space left", server.stop)

    def damaged(self, data):
        path = os.path.join(self.folder, "damaged")
        with open(path, "wb") as file:
            file.write(data)
        return replay(path, "--passes", 1)

    def test_damaged_files(self):
        with open(self.path, "rb") as file:
            whole = file.read()
        for data, message in (
            (b"", "not a recording"),
            (b"CENOTREC", "truncated in its header"),
            (b"\x7fELF" + whole[4:], "not a recording"),
            (whole[:8] + b"\x09" + whole[9:], "version 9"),
            (whole[:20] + b"\xff" + whole[21:], "damaged header"),
            (whole[:48], "holds no allocation"),
        ):
            done = self.damaged(data)
            self.assertEqual(done.returncode, 1, message)
            self.assertIn(message, done.stderr)
            self.assertNotIn("ratio", done.stdout)
        for data, message in (
            (whole[:-1], "the file ends early"),
            (whole[: len(whole) // 2 + 40_000], "the file ends early"),
            (whole + b"x", "bytes follow the end"),
            (whole[:-100] + b"\x55" + whole[-99:], "damaged"),
        ):
            done = self.damaged(data)
            self.assertIn(message, done.stderr)
            self.assertIn("events read before that", done.stderr)
            if " 0 events" not in done.stderr:
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("ratio", done.stdout)

    def test_random_damage_never_crashes(self):
        with open(self.path, "rb") as file:
            whole = file.read()
        r = random.Random(7)
        for _ in range(25):
            data = bytearray(whole[: r.randrange(len(whole))] if r.randrange(3) == 0 else whole)
            for _ in range(r.randrange(4)):
                data[r.randrange(len(data))] = r.randrange(256)
            done = self.damaged(bytes(data))
            self.assertIn(done.returncode, (0, 1), done)
            if done.returncode == 1:
                self.assertIn("packet_server_replay: ", done.stderr)

    def test_bad_command_lines(self):
        self.assertNotEqual(replay().returncode, 0)
        self.assertNotEqual(replay(self.path, "--passes", 0).returncode, 0)
        self.assertNotEqual(replay(self.path, "--what").returncode, 0)
        for path, message in (("/nonexistent", "No such file"), (self.folder, "directory")):
            done = replay(path)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, message + "|not a recording")
        done = replay(self.path, "--passes", 1, "--json", "/nonexistent/figures.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be written", done.stderr)


if __name__ == "__main__":
    main()
