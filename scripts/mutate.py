"""Faults, seeded one at a time, and whether the tests see them.

    mutate.py [ID...]        those mutants, or all that have no result yet; then the table
    mutate.py --survivors    those that survived, once more
    mutate.py --again        all of them, whatever is known
    mutate.py --list         what there is
    mutate.py --check        whether each pattern occurs once in its file: a test
    mutate.py --table        the results so far

Mutants stand in test/mutation/*.toml, a table each, by its id:

    file        what is changed
    find, put   text that occurs once in it, and what stands there instead
    fault       what it stands for
    seen_by     tests that should see it, in the order in which they are tried: "PRESET TARGET[+TARGET...] [REGEX]", where REGEX
                names the tests of ctest (by default those called as the targets); all of them are part of `./dev test`
    equivalent  why no test can see it, where that is so

A mutant is killed by the first test that fails, hangs, or takes more memory than there should be. One that does not compile is
no mutant: the run fails. The work is done in git worktrees of its own, one for each processor, build/mutation/tree-*, on the files as
they are here (new ones once git knows them); every test is run without a fault first. Results are kept in
build/mutation/results.json.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import queue
import resource
import signal
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

root = Path(__file__).resolve().parent.parent
work = root / "build" / "mutation"
results_file = work / "results.json"
most_bytes = 3 << 30  # resident, of all processes of a test
fields = {"file", "find", "put", "fault", "seen_by", "equivalent"}


def load():
    mutants = {}
    for path in sorted((root / "test/mutation").glob("*.toml")):
        for name, mutant in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if name in mutants or set(mutant) - fields or (fields - {"equivalent"}) - set(mutant):
                sys.exit(f"mutate: {path.name}, {name}: a field is missing, unknown, or the id is used twice")
            mutants[name] = mutant
    return mutants


def check(mutants):
    wrong = []
    for name, mutant in mutants.items():
        path = root / mutant["file"]
        count = path.read_text(encoding="utf-8").count(mutant["find"]) if path.exists() else 0
        if count != 1 or mutant["find"] == mutant["put"]:
            wrong.append(f"{name}: the pattern occurs {count} times in {mutant['file']}")
    if wrong:
        sys.exit("\n".join(["mutate: patterns have to occur once", *wrong]))
    print(f"mutate: {len(mutants)} patterns occur once each")


def git(*arguments, folder=root):
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def prepare_tree(tree, at):
    """The files as they are here, in a worktree that keeps its build folders."""
    if not (tree / ".git").exists():
        git("worktree", "prune")
        git("worktree", "add", "--detach", str(tree), at)
    git("checkout", "--force", "--detach", at, folder=tree)


def processes_of(session):
    """Numbers of the session's processes, and the bytes that they have resident."""
    found, resident = [], 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(stat[3]) == session and stat[0] != "Z":
            found.append(int(entry.name))
            resident += int(stat[21]) * resource.getpagesize()
    return found, resident


def run(tree, command, seconds, log):
    """(how it ended, seconds): ok, failed, hung, or out of bounds."""
    begin = looked = time.monotonic()
    with open(log, "ab") as to:
        child = subprocess.Popen(command, cwd=tree, stdout=to, stderr=to, stdin=subprocess.DEVNULL, start_new_session=True,
                                 preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
        ended = None
        while ended is None:
            try:
                ended = "ok" if child.wait(0.1) == 0 else "failed"
            except subprocess.TimeoutExpired:
                now = time.monotonic()
                if now - begin > seconds:
                    ended = "hung"
                elif now - looked > 0.5:
                    looked = now
                    ended = "out of bounds" if processes_of(child.pid)[1] > most_bytes else None
        # Also what a test that failed left behind.
        for number in processes_of(child.pid)[0]:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                pass
        child.wait()
    return ended, round(time.monotonic() - begin, 1)


def build(tree, preset, targets, log):
    if not (tree / "build" / preset / "build.ninja").exists():
        ended, _ = run(tree, ["cmake", "--preset", preset], 600, log)
        if ended != "ok":
            sys.exit(f"mutate: preset {preset} is not configured, see {log}")
    return run(tree, ["cmake", "--build", "--preset", preset, "-j1", "--target", *targets], 1800, log)


def test(tree, preset, targets, regex, seconds, log):
    # ThreadSanitizer wants its addresses where a randomised layout may have put something else.
    launcher = ["setarch", "-R"] if preset == "tsan" else []
    return run(tree, [*launcher, "ctest", "--test-dir", f"build/{preset}", "--no-tests=error", "--output-on-failure", "--stop-on-failure",
                "-R", regex or f"^({'|'.join(targets)})$"], seconds, log)


def parse(seen_by):
    preset, targets, *regex = seen_by.split(None, 2)
    return preset, targets.split("+"), regex[0] if regex else None


def run_clean(tree, mutant, results):
    """What is to see a fault has to be silent where there is none. How long it takes is what a hang is measured by. False where it
    is not silent."""
    for seen_by in mutant["seen_by"]:
        if seen_by in results["clean"]:
            continue
        preset, targets, regex = parse(seen_by)
        log = work / f"clean-{tree.name}.log"
        log.write_text("")
        if build(tree, preset, targets, log)[0] != "ok":
            print(f"mutate: {seen_by} does not build, see {log}", flush=True)
            return False
        ended, seconds = test(tree, preset, targets, regex, 1200, log)
        if ended != "ok":
            print(f"mutate: {seen_by} {ended} without a fault, see {log}", flush=True)
            return False
        with lock:
            results["clean"][seen_by] = seconds
            print(f"clean: {seen_by}, {seconds} s", flush=True)
            save(results)
    return True


def judge(tree, name, mutant, results):
    log = work / f"{name}.log"
    log.write_text("")
    path = tree / mutant["file"]
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace(mutant["find"], mutant["put"]), encoding="utf-8")
    spent = {"build": 0.0, "test": 0.0}
    try:
        for seen_by in mutant["seen_by"]:
            preset, targets, regex = parse(seen_by)
            ended, seconds = build(tree, preset, targets, log)
            spent["build"] += seconds
            if ended != "ok":
                return {"state": "does not compile", "by": seen_by, **spent}
            ended, seconds = test(tree, preset, targets, regex, 60 + 5 * results["clean"][seen_by], log)
            spent["test"] += seconds
            if ended != "ok":
                return {"state": "killed", "by": seen_by, "how": ended, **spent}
        return {"state": "survived", **spent}
    finally:
        path.write_text(whole, encoding="utf-8")


