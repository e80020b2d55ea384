#!/usr/bin/python3
"""docs/benchmarks.html and the README's figures, drawn from small results."""

import html.parser
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

import results  # first: it says where the code under test is

import charts
import figures
import load
import page

REPORT = results.PROJECT / "bench" / "report" / "report.py"
EMPTY_ELEMENTS = {"meta", "link", "br", "img", "input", "hr"}


class Reader(html.parser.HTMLParser):
    """Every element is closed where it should be; collects ids, links, and the rows of tables."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.references, self.attributes, self.rows = [], [], [], [], []
        self.faults = []
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append(f"not closed: {self.open}")

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in EMPTY_ELEMENTS:
            self.open.append(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        self.references += [attributes[name] for name in ("src", "href", "data", "action") if name in attributes]
        self.attributes.append((tag, attributes))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append(["", attributes.get("class") == "best"])

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in EMPTY_ELEMENTS:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th") and self.rows and self.rows[-1]:
            self.rows[-1][-1][0] += data


def parsed(*raw):
    return {each["method"]["suite"]: load.parse(each, each["method"]["suite"]) for each in raw}


def drawn(found):
    return page.page(found, pathlib.Path("/project/bench/results"), pathlib.Path("/project/docs/benchmarks.html"))


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.found = parsed(results.pools(results.ONE_OF_EACH), results.programs())
        cls.text = drawn(cls.found)
        cls.read = Reader(cls.text)

    def rows(self, name):
        return [row for row in self.read.rows if row and row[0][0] == name]

    def test_it_is_well_formed(self):
        self.assertEqual(self.read.faults, [])
        self.assertEqual(len(self.read.ids), len(set(self.read.ids)))

    def test_it_needs_nothing_but_itself(self):
        for reference in self.read.references:
            self.assertNotRegex(reference, r"^(https?:)?//|^data:")
        self.assertNotRegex(self.text, r"url\((?!#)|@import|<script|<link|<img|<iframe")

    def test_links_within_lead_somewhere(self):
        for reference in self.read.references:
            if reference.startswith("#"):
                self.assertIn(reference[1:], self.read.ids)

    def test_links_to_the_raw_results_beside_it(self):
        self.assertIn("../bench/results/pools.json", self.read.references)
        self.assertIn("../bench/results/programs.json", self.read.references)

    def test_the_best_is_marked_whoever_it_is(self):
        # One allocated and freed: level. A thousand live: a peer. Memory: another.
        self.assertIn([["boost::pool", False], ["1.00", True]], [row[:2] for row in self.rows("boost::pool")])
        self.assertIn([["object_pool", False], ["1.00", True]], [row[:2] for row in self.rows("object_pool")])
        self.assertIn([["jemalloc", False], ["64.1", True]], [row[:2] for row in self.rows("jemalloc")])
        self.assertFalse(any(best for row in self.rows("limit") for _, best in row))

    def test_rows_of_a_table_are_in_the_order_of_their_figures(self):
        view = page.SECTIONS[0].views[0]
        self.assertEqual([name for name, _ in view.table(self.found).lines], ["object_pool", "boost::pool", "jemalloc"])
        beside = page.SECTIONS[0].views[1]
        self.assertEqual([name for name, _ in beside.table(self.found).lines], ["object_pool", "boost::pool", "jemalloc"])

    def test_the_best_is_marked_for_each_number_of_live_objects(self):
        growth = [["1.00", True], ["3.00", False], ["90.0", False]]  # 1,000; 100,000; 10 million
        self.assertIn(growth, [[cell for cell in row[1:]] for row in self.rows("boost::pool")])

    def test_quartiles_are_stated(self):
        row = next(row for row in self.rows("jemalloc") if row[1][0] == "4.00")
        self.assertEqual([text for text, _ in row[2:]], ["4.50 – 6.00", "5.00", "32.0", "4.00"])

    def test_a_program_that_failed(self):
        (row,) = [row for row in self.rows("git") if len(row) == 4]
        self.assertEqual(row[3][0], "failed")

    def test_every_chart_speaks(self):
        charts = [attributes for tag, attributes in self.read.attributes if tag == "svg"]
        self.assertGreater(len(charts), 4)
        for attributes in charts:
            self.assertEqual(attributes["role"], "img")
            for name in attributes["aria-labelledby"].split():
                self.assertIn(name, self.read.ids)
        self.assertIn("ns, less is better, best first: object_pool 1.50, boost::pool 3.00, jemalloc 6.00.", self.text)

    def test_charts_are_svg(self):
        for chart in re.findall(r"<svg.*?</svg>", self.text, re.DOTALL):
            ElementTree.fromstring(chart)

    def test_light_and_dark(self):
        self.assertIn("prefers-color-scheme: dark", self.text)
        for chart in re.findall(r"<svg.*?</svg>", self.text, re.DOTALL):
            self.assertNotRegex(chart, r"(fill|stroke): #[0-9a-f]{6}(?<!#ffffff)")

    def test_what_a_machine_says_is_text(self):
        self.assertIn("A &amp; B &lt;1&gt;", self.text)
        self.assertIn("frequency governor", self.text)
        self.assertIn("abcdef0", self.text)

    def test_how_many_processors_threads_had(self):
        threads = results.result("threads", [results.row("W4/1", "jemalloc", 1.0), results.row("W4/2", "jemalloc", 2.0)])
        self.assertIn("This machine has 2 processors", drawn(parsed(threads)))

    def test_a_suite_that_was_not_measured(self):
        self.assertIn("Not measured in these results: Create, as it came; Destroy, as it came;", self.text)
        self.assertIn("<code>./dev report worst</code>", self.text)

    def test_a_workload_that_was_not_measured(self):
        self.assertRegex(self.text, r"Not measured in these results: [^<]*Build a list of 1 million and walk it")

    def test_the_same_results_give_the_same_page(self):
        self.assertEqual(drawn(self.found), self.text)


class Others(unittest.TestCase):
    def test_nothing_was_measured(self):
        read = Reader(drawn({}))
        self.assertEqual(read.faults, [])
        for reference in read.references:
            if reference.startswith("#"):
                self.assertIn(reference[1:], read.ids)

    def test_a_quick_run_says_so(self):
        self.assertIn("Quick runs", drawn(parsed(results.result("pools", [], quick=True))))

    def test_results_of_before_dates_and_quartiles(self):
        old = results.pools(results.ONE_OF_EACH, quartiles=False)
        for name in ("date", "commit", "seconds"):
            del old["method"][name]
        del old["machine"]["load_average_after"]
        text = drawn(parsed(old))
        self.assertEqual(Reader(text).faults, [])
        self.assertIn("not recorded", text)

    def test_a_machine_is_described_once_also_where_a_suite_says_less_of_it(self):
        more = results.result("heap", [])
        more["machine"]["tick_clock"] = "rdtsc"
        other = results.result("levels", [])
        other["machine"]["cores"] = 64
        text = drawn(parsed(results.pools({}), more, other))
        self.assertIn("Machine of pools, heap<", text)
        self.assertIn("Machine of levels<", text)
        self.assertEqual(text.count("rdtsc"), 1)

    def test_a_busy_machine_is_named_unless_the_load_was_that_of_the_suite_before(self):
        busy = {"load_average_before": [2.0, 2.0, 2.0]}
        first = results.pools({})
        later = results.result("heap", [], date="2026-01-02T03:05:40Z")  # 5 s after
        later["machine"].update(busy)
        self.assertNotIn("not idle", drawn(parsed(first, later)))
        first["machine"].update(busy)
        self.assertRegex(drawn(parsed(first, later)), "not idle when these began[^<]*: pools\\.")


class Ticks(unittest.TestCase):
    def test_of_bytes_are_powers_of_two_apart(self):
        for unit in ("bytes", "MiB"):
            for highest, step in ((102.0, 32), (286.0, 64), (1500.0, 256), (0.5, 0.125)):
                ticks = charts.ticks_of(unit, highest).tick_values(0, highest)
                self.assertEqual({after - before for before, after in zip(ticks, ticks[1:])}, {step})
                self.assertIn(0, ticks)

    def test_of_times_are_round_in_tens(self):
        self.assertIn(60, charts.ticks_of("ns", 100.0).tick_values(0, 100.0))


class Figures(unittest.TestCase):
    def test_they_are_svg_that_need_nothing_else(self):
        with tempfile.TemporaryDirectory() as name:
            written = figures.write(parsed(results.pools(results.ONE_OF_EACH)), pathlib.Path(name))
            self.assertEqual(sorted(file.name for file in written), ["live.svg", "pools.svg", "tails.svg"])
            for file in written:
                text = file.read_text(encoding="utf-8")
                ElementTree.fromstring(text)
                self.assertNotIn("http", text.replace("http://www.w3.org/2000/svg", ""))
                self.assertIn("<title", text)
                self.assertIn("less is better", text)


class Command(unittest.TestCase):
    def report(self, folder):
        return subprocess.run([sys.executable, REPORT, "--from-results", "--results", folder / "results", "--output", folder],
                              capture_output=True, text=True, check=False)

    def test_it_writes_all_three(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            results.write(folder / "results", results.pools({"W3": results.ONE_OF_EACH["W3"]}))
            marked = "<!-- figures of pools: written by ./dev report -->\n<!-- end of figures -->\n"
            (folder / "README.md").write_text(marked, encoding="utf-8")
            done = self.report(folder)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("**1.50**", (folder / "README.md").read_text(encoding="utf-8"))
            self.assertTrue((folder / "docs" / "figures" / "pools.svg").exists())
            self.assertIn('href="../results/pools.json"', (folder / "docs" / "benchmarks.html").read_text(encoding="utf-8"))

    def test_broken_results_are_one_line_and_nothing_is_written(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            results.write(folder / "results", results.pools(results.ONE_OF_EACH))
            (folder / "results" / "heap.json").write_text("{", encoding="utf-8")
            done = self.report(folder)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"\Areport: [^\n]*heap\.json: no JSON: [^\n]*\n\Z")
            self.assertFalse((folder / "docs").exists())


if __name__ == "__main__":
    unittest.main()
