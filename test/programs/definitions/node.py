"""node makes and compresses buffers, writes and reads JSON, and has worker threads that do the same."""

from pathlib import Path

from process import find
from program import Program, expect

SCRIPT = Path(__file__).resolve().parent.parent / "work" / "buffers.js"
WORKERS = 2


class Node(Program):
    name = "node"
    needs = {"node": "nodejs"}

    def work(self, large):
        return 2500 if large else 500  # rounds of each thread

    def run(self, leg, folder, work):
        return leg.run(find("node"), SCRIPT, work, WORKERS).decode()

    def check(self, answer, work):
        lines = answer.splitlines()
        expect("lines", len(lines), 1 + WORKERS)
        for line in lines:
            expect("rounds whose data came back as it was", line.split()[1], str(work))
