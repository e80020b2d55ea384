#!/usr/bin/python3
"""Reading results: who is best, and what is said of files that are broken."""

import json
import pathlib
import tempfile
import unittest

import results  # first: it says where the code under test is

import load
import names


def parsed(figures, quartiles=True):
    return load.parse(results.pools(figures, quartiles), "pools")


def best_of(figures):
    return [row.subject for row in load.best(parsed({"W1": figures}).of("W1"))]


class Best(unittest.TestCase):
    def test_a_peer_that_wins_is_best(self):
        self.assertEqual(best_of({"object_pool": 2.0, "boost::pool": 1.0, "jemalloc": 3.0}), ["boost::pool"])

    def test_all_that_are_level_by_what_is_written(self):
        figures = {"object_pool": 1.001, "boost::pool": 1.0, "jemalloc": 1.01}
        rows = parsed({"W1": figures}, quartiles=False).of("W1")
        self.assertEqual([row.subject for row in load.best(rows)], ["object_pool", "boost::pool"])

    def test_where_the_spreads_meet_there_is_no_difference(self):
        # From 1.125 to 1.5 of the least each.
        self.assertEqual(best_of({"object_pool": 1.0, "boost::pool": 1.3, "jemalloc": 1.4}), ["object_pool", "boost::pool"])

    def test_the_least_of_one_with_a_wide_spread_does_not_hide_who_is_beaten(self):
        wide = results.row("W1", "object_pool", 1.0)
        wide["quartiles"] = [1.0, 2.0, 9.0]
        rows = [wide, results.row("W1", "boost::pool", 2.0), results.row("W1", "jemalloc", 4.0)]
        found = load.parse(results.result("pools", rows), "pools").of("W1")
        self.assertEqual([row.subject for row in load.best(found)], ["object_pool", "boost::pool"])

    def test_a_step_of_the_clock_is_no_difference_between_single_calls(self):
        def best_tail(figures):
            found = parsed({"W7b/p99": figures}, quartiles=False).of("W7b/p99")
            return [row.subject for row in load.best(found)]

        self.assertEqual(best_tail({"object_pool": 0.0, "jemalloc": 10.0149}), ["object_pool", "jemalloc"])
        self.assertEqual(best_tail({"object_pool": 40.0, "jemalloc": 50.0149}), ["object_pool", "jemalloc"])
        self.assertEqual(best_tail({"object_pool": 60.0, "jemalloc": 40.0}), ["jemalloc"])
        self.assertEqual(best_of({"object_pool": 2.0, "jemalloc": 10.0}), ["object_pool"])  # many calls at once: the clock can tell

    def test_references_and_wrong_lists_are_never_best(self):
        self.assertEqual(best_of({"limit": 0.1, "untagged CAS list": 0.2, "object_pool per thread": 0.3, "jemalloc": 3.0}), ["jemalloc"])

    def test_what_frees_all_at_once_is_left_out(self):
        self.assertEqual([row.subject for row in parsed({"W1": {"arena": 0.1, "jemalloc": 3.0}}).of("W1")], ["jemalloc"])


class Rows(unittest.TestCase):
    def test_the_spread(self):
        (row,) = parsed({"W1": {"jemalloc": 8.0}}).of("W1")
        self.assertEqual((row.value, row.quartiles, row.median, row.largest), (8.0, (9.0, 12.0), 10.0, 64.0))

    def test_results_without_quartiles(self):
        (row,) = parsed({"W1": {"jemalloc": 8.0}}, quartiles=False).of("W1")
        self.assertEqual((row.value, row.quartiles, row.median, row.largest), (8.0, None, 10.0, None))

    def test_other_units(self):
        (row,) = parsed({"memory": {"jemalloc": 66.0}}).of("memory")
        self.assertEqual((row.value, row.unit), (66.0, "bytes"))

    def test_programs_are_over_glibc_round_by_round(self):
        rows = {row.subject: row for row in load.parse(results.programs(), "programs").of("perl/time")}
        self.assertAlmostEqual(rows["cenote"].value, 0.9)
        self.assertAlmostEqual(rows["cenote"].quartiles[0], 0.9)

    def test_a_mean_over_programs_has_the_spread_of_its_rounds(self):
        raw = results.programs()
        for row in raw["rows"]:
            if row["subject"] == "cenote" and "rounds" in row:
                row["rounds"][2] *= 1.21
        rows = {row.subject: row for row in load.parse(raw, "programs").of("geometric mean/time")}
        self.assertEqual(rows["cenote"].value, 0.99)  # as the suite wrote it
        mean = (0.9 * 1.1) ** 0.5
        for found, expected in zip(rows["cenote"].quartiles, (mean, mean * 1.105)):
            self.assertAlmostEqual(found, expected)

    def test_a_workload_is_the_same_with_other_numbers_and_shares(self):
        same = [{"W3", "W3/1k", "W3/10M"}, {"W3/written", "W3/1M/written"}, {"W7b/2/free/p50", "W7b/2/free/max"}, {"W4/1", "W4/32"},
                {"replace/100k/1K", "replace/1k/64K"}]
        for works in same:
            self.assertEqual(len({names.work(name) for name in works}), 1, works)
        self.assertEqual(len({names.work(name) for names_of in same for name in names_of}), len(same))

    def test_targets_are_those_with_a_limit_that_were_measured(self):
        raw = results.result("pools", [])
        raw["targets"] = [{"name": name, "limit": limit, "measured": measured, "met": met} for name, limit, measured, met in
                          (("speed", 1.1, 1.2, False), ("only reported", None, 3.0, None), ("left out", 1.0, None, None))]
        self.assertEqual(load.parse(raw, "pools").targets, [load.Target("speed", 1.1, 1.2, False)])

    def test_figures_have_three_digits(self):
        written = {0: "0", 0.05: "0.050", 0.512: "0.51", 0.9487: "0.95", 9.996: "10.0", 99.96: "100", 1.0: "1.00", 12.34: "12.3", 123.4: "123", 12345.6: "12,346", None: "–"}
        self.assertEqual({value: names.figure(value) for value in written}, written)


class Broken(unittest.TestCase):
    def refused(self, text):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "pools.json").write_bytes(text)
            with self.assertRaises(load.Broken) as raised:
                load.load(folder)
        message = str(raised.exception)
        self.assertIn("pools.json: ", message)
        self.assertNotIn("\n", message)
        return message

    def test_what_is_no_json(self):
        self.assertIn("no JSON", self.refused(b'{"machine": '))
        self.assertIn("no JSON", self.refused(b"\xff\xfe"))
        self.assertIn("no JSON object", self.refused(b"[]"))

    def test_a_part_that_is_missing(self):
        self.assertIn("no rows", self.refused(json.dumps({**results.pools({}), "rows": None}).encode()))

    def test_another_suite(self):
        self.assertIn("of the suite threads, not pools", self.refused(json.dumps(results.result("threads", [])).encode()))

    def test_rows_that_are_none(self):
        self.assertIn("no subject", self.refused(json.dumps(results.result("pools", [{"workload": "W1", "size": 64}])).encode()))
        self.refused(json.dumps(results.result("pools", [7])).encode())
        empty = {**results.row("W1", "jemalloc", 1.0), "ns_min": None}
        self.assertIn("no figure", self.refused(json.dumps(results.result("pools", [empty])).encode()))

    def test_a_suite_that_was_not_measured_is_no_fault(self):
        with tempfile.TemporaryDirectory() as name:
            self.assertEqual(load.load(pathlib.Path(name)), {})


if __name__ == "__main__":
    unittest.main()
