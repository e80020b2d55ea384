#!/usr/bin/python3
"""The tables of the READMEs."""

import pathlib
import tempfile
import unittest

import results  # first: it says where the code under test is

import load
import table

EMPTY = "before\n" + table.BEGIN.format("pools") + "replaced\n" + table.END + "after\n"


def filled(figures, chinese=False, text=EMPTY):
    return table.filled(text, {"pools": load.parse(results.pools(figures), "pools")}, chinese)


class Tables(unittest.TestCase):
    def test_the_best_of_a_column_is_bold_whoever_it_is(self):
        written = filled(results.ONE_OF_EACH)
        self.assertIn("| object_pool | **1.00** | **1.50** | 64.3 |", written)
        self.assertIn("| boost::pool | **1.00** | 3.00 | 67.0 |", written)
        self.assertIn("| jemalloc | 4.00 | 6.00 | **64.1** |", written)

    def test_rows_are_in_the_order_of_their_figures(self):
        written = filled({"W1": {"object_pool": 3.0, "boost::pool": 2.0, "jemalloc": 1.0}})
        self.assertLess(written.index("jemalloc"), written.index("boost::pool"))
        self.assertLess(written.index("boost::pool"), written.index("object_pool"))

    def test_a_peer_that_is_missing(self):
        written = filled({"W1": {"object_pool": 3.0, "boost::pool": 2.0}, "W3": {"object_pool": 3.0}})
        self.assertIn("| boost::pool | **2.00** | – |", written)
        self.assertNotIn("jemalloc", written)

    def test_the_rest_of_the_text_stays(self):
        written = filled(results.ONE_OF_EACH)
        self.assertTrue(written.startswith("before\n" + table.BEGIN.format("pools")))
        self.assertTrue(written.endswith(table.END + "after\n"))
        self.assertNotIn("replaced", written)

    def test_filled_again_it_is_the_same(self):
        for chinese in (False, True):
            once = filled(results.ONE_OF_EACH, chinese)
            self.assertEqual(filled(results.ONE_OF_EACH, chinese, once), once)

    def test_chinese_headings(self):
        written = filled(results.ONE_OF_EACH, True)
        self.assertIn("每对象字节数", written)
        self.assertIn(table.ORDER_CHINESE, written)
        self.assertNotIn(table.ORDER, written)

    def test_a_readme_without_markers_is_left_as_it_was(self):
        with tempfile.TemporaryDirectory() as name:
            readme = pathlib.Path(name) / "README.md"
            readme.write_text("nothing\n", encoding="utf-8")
            with self.assertRaisesRegex(load.Broken, "README.md: no marker lines for the figures of pools"):
                table.refresh(readme, {"pools": load.parse(results.pools(results.ONE_OF_EACH), "pools")})
            self.assertEqual(readme.read_text(encoding="utf-8"), "nothing\n")


class Project(unittest.TestCase):
    def test_its_readmes_have_the_figures_of_its_results(self):
        found = load.load(results.PROJECT / "bench" / "results")
        for name in ("README.md", "README.zh-CN.md"):
            text = (results.PROJECT / name).read_text(encoding="utf-8")
            self.assertEqual(table.filled(text, found, "zh" in name), text, f"{name}: ./dev report --from-results was not run")


if __name__ == "__main__":
    unittest.main()
