"""The two servers of the demo, and the load that redis-benchmark puts on them."""

import json
import os
import re
import signal
import socket
import subprocess
import time


class Server:
    """One packet_server process on a free loopback port."""

    def __init__(self, programs, memory, folder, *options, threads=1):
        self.memory = memory
        options = ("--threads", str(threads), *options)
        self.report_path = os.path.join(folder, "%s-%d.json" % (memory, len(os.listdir(folder))))
        self.process = subprocess.Popen(
            [os.path.join(programs, "packet_server"), "--memory=" + memory, "--port", "0", "--report", self.report_path, *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        first = self.process.stdout.readline()
        if not first.startswith("listening on "):
            raise SystemExit("demo: the server did not start: %r" % first)
        self.port = int(first.rsplit(":", 1)[1])

    def live_sessions(self):
        """Sessions and packets that live, without those of this question."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as c:
            c.sendall(b"INFO cenote\r\n")
            text = b""
            while b"pool_" not in text and b"allocator_share_of_cpu" not in text:
                data = c.recv(65536)
                if not data:
                    raise SystemExit("demo: the server closed the connection")
                text += data
        live = {k: int(n) for k, n in re.findall(r"(session|packet):live=(\d+)", text.decode())}
        return live["session"] - 1 + live["packet"] - 1

    def stop(self):
        """Waits until all clients have left, ends the server, and returns its report."""
        deadline = time.monotonic() + 5
        while self.live_sessions() != 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.2)  # for the connection that asked
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=20)
        with open(self.report_path) as file:
            report = json.load(file)
        report["exit_code"] = self.process.returncode
        return report

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def benchmark(port, tests, pipeline, requests, keys=100_000, threads=1):
    """One run of redis-benchmark. Returns, by test, requests per second and latencies in milliseconds."""
    parallel = ["--threads", str(threads)] if threads > 1 else []
    done = subprocess.run(
        ["redis-benchmark", "-h", "127.0.0.1", "-p", str(port), "-t", ",".join(tests), "-c", "50", "-P", str(pipeline)]
        + ["-d", "64", "-r", str(keys), "-n", str(requests), "--precision", "3"]
        + parallel,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode != 0:
        raise SystemExit("demo: redis-benchmark failed: " + done.stderr.strip())
    return parse(done.stdout)


def parse(output):
    """Takes the figures out of what redis-benchmark prints. It has p50 and p99 in its summary; p99.9 is the first line
    of its distribution at or above 99.9 %."""
    results = {}
    for name, body in re.findall(r"====== (.*?) ======\n(.*?throughput summary:.*?\n.*?\n.*?\n.*?\n)", output, re.S):
        latency = [(float(p), float(ms)) for p, ms in re.findall(r"^([\d.]+)% <= ([\d.]+) milliseconds", body, re.M)]
        distribution = latency[: next((i + 1 for i, (p, _) in enumerate(latency) if p == 100.0), len(latency))]
        at_least = lambda share: next(ms for p, ms in distribution if p >= share)
        results[name.split(" ")[0]] = {
            "rps": float(re.search(r"throughput summary: ([\d.]+)", body).group(1)),
            "p50": at_least(50),
            "p99": at_least(99),
            "p99.9": at_least(99.9),
        }
    return results
