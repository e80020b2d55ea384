"""`cenote view`: what the page shows is what the trace has; what cannot be shown or written is said."""

import json
import os
import re
import resource
import signal
from pathlib import Path

from support import CALLS, CENOTE, Case, Trace, main, run

SITES = os.environ["VIEW_SITES"]


class View(Case):
    def view(self, *options, status=0, **how):
        done = run(CENOTE, "view", self.trace, *options, **how)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def summary(self, **how):
        return json.loads(self.view("--json", "-q", **how).stdout)

    def test_the_page_is_beside_the_trace(self):
        self.record(CALLS, "kinds", options=["-q"])
        done = self.view()
        page = self.folder / "trace.html"
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, rf"^cenote: {page}: \d+ events in [\d.]+ [KM]iB\n$")
        text = page.read_text(encoding="utf-8")
        self.assertTrue(text.startswith("<!DOCTYPE html>"))
        self.assertLess(len(text), 1_000_000)
        other = self.folder / "other.html"
        self.assertEqual(self.view("-q", "-o", other).stderr, "")
        self.assertEqual(other.read_text(encoding="utf-8"), text)
        self.assertEqual(self.view("-o", "-").stdout, text)

    def test_the_summary_has_the_sums_of_the_trace(self):
        for program in (("kinds",), ("exec",), ("threads", 4, 3000), ("hold", 5000)):
            self.record(CALLS, *program, options=["-q"])
            trace = Trace(self.trace)
            got = self.summary()
            allocations = [e for e in trace.events if e.object and e.kind not in ("free", "delete", "delete[]")]
            frees = [e for e in trace.events if e.kind in ("free", "delete", "delete[]")]
            totals = got["totals"]
            self.assertEqual(totals["allocations"], len(allocations))
            self.assertEqual(totals["bytes"], sum(e.size for e in allocations))
            self.assertEqual(totals["frees"], len(frees))
            self.assertEqual(totals["failed"], sum(e.flags == "failed" for e in trace.events))
            self.assertEqual(totals["threads"], len({e.thread for e in trace.events}))
            self.assertEqual(got["trace"]["events"], len(trace.events))
            self.assertEqual(got["trace"]["command"], trace.words["program"])
            self.assertEqual((got["trace"]["end"], got["trace"]["notes"]), ("exit status 0", []))
            self.assertEqual(sum(got["columns"]["allocations"]), len(allocations))
            self.assertEqual(max(got["columns"]["most_live"]), totals["most_live"])
            self.assertEqual(got["columns"]["live"][-1], totals["live_at_end"])
            self.assertEqual(got["columns"]["live"][totals["most_live_column"]], totals["most_live"])
            for column, live in enumerate(got["columns"]["live"]):
                self.assertEqual(sum(layer[column] for layer in got["size_groups"]["live"]), live)

    def test_call_sites_have_their_shares_where_every_stack_is_drawn(self):
        self.record(SITES, options=["-q", "--stacks", 1])
        got = self.summary()
        sites = {s["name"].removeprefix("(anonymous namespace)::"): s for s in got["call_sites"]["table"]}
        lines = (Path(__file__).parent / "sites.cpp").read_text(encoding="utf-8").splitlines()
        for name, size, count in (("large", 30_000, 1_000), ("small", 1_000, 10_000)):
            site = sites[name]
            self.assertEqual(os.path.basename(site["file"]), "sites.cpp")
            self.assertIn(f"make_unique<char[]>({size:,})".replace(",", "'"), lines[site["line"] - 1])
            self.assertEqual((site["bytes"], site["allocations"], site["live_at_end"]), (size * count, count, size * count))
        texts = got["flame"]["texts"]
        names = {texts[f[1]].removeprefix("(anonymous namespace)::"): f for f in got["flame"]["frames"]}
        self.assertEqual(names["large"][5], 30_000_000)
        self.assertEqual(names["all"][5], got["totals"]["bytes"])
        self.assertGreaterEqual(names["main"][5], 40_000_000)

    def test_call_sites_are_estimated_where_few_stacks_are(self):
        self.record(SITES, options=["-q", "--stacks", 8192])
        got = self.summary()
        self.assertLess(got["totals"]["stacks"], got["totals"]["allocations"] / 2)
        sites = {s["name"].removeprefix("(anonymous namespace)::"): s["bytes"] for s in got["call_sites"]["table"]}
        # About 980 of `large` are drawn and 1,150 of `small`: six deviations are a fifth.
        self.assertAlmostEqual(sites["large"], 30e6, delta=2e6)
        self.assertAlmostEqual(sites["small"], 10e6, delta=2e6)

    def test_without_stacks_there_is_all_the_rest(self):
        self.record(CALLS, "many", 1000, options=["-q", "--stacks", 0])
        got = self.summary()
        self.assertEqual((got["totals"]["stacks"], got["call_sites"]["table"], len(got["flame"]["frames"])), (0, [], 1))
        self.assertGreater(got["totals"]["allocations"], 1000)

    def test_a_trace_without_allocations_is_an_empty_page(self):
        self.record(os.environ["REFUSED_CALL"], options=["-q"])
        got = self.summary()["totals"]
        self.assertEqual((got["allocations"], got["failed"], got["most_live"]), (0, 1, 0))
        self.view()
        self.assertTrue((self.folder / "trace.html").exists())

    def test_damaged_traces_are_shown_as_far_as_they_go(self):
        self.record(CALLS, "many", 200_000, options=["-q"])
        whole = self.trace.read_bytes()
        allocations = self.summary()["totals"]["allocations"]
        for damaged in (whole[:len(whole) // 2], whole[:len(whole) // 2] + b"damage" + whole[len(whole) // 2 + 6:]):
            self.trace.write_bytes(damaged)
            done = self.view("--json", status=1)
            got = json.loads(done.stdout)
            self.assertIn("damaged", done.stderr)
            self.assertTrue(0 < got["totals"]["allocations"] < allocations)
            self.assertTrue(any("damaged" in note for note in got["trace"]["notes"]))
            self.view(status=1)
            self.assertIn("damaged", (self.folder / "trace.html").read_text(encoding="utf-8"))

    def test_what_cannot_be_shown_is_said(self):
        self.record(CALLS, "kinds", options=["-q"])
        whole = self.trace.read_bytes()
        for content, message in [
            (b"", "is empty, and no trace"),
            (b"#!/bin/sh\n" * 10, "is no trace of cenote record"),
            (whole[:8] + b"\x07" + whole[9:], "is a trace of version 7"),
            (whole[:100], "has no events that can be read"),
        ]:
            self.trace.write_bytes(content)
            done = self.view(status=125)
            self.assertEqual(done.stdout, "")
            self.assertIn(message, done.stderr)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["trace"])
        self.trace.write_bytes(whole)
        for words, status, message in [
            (["/nowhere/trace"], 125, "cannot open /nowhere/trace"),
            ([self.folder], 125, "is no file with a trace"),
            ([], 2, "FILE is required"),
            ([self.trace, "another"], 2, "another"),
            ([self.trace, "-o", "/nowhere/page.html"], 125, "cannot open /nowhere/page.html"),
            ([self.trace, "-o", self.folder], 125, "is a folder"),
            ([self.trace, "-o", "/dev/full"], 125, "cannot write /dev/full"),
            ([self.trace, "--json", "-o", "/dev/full"], 125, "cannot write /dev/full"),
        ]:
            done = run(CENOTE, "view", *words)
            self.assertEqual((done.returncode, done.stdout), (status, ""), (words, done.stderr))
            self.assertIn(message, done.stderr)

    def test_a_trace_is_not_replaced_by_its_page(self):
        self.record(CALLS, "kinds", options=["-q"])
        before = Path(self.trace).read_bytes()
        done = run(CENOTE, "view", "-o", self.trace, self.trace)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is what is read", done.stderr)
        self.assertEqual(Path(self.trace).read_bytes(), before)

    def test_a_full_disk_leaves_no_half_page_and_what_was_there(self):
        self.record(CALLS, "kinds", options=["-q"])

        def fill_the_disk():  # a limit of the file's size, in its place
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

        done = self.view(status=125, preexec_fn=fill_the_disk)
        self.assertIn("cannot write", done.stderr)
        self.assertEqual([p.name for p in self.folder.iterdir()], ["trace"])
        page = self.folder / "trace.html"
        page.write_text("of last week", encoding="utf-8")
        self.view(status=125, preexec_fn=fill_the_disk)
        self.assertEqual(page.read_text(encoding="utf-8"), "of last week")
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["trace", "trace.html"])

    def test_the_manual_has_every_option(self):
        manual = (Path(__file__).parents[3] / "packaging/man/cenote-view.1").read_text(encoding="utf-8").replace("\\-", "-")
        for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", run(CENOTE, "view", "--help").stdout)) - {"--help"}:
            self.assertIn(option, manual)

    def test_a_link_is_followed_and_stays(self):
        self.record(CALLS, "kinds", options=["-q"])
        real = self.folder / "real.html"
        real.write_text("", encoding="utf-8")
        os.symlink(real, self.folder / "trace.html")
        self.view()
        self.assertTrue((self.folder / "trace.html").is_symlink())
        self.assertTrue(real.read_text(encoding="utf-8").startswith("<!DOCTYPE html>"))

    def test_nothing_that_a_program_is_called_gets_out_of_its_place(self):
        self.record(CALLS, "kinds", "</script><script>alert(1)</script>", options=["-q"])
        self.view()
        text = (self.folder / "trace.html").read_text(encoding="utf-8")
        self.assertNotIn("</script><script>alert", text)
        self.assertIn("\\u003c/script>\\u003cscript>alert(1)", text)


if __name__ == "__main__":
    main()
