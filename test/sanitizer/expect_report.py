"""Runs a faulty program under a sanitizer and checks what is reported.

    expect_report.py asan|valgrind POOL FAULT COMMAND...
"""
import subprocess
import sys

ASAN = {
    "use_after_destroy": "use-after-poison",
    "write_after_destroy": "use-after-poison",
    "beyond_the_last": "use-after-poison",
    "double_destroy": "cenote: double destroy",
}
VALGRIND = {
    "use_after_destroy": "Invalid read of size 8",
    "write_after_destroy": "Invalid write of size 8",
    "double_destroy": "cenote: double destroy",
    "leak": "definitely lost",
}


def main():
    tool, pool, fault = sys.argv[1:4]
    command = sys.argv[4:]
    if tool == "valgrind":
        command = [command[0], "--quiet", "--error-exitcode=9", "--leak-check=full"] + command[1:]
    run = subprocess.run(command + [pool, fault], capture_output=True, text=True, timeout=120)
    said = run.stderr
    if fault == "none" or (pool == "arena" and fault == "double_destroy"):  # an arena may be reset twice
        wanted = None
    else:
        wanted = (ASAN if tool == "asan" else VALGRIND)[fault]
    if wanted is None:
        if run.returncode != 0 or said.strip():
            sys.exit(f"a right program was reported (exit {run.returncode}):\n{said}")
        return
    if run.returncode == 0:
        sys.exit(f"{fault} in {pool} was not reported")
    if wanted not in said:
        sys.exit(f"expected '{wanted}' in:\n{said}")


main()
