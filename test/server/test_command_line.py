"""The command line of the server."""

import socket
import subprocess
import tempfile
import unittest

from support import PATIENCE, SERVER, Server, main


def run(*arguments):
    """For command lines that the server does not start with."""
    return subprocess.run([SERVER, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE)


class CommandLine(unittest.TestCase):
    def test_help_and_version(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        for option in ("--memory", "--port", "--max-clients", "--record", "--report"):
            self.assertIn(option, done.stdout)
        self.assertRegex(run("--version").stdout, r"^\d+\.\d+\.\d+\n$")

    def test_what_is_wrong_is_named(self):
        for arguments, message in (
            (["--what"], "--what"),
            (["what"], "what"),
            (["--memory=heap"], "--memory"),
            (["--port", "x"], "--port"),
            (["--port", "65536"], "--port"),
            (["--port", "-1"], "--port"),
            (["--port"], "--port"),
            (["--bind", "nowhere"], "--bind"),
            (["--max-clients", "0"], "--max-clients"),
            (["--max-frame", "10"], "--max-frame"),
            (["--max-frame", "4gb"], "--max-frame"),
            (["--max-memory", "much"], "--max-memory"),
            (["--sample-every", "-1"], "--sample-every"),
            (["--threads", "0"], "--threads"),
            (["--threads", "65"], "--threads"),
            (["--threads", "2", "--record", "pattern"], "--record: records one thread"),
        ):
            done = run(*arguments)
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertIn(message, done.stderr, arguments)
            self.assertNotIn("listening", done.stdout)

    def test_sizes_with_units(self):
        with Server("pools", "--max-frame", "2mb", "--max-memory", "64 kb") as server:
            self.assertEqual(server.command("CONFIG", "GET", "proto-max-bulk-len")[1], b"2097152")
            self.assertEqual(server.command("CONFIG", "GET", "maxmemory")[1], b"65536")

    def test_an_address_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = run("--port", taken.getsockname()[1])
            self.assertEqual(done.returncode, 1)
            self.assertIn("Address already in use", done.stderr)

    def test_only_loopback_unless_told_otherwise(self):
        with Server("pools") as server:
            with open("/proc/net/tcp") as file:
                bound = [line.split()[1] for line in file if line.split()[1].endswith(":%04X" % server.port)]
            self.assertEqual(set(bound) & {"00000000:%04X" % server.port}, set())

    def test_files_that_cannot_be_written(self):
        done = run("--port", 0, "--record", "/nonexistent/record")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot record", done.stderr)

    def test_a_report_that_cannot_be_written_is_an_error(self):
        process = subprocess.Popen(
            [SERVER, "--port", "0", "--report", "/nonexistent/report"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.assertIn("listening", process.stdout.readline())
        process.terminate()
        errors = process.communicate(timeout=PATIENCE)[1]
        self.assertEqual(process.returncode, 1)
        self.assertIn("cannot write /nonexistent/report", errors)

    def test_too_few_file_handles_make_fewer_clients(self):
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(
                ["bash", "-c", "ulimit -n 50; exec \"$0\" \"$@\"", SERVER, "--port", "0"],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            try:
                port = int(process.stdout.readline().rsplit(":", 1)[1])
                clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
                replies = []
                for each in clients:
                    try:
                        each.sendall(b"PING\r\n")
                        replies.append(each.recv(100)[:5])
                    except ConnectionError:
                        replies.append(b"-ERR ")
                self.assertEqual(replies.count(b"+PONG"), 18)
                for each in clients:
                    each.close()
            finally:
                process.terminate()
                process.communicate(timeout=PATIENCE)
            self.assertEqual(process.returncode, 0)
            errors.seek(0)
            self.assertIn("18 clients at most", errors.read())


if __name__ == "__main__":
    main()
