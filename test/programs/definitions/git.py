"""git packs a repository anew, checks every object of it, and shows its whole history as patches.

The repository is made from a list of commits that is always the same one: so is the hash of the last.
"""

import random
import shutil
import subprocess

from process import digest, find
from program import Program, expect

WORDS = "block slab segment magazine source refill flush exchange arena growth trim reset owner thread".split()
FILES = 40


def line(numbers):
    return " ".join(numbers.choices(WORDS, k=8)) + f" {numbers.randrange(10**9)}\n"


def history(commits):
    """For `git fast-import`: each commit changes some lines in three of the files."""
    numbers = random.Random(4)
    files = [[line(numbers) for _ in range(300)] for _ in range(FILES)]
    for count in range(commits):
        message = f"Change {count}\n\n{line(numbers)}"
        yield f"commit refs/heads/main\ncommitter A Tester <tester@example.org> {1_700_000_000 + count * 60} +0000\n"
        yield f"data {len(message)}\n{message}"
        for which in range(FILES) if count == 0 else numbers.sample(range(FILES), 3):
            lines = files[which]
            for _ in range(12):
                lines[numbers.randrange(len(lines))] = line(numbers)
            lines.insert(numbers.randrange(len(lines)), line(numbers))
            text = "".join(lines)
            yield f"M 100644 inline folder{which % 7}/file{which}.txt\ndata {len(text)}\n{text}\n"


class Git(Program):
    name = "git"
    needs = {"git": "git"}

    def work(self, large):
        return 900 if large else 300  # commits

    def prepare(self, folder, work):
        repository = folder / "repository"
        environment = {"GIT_CONFIG_NOSYSTEM": "1", "HOME": str(folder)}
        git = lambda *arguments, **more: subprocess.run(
            [find("git"), "-C", repository, *arguments], env=environment, check=True, capture_output=True, **more
        )
        repository.mkdir()
        git("init", "--quiet", "--bare", "--initial-branch=main")
        git("fast-import", "--quiet", input="".join(history(work)).encode())

    def run(self, leg, folder, work):
        repository = leg.folder / "repository"
        shutil.copytree(folder / "repository", repository)
        git = lambda *arguments: leg.run(
            find("git"), *arguments, cwd=repository, environment={"GIT_CONFIG_NOSYSTEM": "1", "GIT_PAGER": "cat"}
        )
        git("-c", "pack.threads=2", "repack", "-a", "-d", "-f", "-q")
        complaints = git("fsck", "--full", "--strict", "--no-progress")
        log = git("log", "-p", "main")
        commits = log.count(b"\ncommit ") + log.startswith(b"commit ")
        return f"{complaints.decode()}|{commits}|{git('rev-parse', 'main').decode().strip()}|{digest(log)}"

    def check(self, answer, work):
        complaints, commits, _, _ = answer.split("|")
        expect("complaints of git fsck", complaints, "")
        expect("commits in git log", commits, str(work))
