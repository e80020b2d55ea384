"""python3 runs parts of its own test suite, with every object allocated by malloc.

No tests that start further pythons: those look at the stderr of what they started, where the library's statistics are.
"""

import re

from process import find
from program import Program, expect

SMALL = "test_re test_dict test_set test_collections test_bytes test_heapq test_deque test_struct".split()
LARGE = [*SMALL, *"test_decimal test_array test_descr".split()]
# What one line of `-v` is: a test, and how it went.
RESULT = re.compile(r"^(test\w+ \(.+\))(?:\n.*)? \.\.\. (ok|skipped .*|expected failure)$", re.MULTILINE)


class Python(Program):
    name = "python"
    needs = {"python3": "python3"}

    def work(self, large):
        return LARGE if large else SMALL

    def run(self, leg, folder, work):
        environment = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        said = leg.run(find("python3"), "-m", "test", "-v", *work, environment=environment).decode("utf-8", "replace")
        results = sorted(RESULT.findall(said))
        verdict = [line for line in said.splitlines() if re.match(r"All \d+ tests OK|Tests result: ", line)]
        return "\n".join([*verdict, f"{len(results)} tests", *(" ".join(result) for result in results)])

    def check(self, answer, work):
        lines = answer.splitlines()
        expect("verdict", lines[:2], [f"All {len(work)} tests OK.", "Tests result: SUCCESS"])
        expect("more than a thousand tests", int(lines[2].split()[0]) > 1000, True)
