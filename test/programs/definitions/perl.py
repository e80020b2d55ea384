"""perl counts the words of a text that it makes, by hashes, regular expressions, sorting and nested data."""

from pathlib import Path

from process import find
from program import Program, expect

SCRIPT = Path(__file__).resolve().parent.parent / "work" / "words.pl"


class Perl(Program):
    name = "perl"
    needs = {"perl": "perl"}

    def work(self, large):
        return 200_000 if large else 60_000  # lines

    def run(self, leg, folder, work):
        environment = {"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}
        return leg.run(find("perl"), SCRIPT, work, environment=environment).decode()

    def check(self, answer, work):
        # The script makes the line i of 5 + i % 5 words.
        expect("lines", answer.splitlines()[0], f"lines {work}")
        expect("words", answer.splitlines()[1], f"words {sum(5 + i % 5 for i in range(work))}")
        expect("records found again", answer.splitlines()[2], f"records {work}")
