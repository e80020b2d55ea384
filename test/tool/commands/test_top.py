"""`cenote top`: what a running program shows, whether it was asked, shows itself, rests, forks or dies."""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import termios
import time
from pathlib import Path

from support import CANNOT_RUN, CENOTE, FINE, NOT_FOUND, PROGRAMS, TROUBLE, USAGE, Case, cenote, main

PATIENCE = 60
LIBRARY = os.path.join(os.path.dirname(CENOTE), "libcenote-malloc.so")
POOLS, HEAP = PROGRAMS / "watched_pools", PROGRAMS / "watched_heap"


def find(name):
    return shutil.which(name, path="/usr/bin:/bin:/usr/local/bin")


def shows(process):
    """Whether it has a page that others may find."""
    folder = Path(f"/proc/{process}/fd")
    return any("memfd:cenote-top" in os.readlink(each) for each in folder.iterdir() if each.is_symlink())


class Top(Case):
    def start(self, *words, ready=True, **options):
        options.setdefault("stdout", subprocess.PIPE)
        program = subprocess.Popen([*map(str, words)], text=True, **options)
        self.addCleanup(self.end, program)
        self.said = program.stdout.readline() if ready else ""
        return program

    def end(self, program):
        program.kill()
        program.wait(PATIENCE)
        for stream in (program.stdin, program.stdout):
            if stream is not None:
                stream.close()

    def replaced(self, *words, **options):
        return self.start(*words, env={**os.environ, "LD_PRELOAD": LIBRARY, "PYTHONMALLOC": "malloc"}, **options)

    def looks(self, program, *options, code=FINE):
        """What `top --json` shows, look by look."""
        done = cenote("top", getattr(program, "pid", program), "--json", *options)
        self.assertEqual(done.returncode, code, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def assert_heap(self, look, name="process"):
        heap = next(each for each in look["heaps"] if each["name"] == name)
        self.assertGreater(heap["live"], 0)
        self.assertLessEqual(heap["live"], heap["held_bytes"])
        self.assertEqual(heap["live_bytes"], heap["live"])
        self.assertIsNone(heap["peak"])
        self.assertGreaterEqual(heap["threads"], 1)
        classes = [each for each in look["size_classes"] if each["name"] == name]
        self.assertGreater(len(classes), 3)
        for each in classes:
            self.assertLessEqual(each["live"] + each["in_magazines"], each["capacity"])
            self.assertEqual(each["live_bytes"], each["live"] * each["block_size"])
            # Not known of a class by itself.
            self.assertEqual([each["peak"], each["peak_held_bytes"], each["refused"]], [None] * 3)
        return heap

    # ---- real programs, on the replacement

    def test_python(self):
        program = self.replaced(find("python3"), "-c",
                                "print(1, flush=True)\nwhile True: x = [bytes(i % 3000 + 600) for i in range(20000)]")
        first, second = self.looks(program, "-n", 2, "--interval", "0.4")
        self.assert_heap(first)
        self.assertIsNone(first["between_seconds"])
        self.assertGreater(second["between_seconds"], 0.1)
        self.assertGreater(sum(each["per_second"]["refills"] for each in second["size_classes"]), 100)
        self.assertTrue(second["is_new"])
        self.assertEqual(second["process"], program.pid)
        self.assertIn("-c", second["command"])
        self.assertGreater(second["snapshots_cost_seconds"], 0)

    def test_sqlite(self):
        program = self.replaced(find("sqlite3"), ":memory:", ready=False, stdin=subprocess.PIPE)
        program.stdin.write("create table t(a, b); with recursive n(i) as (select 1 union all select i + 1 from n) "
                            "insert into t select i, 'text ' || i from n;\n")
        program.stdin.flush()
        look = self.looks(program, "-n", 2, "--interval", "0.5")[-1]
        self.assert_heap(look)

    def test_redis(self):
        path = self.folder / "socket"
        program = self.replaced(find("redis-server"), "--port", "0", "--unixsocket", path, "--save", "", ready=False,
                                stdout=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not path.exists() and time.monotonic() < end:
            time.sleep(0.02)
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(str(path))
            with subprocess.Popen([CENOTE, "top", str(program.pid), "--json", "-n", "3", "--interval", "0.3"],
                                  stdout=subprocess.PIPE, text=True) as top:
                number = 0
                while top.poll() is None:
                    s.sendall(b"".join(b"SET key%d %s\r\n" % (number + i, b"v" * (i * 7 + 1)) for i in range(100)))
                    got = b""
                    while got.count(b"+OK") < 100:
                        got += s.recv(65536)
                    number += 100
                looks = [json.loads(line) for line in top.stdout]
        self.assertEqual(len(looks), 3)
        self.assert_heap(looks[-1])

    def test_a_child_of_gxx(self):
        program = self.replaced(find("g++"), "-x", "c++", "-c", "-", "-o", self.folder / "x.o", ready=False,
                                stdin=subprocess.PIPE)
        children = Path(f"/proc/{program.pid}/task/{program.pid}/children")
        compiler = None
        end = time.monotonic() + PATIENCE
        while compiler is None and time.monotonic() < end:
            for child in children.read_text(encoding="ascii").split():
                if Path(f"/proc/{child}/comm").read_text(encoding="ascii").strip() == "cc1plus":
                    compiler = int(child)
        # Until the dynamic linker is done with it and it waits for what it shall compile.
        while "libcenote-malloc" not in Path(f"/proc/{compiler}/maps").read_text(encoding="utf-8"):
            time.sleep(0.01)
        time.sleep(0.3)
        top = subprocess.Popen([CENOTE, "top", str(compiler), "--json", "--interval", "0.2"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        program.stdin.write("#include <regex>\n#include <map>\nint main() { return std::regex_match(\"a\", std::regex(\"a\")); }\n" +
                            "".join(f"int f{i}(int i) {{ return i + {i}; }}\n" for i in range(2000)))
        program.stdin.close()
        self.assertEqual(program.wait(PATIENCE), 0)
        out, said = top.communicate(timeout=PATIENCE)
        self.assertEqual(top.returncode, FINE)
        self.assertIn(f"process {compiler} has ended", said)
        looks = [json.loads(line) for line in out.splitlines()]
        self.assert_heap(looks[-1])

    # ---- programs that use the library itself

    def test_named_pools_of_a_program_that_publishes(self):
        program = self.start(POOLS, "publish")
        look = self.looks(program, "-n", 2, "--interval", "0.4")[-1]
        self.assertEqual(look["heaps"], [])
        pools = {each["name"]: each for each in look["pools"]}
        self.assertEqual(set(pools), {"sessions", "bell \a and \x1b[31mred"})
        sessions = pools["sessions"]
        manual = (Path(__file__).resolve().parents[3] / "packaging" / "man" / "cenote-top.1").read_text(encoding="utf-8")
        described = set(re.findall(r"[a-z_]+", manual.split(".SH JSON")[1].split(".SH ")[0]))
        self.assertEqual({*look, *sessions, *sessions["per_second"]} - described, set())
        self.assertEqual((sessions["kind"], sessions["limit"], sessions["block_size"]), ("cached_pool", 100_000, 200))
        self.assertGreater(sessions["peak"], 3000)
        self.assertGreater(sessions["per_second"]["refills"], 0)
        self.assertGreater(sessions["peak_held_bytes"], 0)
        self.assertEqual([sessions["refused"], sessions["in_magazines"], sessions["threads"]], [0, None, None])

    def test_a_program_and_the_replacement_show_each_what_they_have(self):
        program = self.replaced(POOLS, "publish")
        look = self.looks(program, "-n", 3, "--interval", "0.5")[-1]
        self.assertEqual(len(look["pools"]), 2)
        self.assertEqual([each["name"] for each in look["heaps"]], ["process"])
        program = self.start(POOLS, "publish", env={**os.environ, "LD_PRELOAD": LIBRARY, "CENOTE_PUBLISH": "1"})
        look = self.looks(program, "-n", 2, "--interval", "0.4")[-1]
        self.assertEqual(len(look["pools"]), 2)
        self.assert_heap(look)

    def test_a_program_that_publishes_nothing_until_it_is_asked(self):
        program = self.start(HEAP, "work")
        self.assertFalse(shows(program.pid))
        self.assert_heap(self.looks(program, "-n", 2, "--interval", "0.3")[-1], "working")
        self.assertTrue(shows(program.pid))

    def test_the_environment_makes_it_show_itself_at_once(self):
        program = self.start(HEAP, "rest", env={**os.environ, "LD_PRELOAD": LIBRARY, "CENOTE_PUBLISH": "1"})
        self.assertTrue(shows(program.pid))
        self.assertIn("process", [each["name"] for each in self.looks(program, "-n", 1)[0]["heaps"]])

    def test_children_of_one_that_publishes_are_found(self):
        self.start(POOLS, "fork")
        child = int(self.said.split()[1])
        try:
            look = self.looks(child, "-n", 2, "--interval", "0.3")[-1]
            self.assertEqual(len(look["pools"]), 2)
            self.assertGreater(look["snapshot"], 1)
        finally:
            os.kill(child, signal.SIGKILL)

    def test_a_program_that_closes_all_files_is_asked_again(self):
        program = self.start(HEAP, "close")
        looks = self.looks(program, "-n", 3, "--interval", "0.5")
        self.assertTrue(looks[-1]["is_new"])
        self.assert_heap(looks[-1], "working")

    def files(self, process):
        return sorted(os.readlink(each) for each in Path(f"/proc/{process}/fd").iterdir())

    def test_a_number_of_a_thread_is_its_processs(self):
        program = self.replaced(find("python3"), "-c",
                                "import threading\ndef work():\n while True: x = [bytes(i % 3000 + 600) for i in range(9000)]\n"
                                "threading.Thread(target=work).start()\nprint(1, flush=True)")
        thread, = (int(each) for each in os.listdir(f"/proc/{program.pid}/task") if int(each) != program.pid)
        look = self.looks(thread, "-n", 2, "--interval", "0.9")[-1]
        self.assertEqual(look["process"], program.pid)
        self.assert_heap(look)
        self.assertEqual(len([each for each in self.files(program.pid) if "cenote-top" in each]), 1)

    def test_a_library_that_is_mapped_as_a_file_too(self):
        program = self.replaced(find("python3"), "-c",
                                "import mmap, sys\nfile = open(sys.argv[1], 'rb')\n"
                                "all = [mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) for i in range(3)]\nprint(1, flush=True)\n"
                                "while True: x = [bytes(i % 3000 + 600) for i in range(9000)]", LIBRARY)
        self.assert_heap(self.looks(program, "-n", 2, "--interval", "0.4")[-1])

    def test_who_looks_again_and_again_leaves_one_file(self):
        program = self.start(HEAP, "work")
        self.looks(program, "-n", 1)
        before = self.files(program.pid)
        for _ in range(3):
            look = self.looks(program, "-n", 2, "--interval", "0.4")[-1]
            self.assertEqual([each["name"] for each in look["heaps"]].count("working"), 1)
        self.assertEqual(self.files(program.pid), before)

    def test_more_pools_than_there_is_room_for(self):
        program = self.start(POOLS, "many", 300)
        look = self.looks(program, "-n", 1)[0]
        self.assertGreater(look["pools_left_out"], 100)
        self.assertIn("sessions", [each["name"] for each in look["pools"]])
        self.assertIn("left out", cenote("top", program.pid, "-n", 1).stdout)

    # ---- rest and end

    def test_one_that_rests_is_said_to_do_so(self):
        program = self.start(HEAP, "rest")
        time.sleep(0.5)
        look = self.looks(program, "-n", 1)[0]
        self.assertEqual((look["snapshot"], look["age_seconds"], look["heaps"]), (0, None, []))
        self.assertIn("nothing yet", cenote("top", program.pid, "-n", 1).stdout)

        program = self.start(HEAP, "rest", env={**os.environ, "LD_PRELOAD": LIBRARY, "CENOTE_PUBLISH": "1"})
        time.sleep(1.5)
        done = cenote("top", program.pid, "-n", 2, "--interval", "0.2")
        self.assertIn("no exchange since", done.stdout)
        look = self.looks(program, "-n", 2, "--interval", "0.2")[-1]
        self.assertFalse(look["is_new"])
        self.assertGreater(look["age_seconds"], 1)
        self.assertEqual(sum(each["per_second"]["refills"] for each in look["size_classes"]), 0)

    def test_one_that_is_killed_ends_it(self):
        program = self.replaced(HEAP, "work")
        with subprocess.Popen([CENOTE, "top", str(program.pid), "--interval", "0.2"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as top:
            self.assertIn("cenote top", top.stdout.readline())
            program.kill()
            _, said = top.communicate(timeout=PATIENCE)
        self.assertEqual(top.returncode, FINE)
        self.assertEqual(said, f"cenote: process {program.pid} has ended\n")
        self.assertEqual([each for each in os.listdir("/dev/shm") if "cenote-top" in each], [])

    def test_one_that_becomes_another_program(self):
        program = self.start(HEAP, "exec", find("sleep"))
        done = cenote("top", program.pid, "--interval", "0.2")
        self.assert_says(done, FINE, f"process {program.pid} became a program that cannot be watched")

    def test_a_watcher_that_is_killed_is_nobodys_business(self):
        program = self.start(HEAP, "work")
        for _ in range(2):
            with subprocess.Popen([CENOTE, "top", str(program.pid)], stdout=subprocess.PIPE, text=True) as top:
                top.stdout.readline()
                top.kill()
        self.assertIsNone(program.poll())
        self.assert_heap(self.looks(program, "-n", 2, "--interval", "0.3")[-1], "working")

    def test_ctrl_c_is_the_usual_end(self):
        program = self.start(HEAP, "work")
        for number, code in ((signal.SIGINT, FINE), (signal.SIGTERM, 128 + signal.SIGTERM)):
            with subprocess.Popen([CENOTE, "top", str(program.pid)], stdout=subprocess.PIPE, text=True) as top:
                top.stdout.readline()
                top.send_signal(number)
                self.assertEqual(top.wait(PATIENCE), code)

    # ---- how it is shown

    def test_text_names_pools_and_harms_no_terminal(self):
        program = self.start(POOLS, "publish")
        text = cenote("top", program.pid, "-n", 2, "--interval", "0.3").stdout
        self.assertEqual(text.count("cenote top: process"), 2)
        self.assertIn("bell ? and ?[31mred", text)
        self.assertNotIn("\x1b", text)
        for column in ("block size", "refills/s", "in magazines", "refused", "live bytes", "held bytes"):
            self.assertIn(column, text)

    def test_no_column_of_a_row_is_empty(self):
        """What is not known is a dash: in the first look there is nothing to take a difference to."""
        for program in (self.start(POOLS, "publish"), self.start(HEAP, "work")):
            _, *looks = cenote("top", program.pid, "-n", 2, "--interval", "0.3").stdout.split("cenote top: ")
            for look in looks:
                lines = look.splitlines()
                heading = next(i for i, line in enumerate(lines) if "block size" in line)
                rows = [re.split("  +", line.strip()) for line in lines[heading + 1:] if line]
                self.assertGreater(len(rows), 1)
                # The name has no heading.
                self.assertEqual({len(row) for row in rows}, {len(re.split("  +", lines[heading].strip())) + 1}, look)
            self.assertIn(" - ", looks[0])

    def test_orders(self):
        program = self.start(HEAP, "work")
        key = {"live_bytes": lambda r: -r["live_bytes"], "held_bytes": lambda r: -r["held_bytes"], "live": lambda r: -(r["live"] + r["in_magazines"]),
               "refills": lambda r: -r["per_second"]["refills"], "name": lambda r: (r["name"], r["id"], r["block_size"])}
        for order, of in key.items():
            rows = self.looks(program, "-n", 2, "--interval", "0.2", "--sort", order)[-1]["size_classes"]
            self.assertGreater(len(rows), 10)
            self.assertEqual([of(row) for row in rows], sorted(of(row) for row in rows), order)

    def test_into_a_file(self):
        program = self.start(HEAP, "work")
        time.sleep(0.2)
        report = self.report("top", program.pid, "-n", 1)
        self.assertIn("working", [each["name"] for each in report["heaps"]])
        self.assert_says(cenote("top", program.pid, "-n", 1, "-o", "/nowhere/x"), TROUBLE, "/nowhere/x")
        self.assert_says(cenote("top", program.pid, "-n", 1, "-o", "/dev/full"), TROUBLE, "No space left")

    def on_a_terminal(self, *words, lines=30, columns=150):
        """The tool on a terminal of that size: its number, and our end of it."""
        process, end = pty.fork()
        if process == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.execv(CENOTE, [CENOTE, *map(str, words)])
        self.addCleanup(os.close, end)
        return process, end

    def read_until(self, end, *parts):
        got = b""
        until = time.monotonic() + PATIENCE
        while not all(part in got for part in parts):
            self.assertLess(time.monotonic(), until, got)
            if select.select([end], [], [], 1)[0]:
                try:
                    got += os.read(end, 65536)
                except OSError:  # closed
                    self.fail(got)
        return got

    def test_on_a_terminal(self):
        program = self.start(HEAP, "work")
        for key in (b"q", b"\x03"):
            process, end = self.on_a_terminal("top", program.pid, "--interval", "0.2", lines=30)
            self.read_until(end, b"\x1b[?1049h", b"heap working", b"\x1b[J")
            self.assertFalse(termios.tcgetattr(end)[3] & (termios.ICANON | termios.ECHO))
            # Smaller: as many lines as there are, none wider.
            fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 7, 40, 0, 0))
            self.read_until(end, b"\x1b[J")
            drawn = self.read_until(end, b"\x1b[J").split(b"\x1b[H")[-1].split(b"\x1b[J")[0].replace(b"\r", b"").split(b"\n")
            self.assertLessEqual(len(drawn), 7)
            self.assertTrue(all(len(line.replace(b"\x1b[K", b"")) <= 40 for line in drawn), drawn)
            os.write(end, key)
            self.read_until(end, b"\x1b[?25h\x1b[?1049l")
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), FINE)

    def test_a_terminal_that_goes_away_ends_it(self):
        program = self.start(HEAP, "work")
        process, end = pty.fork()
        if process == 0:
            os.execv(CENOTE, [CENOTE, "top", str(program.pid), "--interval", "0.1"])
        self.read_until(end, b"heap working")
        os.close(end)
        self.assertIn(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), (128 + signal.SIGHUP, TROUBLE))

    # ---- what cannot be

    def test_what_cannot_be_watched_is_said_in_one_line(self):
        sleep = self.start(find("sleep"), 100, ready=False)
        silent = self.start(POOLS, "silent")
        gone = subprocess.Popen(["true"])
        gone.wait()
        for process, code, says in ((gone.pid, NOT_FOUND, f"there is no process {gone.pid}"),
                                    (sleep.pid, CANNOT_RUN, "does not use Cenote's heap"),
                                    (silent.pid, CANNOT_RUN, "cenote::publish()")):
            done = cenote("top", process)
            self.assert_says(done, code, says)
            self.assertEqual(done.stderr.count("\n"), 1)
            self.assertEqual(done.stdout, "")

    def test_one_of_another_version_is_not_asked(self):
        program = self.start(PROGRAMS / "other_version")
        self.assert_says(cenote("top", program.pid), CANNOT_RUN, "is of another version of Cenote")
        time.sleep(0.1)
        self.assertIsNone(program.poll())

    def test_one_that_ended_and_is_still_in_the_list(self):
        program = subprocess.Popen(["true"])
        while "Z" not in Path(f"/proc/{program.pid}/stat").read_text(encoding="ascii"):
            time.sleep(0.01)
        self.assert_says(cenote("top", program.pid), NOT_FOUND, f"there is no process {program.pid}")
        program.wait()

    def test_a_program_of_32_bits(self):
        # pause(), again and again, by Linux's call of 32 bits.
        code = bytes.fromhex("b81d000000cd80ebf7")
        head = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, 0x8048054, 52, 0, 0, 52, 32, 1, 0, 0, 0)
        part = struct.pack("<8I", 1, 0, 0x8048000, 0x8048000, 84 + len(code), 84 + len(code), 5, 4096)
        file = self.folder / "small"
        file.write_bytes(head + part + code)
        file.chmod(0o755)
        try:
            program = self.start(file, ready=False)
        except OSError:
            self.skipTest("no programs of 32 bits here")
        time.sleep(0.1)
        if program.poll() is not None:
            self.skipTest("no programs of 32 bits here")
        self.assert_says(cenote("top", program.pid), CANNOT_RUN, "32-bit x86")

    def test_a_thread_of_the_kernels(self):
        if not (os.path.exists("/proc/2/comm") and Path("/proc/2/comm").read_text(encoding="ascii") == "kthreadd\n"):
            self.skipTest("no such threads in this container")
        self.assert_says(cenote("top", 2), CANNOT_RUN, "another user's" if os.geteuid() else "is a thread of the kernel's")

    def test_another_users_process(self):
        if os.geteuid() != 0:
            self.assert_says(cenote("top", 1), CANNOT_RUN, "another user's")
            return
        program = self.start(HEAP, "work")
        self.assert_says(cenote("top", program.pid, user=65534), CANNOT_RUN, "another user's")
        # Root watches anybody.
        theirs = self.start(HEAP, "work", user=65534)
        self.assert_heap(self.looks(theirs, "-n", 2, "--interval", "0.3")[-1], "working")

    def test_wrong_command_lines(self):
        for words, says in (([], "PID"), (["x"], "PID"), (["0"], "PID"), (["-1"], ""), (["1", "2"], "2"),
                            (["1", "--interval", "0"], "--interval"), (["1", "-n", "0"], "--count"),
                            (["1", "--interval", "nan"], "nan is no number"), (["1", "--interval", "inf"], "not in range"),
                            (["1", "--sort", "size"], "{live_bytes,live,held_bytes,refills,name}")):
            with self.subTest(words=words):
                self.assert_says(cenote("top", *words), USAGE, says)


if __name__ == "__main__":
    main()
