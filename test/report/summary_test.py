#!/usr/bin/python3
"""Who is best where: what is counted, and what is no difference."""

import unittest

import results  # first: it says where the code under test is

import load
import summary


def compared(figures):
    raw = results.pools(figures)
    return list(summary.comparisons({"pools": load.parse(raw, "pools")}))


def said(figures):
    return summary.section({"pools": load.parse(results.pools(figures), "pools")})


class Verdicts(unittest.TestCase):
    def verdict(self, **figures):
        (found,) = compared({"W1": figures})
        return found.verdict, found.ours.subject, found.other.subject, [row.subject for row in found.winners]

    def test_ahead_behind_and_no_difference(self):
        self.assertEqual(self.verdict(object_pool=1.0, jemalloc=2.0), ("ahead", "object_pool", "jemalloc", []))
        self.assertEqual(self.verdict(object_pool=2.0, jemalloc=1.0), ("behind", "object_pool", "jemalloc", ["jemalloc"]))
        self.assertEqual(self.verdict(object_pool=1.0, jemalloc=1.2), ("no difference", "object_pool", "jemalloc", []))

    def test_all_that_win_are_named(self):
        self.assertEqual(self.verdict(object_pool=9.0, jemalloc=1.0, mimalloc=1.1, tcmalloc=3.0)[3], ["jemalloc", "mimalloc"])

    def test_of_those_that_are_best_only_who_differs_from_ours_wins(self):
        # mimalloc is no worse than jemalloc, and no better than ours, which jemalloc beats.
        verdict, _, other, winners = self.verdict(object_pool=1.4, jemalloc=1.0, mimalloc=1.3)
        self.assertEqual((verdict, other, winners), ("behind", "jemalloc", ["jemalloc"]))

    def test_references_do_not_compete(self):
        self.assertEqual(self.verdict(object_pool=1.0, jemalloc=2.0, limit=0.1)[0], "ahead")
        self.assertEqual(compared({"W1": {"object_pool": 1.0, "limit": 0.1}}), [])


class Counts(unittest.TestCase):
    def test_a_row_in_two_charts_is_counted_once(self):
        # W3 and memory have a chart each, and are a point of a line.
        titles = [each.title for each in compared(results.ONE_OF_EACH)]
        self.assertEqual(len(titles), len(results.ONE_OF_EACH))
        self.assertEqual(sum("100,000" in title and "Replace" in title for title in titles), 0)

    def test_rows_and_workloads(self):
        figures = {name: {"object_pool": ours, "jemalloc": 20.0} for name, ours in
                   {"W1": 10.0, "W3": 10.0, "W3/1k": 21.0, "W3/10k": 90.0, "W3/10M": 10.0, "W6": 50.0, "W3b": 20.0}.items()}
        text = said(figures)
        self.assertIn("7 rows of 4 workloads", text)
        self.assertIn("ahead in 3, in 2 there is no difference to the best of others, and in 2 it is behind", text)
        self.assertIn("ahead in 1 (in some rows, behind in none), behind in 1 (in some rows, ahead in none), both in 1, "
                      "and without a difference in 1.", text)

    def test_rows_that_others_win_are_listed_with_the_winner(self):
        text = said({"W1": {"object_pool": 2.0, "boost::pool": 1.0, "jemalloc": 3.0}})
        self.assertIn("Rows that others win: 1", text)
        self.assertIn('<td class="text">boost::pool 1</td>', text)
        self.assertIn('<td class="best">1.00<small>boost::pool 1.12 – 1.50</small></td><td>2.00</td><td>2.00</td><td>behind</td>', text)

    def test_means_over_programs_are_not_counted(self):
        found = list(summary.comparisons({"programs": load.parse(results.programs(), "programs")}))
        self.assertEqual([each.title for each in found], ["Time of each program: git", "Time of each program: perl"])

    def test_nothing_was_measured(self):
        self.assertIn("Not measured in these results.", summary.section({}))


class Targets(unittest.TestCase):
    def test_what_is_missed_is_said(self):
        raw = results.result("pools", [])
        raw["targets"] = [{"name": "W1", "limit": 1.1, "measured": 2.0, "met": False}, {"name": "W3", "limit": 1.1, "measured": 1.0, "met": True}]
        text = summary.targets({"pools": load.parse(raw, "pools")})
        self.assertIn("Of 2 it meets 1 and misses 1", text)
        self.assertIn("<td>1.10</td><td>2.00</td><td><strong>missed</strong></td>", text)
        self.assertIn("<td>1.10</td><td>1.00</td><td>met</td>", text)

    def test_there_are_none(self):
        self.assertIn("Not measured in these results.", summary.targets({}))


if __name__ == "__main__":
    unittest.main()