def key_of(mutant):
    """A result holds as long as the mutant is the same; `--again` is for when the code or the tests are not."""
    text = json.dumps({field: said for field, said in mutant.items() if field != "equivalent"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def save(results):
    """Needs the lock."""
    results_file.with_suffix(".new").write_text(json.dumps(results, indent=1), encoding="utf-8")
    results_file.with_suffix(".new").replace(results_file)


def run_all(mutants, names, results, jobs):
    at = git("stash", "create") or git("rev-parse", "HEAD")
    if results["tree"] != git("rev-parse", f"{at}^{{tree}}"):
        results.update(tree=git("rev-parse", f"{at}^{{tree}}"), clean={})
    trees = [work / f"tree-{i}" for i in range(min(jobs, len(names)))]
    for tree in trees:
        prepare_tree(tree, at)
    waiting = queue.SimpleQueue()
    for name in names:
        waiting.put(name)

    def work_in(tree):
        while True:
            try:
                name = waiting.get_nowait()
            except queue.Empty:
                return
            if not run_clean(tree, mutants[name], results):
                continue
            found = judge(tree, name, mutants[name], results)
            with lock:
                results["mutants"][name] = {**found, "key": key_of(mutants[name])}
                print(f"{name}: {found['state']}", flush=True)
                save(results)

    with concurrent.futures.ThreadPoolExecutor(len(trees)) as pool:
        for done in [pool.submit(work_in, tree) for tree in trees]:
            done.result()


def table(mutants, results):
    states = {}
    for name, mutant in mutants.items():
        found = results["mutants"].get(name)
        state = found["state"] if found is not None else "not run"
        states.setdefault(state, []).append(name)
        if found is None:
            print(f"{name:44} not run")
        else:
            by = f"{found['by']} ({found['how']})" if state == "killed" else ""
            print(f"{name:44} {state:10} {found['build']:6.1f} s {found['test']:6.1f} s  {by}")
    print(", ".join(f"{len(names)} {state}" for state, names in sorted(states.items())))
    for name in states.get("survived", []):
        print(f"survived: {name}: {mutants[name]['fault']}. {mutants[name].get('equivalent', 'UNEXPLAINED')}")
    return states


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="the same as ID")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worktrees")
    parser.add_argument("--survivors", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    mutants = load()
    if options.list:
        for name, mutant in mutants.items():
            print(f"{name:44} {mutant['fault']}")
        return
    check(mutants)
    if options.check:
        return
    work.mkdir(parents=True, exist_ok=True)
    results = json.loads(results_file.read_text()) if results_file.exists() else {"tree": "", "clean": {}, "mutants": {}}
    known = results["mutants"]
    for name in list(known):
        if name not in mutants or known[name]["key"] != key_of(mutants[name]):
            del known[name]
    if not options.table:
        names = options.ids + options.only
        if options.survivors:
            names += [name for name, found in known.items() if found["state"] == "survived"]
        elif not names:
            names = [name for name in mutants if options.again or name not in known]
        unknown = [name for name in names if name not in mutants]
        if unknown:
            sys.exit(f"mutate: no such mutant: {', '.join(unknown)}")
        if names:
            run_all(mutants, names, results, options.jobs)
    states = table(mutants, results)
    if "does not compile" in states or any("equivalent" not in mutants[name] for name in states.get("survived", [])):
        sys.exit(1)


lock = threading.Lock()
main()
