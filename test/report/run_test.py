#!/usr/bin/python3
"""Running suites: by a ./dev that answers from a file, or does not end by itself."""

import contextlib
import io
import json
import os
import pathlib
import tempfile
import unittest
from unittest import mock

import results  # first: it says where the code under test is

import run

# bench SUITE --json FILE ...: by the first word of what SUITE.answer has.
DEV = """#!/bin/sh
echo "$@" >> "{folder}/asked"
read -r word < "{folder}/$2.answer"
case $word in
result) tail -n +2 "{folder}/$2.answer" > "$4" ;;
partly) tail -n +2 "{folder}/$2.answer" > "$4"; exit 1 ;;
broken) echo '{{' > "$4" ;;
fail) exit 3 ;;
hang) echo $$ > "{folder}/hanging"; kill -INT $PPID; sleep 100 ;;
esac
"""


class Run(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.into = self.folder / "results"
        dev = self.folder / "dev"
        dev.write_text(DEV.format(folder=self.folder), encoding="utf-8")
        dev.chmod(0o755)
        patched = mock.patch.object(run, "DEV", dev)
        patched.start()
        self.addCleanup(patched.stop)

    def answer(self, suite, word, commit=None):
        text = json.dumps(results.result(suite, [], commit=commit)) if commit else ""
        (self.folder / f"{suite}.answer").write_text(f"{word}\n{text}", encoding="utf-8")

    def run_suites(self, *suites, quick=False, pattern=None):
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said):
                return run.run(suites, self.into, quick, pattern)
        finally:
            self.said = said.getvalue()

    def commit_of(self, suite):
        return json.loads((self.into / f"{suite}.json").read_text(encoding="utf-8"))["method"]["commit"]

    def test_one_after_the_other_with_an_estimate(self):
        self.answer("worst", "result", "a")
        self.answer("levels", "result", "b")
        self.assertTrue(self.run_suites("worst", "levels"))
        self.assertEqual((self.commit_of("worst"), self.commit_of("levels")), ("a", "b"))
        self.assertIn("worst, levels: about 2 minutes", self.said)
        self.assertIn("levels (2 of 2)", self.said)

    def test_the_estimate_is_what_it_took_the_last_time(self):
        results.write(self.into, results.result("levels", [], seconds=600.0))
        self.answer("levels", "result", "b")
        self.run_suites("levels")
        self.assertIn("levels: about 10 minutes", self.said)

    def test_options_are_passed_on(self):
        self.answer("levels", "result", "a")
        self.run_suites("levels", quick=True, pattern="one block")
        asked = (self.folder / "asked").read_text(encoding="utf-8")
        self.assertRegex(asked, r"^bench levels --json \S+ --quick --filter one block\n$")

    def test_interrupted_what_is_finished_stays(self):
        results.write(self.into, results.result("levels", [], commit="old"))
        self.answer("worst", "result", "new")
        self.answer("levels", "hang")
        with self.assertRaises(KeyboardInterrupt):
            self.run_suites("worst", "levels")
        self.assertEqual((self.commit_of("worst"), self.commit_of("levels")), ("new", "old"))
        self.assertIn("interrupted in levels", self.said)
        self.assertEqual(sorted(file.name for file in self.into.iterdir()), ["levels.json", "worst.json"])
        with self.assertRaises(ProcessLookupError):  # nor does the suite go on
            os.kill(int((self.folder / "hanging").read_text(encoding="utf-8")), 0)

    def test_a_suite_that_fails_leaves_what_was_there_and_the_next_one_runs(self):
        results.write(self.into, results.result("worst", [], commit="old"))
        for word in ("fail", "broken"):
            self.answer("worst", word)
            self.answer("levels", "result", "new")
            self.assertFalse(self.run_suites("worst", "levels"))
            self.assertEqual((self.commit_of("worst"), self.commit_of("levels")), ("old", "new"))
            self.assertIn("worst ended with", self.said)
            self.assertEqual(sorted(file.name for file in self.into.iterdir()), ["levels.json", "worst.json"])

    def test_a_suite_of_which_a_part_failed_is_kept_and_said(self):
        self.answer("worst", "partly", "new")
        self.assertFalse(self.run_suites("worst"))
        self.assertEqual(self.commit_of("worst"), "new")
        self.assertIn("something in it failed", self.said)

    def test_broken_results_of_before_do_not_stop_it(self):
        self.into.mkdir()
        (self.into / "worst.json").write_text("{", encoding="utf-8")
        self.answer("worst", "result", "new")
        self.assertTrue(self.run_suites("worst"))
        self.assertEqual(self.commit_of("worst"), "new")

    def test_all_of_it_takes_about_forty_minutes(self):
        self.assertLessEqual(sum(suite.minutes for suite in run.SUITES.values()), 42)


if __name__ == "__main__":
    unittest.main()
