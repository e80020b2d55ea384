#!/usr/bin/env python3
"""How fast the page of `cenote view` opens for ten million events.

usage: view.py [--rounds N] [--cenote FILE]

Records a python program whose every object is from malloc, makes a page of the trace, and opens it in Chromium, a tab of its own each time.
Prints how long the page took to make, how large it is, and the median of the time from asking for it until all of it was on the screen
(performance.now() of the page's own).
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/tool/view"))
from browser import Browser

PROGRAM = """import json
for _ in range(4):
    d = [{"a": i, "b": str(i) * 3} for i in range(60000)]
    s = json.dumps(d); e = json.loads(s); del d
    x = [bytes(n % 5000) for n in range(8000)]; del e
    y = [str(i) for i in range(50000)]"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--cenote", default=str(ROOT / "build/release/src/cenote"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trace, page = Path(folder) / "trace", Path(folder) / "trace.html"
        subprocess.run([options.cenote, "record", "-o", trace, "--", "/usr/bin/python3", "-c", PROGRAM], check=True,
                       env={**os.environ, "PYTHONMALLOC": "malloc"})
        begin = time.monotonic()
        subprocess.run([options.cenote, "view", trace], check=True)
        made = time.monotonic() - begin
        shown = []
        with Browser() as browser:
            for _ in range(options.rounds):
                tab = browser.open(page)
                shown.append(float(tab.value("document.documentElement.dataset.shown")))
                elements = tab.value("document.querySelectorAll('*').length")
                tab.close()
        print(f"made in {made:.1f} s, {page.stat().st_size / 1e6:.2f} MB, {elements} elements; shown after {statistics.median(shown):.0f} ms "
              f"({min(shown):.0f} to {max(shown):.0f}, {len(shown)} times)")


if __name__ == "__main__":
    main()
