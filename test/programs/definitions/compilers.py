"""g++ and clang++ compile a file of this project: one that is mostly templates of a library."""

from pathlib import Path

from process import digest, find
from program import Program, expect

ROOT = Path(__file__).resolve().parents[3]
SMALL = "test/unit/pool/cached_pool_test.cpp"
LARGE = "bench/support/report.cpp"


class Compiler(Program):
    command = ""

    def work(self, large):
        return LARGE if large else SMALL

    def run(self, leg, folder, work):
        made = leg.folder / "made.o"
        includes = [f"-I{ROOT / place}" for place in ("include", "bench", "test")]
        leg.run(
            find(self.command), "-std=c++20", "-O2", "-g0", "-frandom-seed=cenote", *includes, "-c", ROOT / work, "-o", made
        )
        data = made.read_bytes()
        return f"{data[:4]!r} {len(data) > 100_000} {digest(data)}"

    def check(self, answer, work):
        header, large_enough, _ = answer.rsplit(" ", 2)
        expect("first bytes of the object file", header, repr(b"\x7fELF"))
        expect("object file above 100 kB", large_enough, "True")


class Gcc(Compiler):
    name = "gcc"
    command = "g++"
    needs = {"g++": "g++"}


class Clang(Compiler):
    name = "clang"
    command = "clang++"
    needs = {"clang++": "clang"}
