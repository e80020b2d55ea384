"""What a program is to the tests and to the benchmark: its work at two sizes, and the answer to it."""

from process import Failed, find


class Program:
    """One program with deterministic work. Tests do the small work, benchmarks the large.

    `prepare` writes what the work needs, once, under no malloc in particular. `run` does the work on a leg and returns
    the answer, a text that is the same under every malloc. `check` raises Failed when that is not the known answer: what
    can be known without running the program.
    """

    name = ""
    needs = {}  # the programs it starts, and Debian's package of each

    def work(self, large):
        raise NotImplementedError

    def prepare(self, folder, work):
        """Nothing, for programs whose work is in the source tree."""

    def run(self, leg, folder, work):
        raise NotImplementedError

    def check(self, answer, work):
        raise NotImplementedError

    def require(self):
        missing = {package for program, package in self.needs.items() if find(program) is None}
        if missing:
            raise Failed(f"needs Debian's {' '.join(sorted(missing))}")

    def versions(self):
        """What stands in the results: the program's name and the command that says its version."""
        return {program: [find(program), "--version"] for program in self.needs}


def expect(what, found, known):
    if found != known:
        raise Failed(f"{what}: {found!r}, where {known!r} is right")
