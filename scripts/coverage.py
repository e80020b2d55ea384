"""Which lines of the engine the tests run, and that the list of those which they do not is right.

    coverage.py BUILD          after the tests of the preset `coverage` have run in that folder
    coverage.py --self-test    whether it finds what is wrong with counts and lists made for it

The counts are clang's, of every program of the tests and of every instance of a template; a line is run where any program ran it.
They lie in files that processes map, so that those which end by a signal count as well. test/coverage/not_run.txt has the lines
that none ran, and why; a line that is in neither, or in both, is an error; a reason that begins with "now and then" is for what
threads and processes do to each other by chance, and may be in both.
"""
import collections
import concurrent.futures
import os
import re
import subprocess
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
reasons_file = root / "test/coverage/not_run.txt"
engine = ["include/cenote", "src/heap"]


def sources():
    return [str(p) for folder in engine for p in sorted((root / folder).rglob("*.[ch]pp"))]


def read_lcov(text):
    """{file: {line: count}}"""
    counts = collections.defaultdict(dict)
    file = None
    for line in text.splitlines():
        if line.startswith("SF:"):
            file = line[3:]
        elif line.startswith("DA:"):
            number, count = line[3:].split(",")[:2]
            counts[file][int(number)] = max(int(count), counts[file].get(int(number), 0))
    return counts


def merge(into, more):
    for file, lines in more.items():
        for line, count in lines.items():
            into[file][line] = max(count, into[file].get(line, 0))


def is_instrumented(path):
    """Whether it has a section of counts."""
    with open(path, "rb") as f:
        if f.read(4) != b"\x7fELF":
            return False
    headers = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=False).stdout
    return "__llvm_covmap" in headers


def objects(build):
    """Programs and libraries of the tests, and the object with an instance of every template."""
    found = []
    for path in sorted(build.rglob("*")):
        kind = path.suffix
        if path.is_symlink() or not path.is_file() or (kind not in ("", ".so") and "coverage_instances" not in str(path)):
            continue
        if (os.access(path, os.X_OK) or kind == ".o") and is_instrumented(path):
            found.append(path)
    return found


def measure(build):
    profiles = sorted((build / "profiles").glob("*.profraw"))
    if not profiles:
        sys.exit(f"coverage: no counts in {build / 'profiles'}")
    merged = build / "all.profdata"
    subprocess.run(["llvm-profdata", "merge", "-sparse", "-failure-mode=all", "-o", merged, *profiles], check=True)

    def export(path):
        done = subprocess.run(["llvm-cov", "export", "-format=lcov", "-instr-profile", merged, path, *sources()],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"coverage: {path}: {done.stderr.strip()}")
        return read_lcov(done.stdout)

    counts = collections.defaultdict(dict)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for each in pool.map(export, objects(build)):
            merge(counts, each)
    ours = set(sources())
    return {os.path.relpath(file, root): lines for file, lines in counts.items() if file in ours}


def read_reasons(text):
    """[(file, text of a line, reason)]; a line of the list is `file: reason`, those that follow it, indented, are lines of the file."""
    reasons, file, why = [], None, None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            head = re.fullmatch(r"(\S+): (.+)", line)
            if head is None:
                sys.exit(f"coverage: {reasons_file.name}:{number}: not `FILE: REASON`")
            file, why = head.groups()
        else:
            reasons.append((file, line.strip(), why))
    return reasons


def compare(counts, reasons, lines_of):
    """Sentences; none where every line that was not run has a reason, and every reason a line that was not run."""
    wrong = []
    listed = collections.Counter((file, text) for file, text, _ in reasons)
    for file in sorted(counts):
        lines = lines_of(file)
        for number in sorted(n for n, count in counts[file].items() if count == 0):
            text = lines[number - 1].strip()
            if not re.search(r"\w", text) or text.startswith(("//", "#")):
                continue  # a brace, a comment, the preprocessor's
            if listed[file, text] == 0:
                wrong.append(f"{file}:{number}: no test runs it, and no reason is given: {text}")
            else:
                listed[file, text] -= 1
    by_chance = {(file, text) for file, text, why in reasons if why.startswith("now and then")}
    for (file, text), left in sorted(listed.items()):
        if left > 0 and (file, text) not in by_chance:
            wrong.append(f"{file}: a test runs it, or it is not there, so that it needs no reason: {text}")
    return wrong


def show(counts):
    sums = collections.defaultdict(lambda: [0, 0])
    for file, lines in counts.items():
        parts = file.split("/")
        folder = "/".join(parts[:3]) if parts[0] == "include" else "/".join(parts[:2])
        for key in (folder, "all"):
            sums[key][0] += sum(1 for c in lines.values() if c != 0)
            sums[key][1] += len(lines)
    print("folder                      lines   run   share")
    for folder in [*sorted(k for k in sums if k != "all"), "all"]:
        run, lines = sums[folder]
        print(f"{folder:26s} {lines:6d} {run:5d} {100 * run / lines:6.2f} %")


def self_test():
    counts = {"f": {1: 3, 2: 0, 3: 0}}
    lines = ["run", "not run", "}"]
    assert read_lcov("SF:f\nDA:1,3\nDA:2,0\nend_of_record\nSF:f\nDA:1,0\nDA:2,5\n") == {"f": {1: 3, 2: 5}}
    reasons = read_reasons("# text\n\nf: because\n    not run\n")
    assert reasons == [("f", "not run", "because")]
    assert not compare(counts, reasons, lambda _: lines)
    assert "no reason is given: not run" in compare(counts, [], lambda _: lines)[0]
    assert "needs no reason: run" in compare(counts, [*reasons, ("f", "run", "because")], lambda _: lines)[0]
    assert len(compare(counts, [*reasons, *reasons], lambda _: lines)) == 1
    assert not compare(counts, [*reasons, ("f", "run", "now and then: because")], lambda _: lines)
    print("coverage: finds what is wrong")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    counts = measure(Path(sys.argv[1]).resolve())
    show(counts)
    wrong = compare(counts, read_reasons(reasons_file.read_text(encoding="utf-8")),
                    lambda file: (root / file).read_text(encoding="utf-8").splitlines())
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
