"""Runs a model through spin and says whether it holds, or fails, as expected.

    check.py MODEL.pml (holds|fails) [-DNAME[=VALUE]...]

Exits with 0 only if the search was complete and its result the expected one.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=280)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def main():
    model, expected, defines = Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:]
    if expected not in ("holds", "fails"):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        run(["spin", "-a", *defines, str(model)], folder)
        run(["cc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=2000", "-o", "pan", "pan.c"], folder)
        output = run(["./pan", "-m1000000"], folder)
    print(output)
    errors = re.search(r"errors: (\d+)", output)
    if errors is None or "max search depth too small" in output or "out of memory" in output:
        sys.exit("the search was not complete")
    if (int(errors.group(1)) == 0) != (expected == "holds"):
        sys.exit(f"{model.name} {' '.join(defines)} was expected to be one that {expected}")
    if expected == "holds" and "interrupted" in output:
        sys.exit("the search was interrupted")


main()
