"""What the tests of the commands share."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CENOTE = os.environ["CENOTE"]
PROGRAMS = Path(os.environ["CENOTE_PROGRAMS"])
DEEDS = PROGRAMS / "deeds"
PATIENCE = 240

FINE, FINDING, USAGE, TROUBLE, CANNOT_RUN, NOT_FOUND = 0, 1, 2, 125, 126, 127


def cenote(*words, **options):
    """Runs the tool; its streams are text unless they are redirected."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([CENOTE, *map(str, words)], text=True, timeout=PATIENCE, check=False, **options)


class Case(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="cenote_test_")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def assert_says(self, done, code, *parts):
        """The exit code, and what has to stand in what was written."""
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, code, said)
        for part in parts:
            self.assertIn(part, said)

    def report(self, *words, code=FINE, **options):
        """What a command says as JSON."""
        command, *rest = words
        file = self.folder / "report.json"
        done = cenote(command, "--json", "-o", file, *rest, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(file.read_text(encoding="utf-8"))

    def names(self, diagnosis, gravity="finding"):
        return [each["what"] for each in diagnosis["all"] if each["gravity"] == gravity]


def main():
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
