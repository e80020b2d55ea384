"""The page of `cenote view` in a browser: real programs are shown without an error, keys do what the page says, and what comes from a
trace is text. Pictures of each stay in $SCREENSHOTS, for people to look at."""

import json
import os
import struct
import time
import zlib
from pathlib import Path

from browser import PATIENCE, Browser
from support import CALLS, CENOTE, Case, Trace, find, main, run

SCREENSHOTS = Path(os.environ["SCREENSHOTS"])


def colors_of(png):
    """How many there are in a picture as browsers write it: 8 bits for each of RGB or RGBA, not interlaced."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, data = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, form, _, _, interlaced = struct.unpack(">IIBBBBB", png[at + 8:at + 8 + length])
            assert depth == 8 and form in (2, 6) and interlaced == 0
        elif kind == b"IDAT":
            data += png[at + 8:at + 8 + length]
        at += length + 12
    lines = zlib.decompress(data)
    pixel = 3 if form == 2 else 4
    # Differences to the left and above are what most lines have: as many different ones as there is to see, or more.
    line = width * pixel + 1
    return len({lines[y * line + 1 + x:y * line + 1 + x + pixel] for y in range(0, height, 8) for x in range(0, line - 1, pixel)})


class Page(Case):
    @classmethod
    def setUpClass(cls):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        cls.browser = Browser()
        cls.browser.__enter__()
        cls.addClassCleanup(cls.browser.__exit__)

    def make_page(self, trace=None, status=0):
        page = self.folder / "page.html"
        done = run(CENOTE, "view", "-q", trace or self.trace, "-o", page)
        self.assertEqual(done.returncode, status, done.stderr)
        return page

    def open(self, path, **how):
        page = self.browser.open(path, **how)
        self.addCleanup(page.close)
        return page

    def assert_fine(self, page):
        self.assertEqual(page.errors(), [])
        self.assertEqual(page.requests(), [])
        # Nothing is wider than the screen.
        self.assertLessEqual(page.value("document.documentElement.scrollWidth"), page.width)

    def look(self, name, trace=None):
        """The page at its three looks; the first one, open."""
        path = self.make_page(trace)
        self.assertLess(path.stat().st_size, 3_000_000)
        for look, how in {"dark": {"dark": True}, "phone": {"width": 390, "height": 844}, "light": {}}.items():
            page = self.open(path, **how)
            self.assert_fine(page)
            self.assertGreater(colors_of(page.screenshot(SCREENSHOTS / f"{name}-{look}.png")), 100)
        self.assertLess(page.value("document.querySelectorAll('*').length"), 12_000)
        # Each part shows something.
        for part in ("#live-chart path.layer", "#pages-chart path.line", "#flame-chart svg.flame g", "#lifetimes-chart rect.square",
                     "#sizes-table tbody tr", "#sites-table tbody tr", "#live-legend li", "#precision li"):
            self.assertGreater(page.value(f"document.querySelectorAll({json.dumps(part)}).length"), 1, part)
        self.assertGreater(self.map_colors(page), 4)
        return page

    def map_colors(self, page):
        return len(set(self.map_pixels(page)))

    def map_pixels(self, page):
        # Of a copy: the browser warns of canvases that are read from.
        return page.value("""(() => { const c = document.getElementById('map');
            const to = Object.assign(document.createElement('canvas'), {width: c.width, height: c.height}).getContext('2d', {willReadFrequently: true});
            to.drawImage(c, 0, 0);
            const d = new Uint32Array(to.getImageData(0, 0, c.width, c.height).data.buffer);
            return Array.from(d.filter((_, i) => i % 7 === 0)); })()""")

    def test_a_trace_without_allocations(self):
        self.record(os.environ["REFUSED_CALL"], options=["-q"])
        self.assert_fine(self.open(self.make_page()))

    def test_python(self):
        program = ("import json; d = [{'id': i, 'text': 'n' * (i % 70)} for i in range(20000)]; s = json.dumps(d); del d; e = json.loads(s); "
                   "k = [bytes(i % 3000) for i in range(4000)]; k = k[::7]; print(len(e), len(k))")
        self.record(find("python3"), "-c", program, options=["-q", "--stacks", 8192], env={**os.environ, "PYTHONMALLOC": "malloc"})
        page = self.look("python")
        self.assertIn("python3", page.text("#program"))
        page.click("#live-by button:last-child")
        self.assertIn("Estimates", page.text("#live-hint"))
        self.assertGreater(colors_of(page.screenshot(SCREENSHOTS / "python-call-sites.png", whole=False)), 100)
        self.assert_fine(page)

    def test_gxx(self):
        source = self.folder / "x.cpp"
        source.write_text("#include <map>\n#include <string>\nint main() { std::map<std::string, int> m; return m.size(); }\n", encoding="utf-8")
        done = self.record(find("g++"), "-c", "-o", self.folder / "x.o", source, options=["-q", "--children", "--json", "-"])
        traces = {os.path.basename(Trace(t["path"]).words["program"][0]): t["path"] for t in json.loads(done.stdout)["traces"]}
        page = self.look("g++", traces["cc1plus"])
        self.assertEqual(page.text("#program"), "cc1plus")

    def test_redis(self):
        self.record_redis(2000, options=["--stacks", 4096])
        page = self.look("redis")
        self.assertIn("exit status 0", page.text("#about"))

    def record_some(self):
        self.record(find("python3"), "-c", "d = [str(i) * 9 for i in range(9000)]; d = d[::3]; e = [list(range(99)) for i in range(99)]",
                    options=["-q", "--stacks", 2048], env={**os.environ, "PYTHONMALLOC": "malloc"})

    def test_the_time_is_one_for_all_charts_and_moves_by_keys(self):
        self.record_some()
        page = self.open(self.make_page())
        at = lambda: page.value("time.at")
        cursors = lambda: page.value("[...document.querySelectorAll('.cursor')].map((c) => c.parentNode.getAttribute('transform'))")
        peak = at()
        self.assertEqual(peak, page.value("summary.totals.most_live_column"))
        page.press("Home")
        self.assertEqual(at(), 0)
        first, pixels, readout = cursors(), self.map_pixels(page), page.text("#map-readout")
        self.assertEqual(len(set(first)), 1)
        page.press("ArrowRight")
        page.press("ArrowRight", shift=True)
        self.assertEqual(at(), 21)
        page.press("ArrowLeft")
        self.assertEqual(at(), 20)
        page.press("End")
        self.assertEqual(at(), 999)
        page.press("p")
        self.assertEqual(at(), peak)
        self.assertNotEqual(cursors(), first)
        self.assertEqual(len(set(cursors())), 1)
        self.assertNotEqual(self.map_pixels(page), pixels)
        self.assertNotEqual(page.text("#map-readout"), readout)
        self.assertEqual(page.value("Number(document.getElementById('slider').value)"), peak)
        self.assertEqual(page.value("document.getElementById('live-chart').getAttribute('aria-valuenow')"), str(peak))
        self.assert_fine(page)

    def test_space_plays_to_the_end_and_stops(self):
        self.record_some()
        page = self.open(self.make_page())
        page.press("Home")
        page.press(" ")
        self.assertEqual(page.value("document.getElementById('play').getAttribute('aria-pressed')"), "true")
        end = time.monotonic() + PATIENCE
        while page.value("time.at") < 20 and time.monotonic() < end:
            time.sleep(0.02)
        page.press(" ")
        stopped = page.value("time.at")
        self.assertGreaterEqual(stopped, 20)
        self.assertEqual(page.value("document.getElementById('play').getAttribute('aria-pressed')"), "false")
        time.sleep(0.2)
        self.assertEqual(page.value("time.at"), stopped)
        page.value("time.set(990)")
        page.press(" ")
        while page.value("player.timer !== null") and time.monotonic() < end:
            time.sleep(0.02)
        self.assertEqual(page.value("time.at"), 999)
        self.assert_fine(page)

    def test_the_flame_graph_is_walked_and_zoomed_by_keys(self):
        self.record_some()
        page = self.open(self.make_page())
        page.value("document.getElementById('flame-chart').focus()")
        count = lambda: page.value("document.querySelectorAll('#flame-chart g').length")
        all_of_it, whole = page.text("#flame-readout"), count()
        self.assertIn("100 %", all_of_it)
        for _ in range(12):
            page.press("ArrowDown")
        deep = page.text("#flame-readout")
        self.assertNotEqual(deep, all_of_it)
        self.assertEqual(page.value("document.querySelectorAll('#flame-chart g.chosen').length"), 1)
        page.press("Enter")
        self.assertGreater(page.value("document.querySelectorAll('#flame-chart g.above').length"), 0)
        page.press("Escape")
        self.assertEqual((page.text("#flame-readout"), count()), (all_of_it, whole))
        page.click("#flame-by button:nth-child(2)")
        self.assertEqual(page.value("document.querySelectorAll('#flame-by [aria-pressed=true]').length"), 1)
        self.assertEqual(page.text("#flame-by [aria-pressed=true]"), "allocations")
        self.assert_fine(page)

    def test_every_part_is_reached_by_tab_and_shows_the_focus(self):
        self.record_some()
        page = self.open(self.make_page())
        reached = []
        for _ in range(40):
            page.press("Tab")
            reached.append(page.value("document.activeElement.id || document.activeElement.parentNode.id"))
            self.assertNotEqual(page.value("document.activeElement === document.body ? '3px' : getComputedStyle(document.activeElement).outlineWidth"), "0px")
        for part in ("live-by", "live-chart", "map", "flame-by", "flame-chart", "sites-table", "lifetimes-by", "lifetimes-chart",
                     "sizes-table", "play", "slider", "to-peak", "help"):
            self.assertIn(part, reached)

    def test_other_charts_have_keys_of_their_own_and_a_list_of_them(self):
        self.record_some()
        page = self.open(self.make_page())
        for chart, key in (("map", "ArrowDown"), ("lifetimes-chart", "ArrowUp")):
            page.value(f"document.getElementById('{chart}').focus()")
            before = page.value("time.at")
            page.press(key)
            page.press(key)
            readout = page.value(f"document.getElementById(document.getElementById('{chart}').getAttribute('aria-describedby')).textContent")
            self.assertRegex(readout, "^slab 2 of|: [0-9,]+ block")
            self.assertEqual(page.value("time.at"), before)
        page.press("?")
        self.assertTrue(page.value("document.getElementById('keys').open"))
        self.assertGreater(page.value("document.querySelectorAll('#keys kbd').length"), 8)
        page.press("Escape")
        self.assertFalse(page.value("document.getElementById('keys').open"))
        page.click("#sizes-table th:nth-child(1) button")
        sizes = page.value("[...document.querySelectorAll('#sizes-table td:first-child')].map((c) => Number(c.textContent.replaceAll(',', '')))")
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        self.assert_fine(page)

    def test_a_damaged_trace_says_so_and_is_shown(self):
        self.record(CALLS, "threads", 2, 60_000, options=["-q"])
        whole = self.trace.read_bytes()
        self.trace.write_bytes(whole[:len(whole) // 2])
        page = self.open(self.make_page(status=1))
        self.assertIn("cut off", page.text("#notes"))
        self.assertIsNone(page.value("document.getElementById('notes').checkVisibility() ? null : 'hidden'"))
        self.assertGreater(page.value("summary.totals.allocations"), 0)
        self.assert_fine(page)

    def test_without_stacks_it_says_how_to_have_them(self):
        self.record(CALLS, "many", 1000, options=["-q", "--stacks", 0])
        page = self.open(self.make_page())
        self.assertIn("--stacks", page.text("#flame-chart"))
        self.assertEqual(page.value("document.querySelectorAll('#live-by button').length"), 1)
        self.assert_fine(page)

    def test_names_are_text_and_never_markup(self):
        evil = "<img src=x onerror=document.title='owned'></script><b id=owned>"
        self.record(CALLS, "kinds", evil, options=["-q", "--stacks", 1])
        page = self.open(self.make_page())
        self.assertIn(evil, page.text("#command"))
        self.assertIsNone(page.value("document.getElementById('owned')"))
        self.assertNotEqual(page.value("document.title"), "owned")
        self.assert_fine(page)


if __name__ == "__main__":
    main()
