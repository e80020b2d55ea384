"""Runs a faulty program under a sanitizer, and reads the report: what it says, and that its stacks name who created the object
and who destroyed it. Of a right program, that there is no report.

    expect_report.py TOOL POOL FAULT COMMAND...
"""
import re
import subprocess
import sys

MADE = r"[\s\S]*make_order"
ENDED = r"[\s\S]*end_order"

# What must be said, by tool and fault. With AddressSanitizer, objects lie in memory of malloc's; see pool/stand_in.hpp.
REPORTS = {
    "asan": {
        "use_after_destroy": f"heap-use-after-free[\\s\\S]*READ of size 8[\\s\\S]*freed by{ENDED}[\\s\\S]*allocated by{MADE}",
        "write_after_destroy": f"heap-use-after-free[\\s\\S]*WRITE of size 8[\\s\\S]*freed by{ENDED}[\\s\\S]*allocated by{MADE}",
        "double_destroy": f"attempting double-free{ENDED}[\\s\\S]*freed by{ENDED}[\\s\\S]*allocated by{MADE}",
        "beyond_the_last": f"heap-buffer-overflow[\\s\\S]*allocated by{MADE}",
        "interior": f"attempting free on address which was not malloc[\\s\\S]*16 bytes inside of 64-byte{MADE}",
        "wrong_pool": f"allocated by{MADE}[\\s\\S]*cenote: de(stroy|allocate) of .* 0x[0-9a-f]+ in [a-z_]+ 0x",
        "leak": f"LeakSanitizer: detected memory leaks[\\s\\S]*Direct leak of 64 byte{MADE}",
    },
    # Where there is nothing to stand in for the block.
    "asan-poisoned": {
        "use_after_destroy": "use-after-poison[\\s\\S]*READ of size 8",
        "write_after_destroy": "use-after-poison[\\s\\S]*WRITE of size 8",
        "beyond_the_last": "use-after-poison",
        "double_destroy": "cenote: double destroy",
    },
    "valgrind": {
        "use_after_destroy": f"Invalid read of size 8[\\s\\S]*free'd{ENDED}[\\s\\S]*alloc'd{MADE}",
        "write_after_destroy": f"Invalid write of size 8[\\s\\S]*free'd{ENDED}[\\s\\S]*alloc'd{MADE}",
        "double_destroy": f"Unaddressable byte{ENDED}[\\s\\S]*free'd{ENDED}[\\s\\S]*alloc'd{MADE}[\\s\\S]*cenote: double (destroy|free)",
        "leak": f"64 bytes in 1 blocks are definitely lost{MADE}",
    },
    # A destroy is a write of the whole object; whose comes last of two is as it happens.
    "tsan": {
        "use_after_destroy": f"data race[\\s\\S]*Read of size 8[\\s\\S]*faults::read[\\s\\S]*Previous write{ENDED}",
        "use_then_destroy": f"data race[\\s\\S]*Write of size[^P]*end_order[\\s\\S]*Previous read[\\s\\S]*faults::read",
        "use_after_recycling":
            "data race[\\s\\S]*Read of size 8[\\s\\S]*faults::read[\\s\\S]*Previous write[\\s\\S]*(make|end)_order",
    },
    "msan": {
        "fresh": "use-of-uninitialized-value[\\s\\S]*branch_on",
        "recycled": "use-of-uninitialized-value[\\s\\S]*branch_on",
        "destroyed": "use-of-uninitialized-value[\\s\\S]*branch_on",
    },
}


def main():
    tool, pool, fault, *command = sys.argv[1:]
    tool = tool.removesuffix("-checked")
    if tool == "valgrind":
        command = [command[0], "--quiet", "--error-exitcode=9", "--leak-check=full"] + command[1:]
    run = subprocess.run(command + [pool, fault], capture_output=True, text=True, timeout=120)
    said = run.stderr
    if fault == "none":
        if run.returncode != 0 or said.strip():
            sys.exit(f"a right program was reported (exit {run.returncode}):\n{said}")
        return
    if run.returncode == 0:
        sys.exit(f"{fault} in {pool} was not reported")
    if not re.search(REPORTS[tool][fault], said):
        sys.exit(f"expected '{REPORTS[tool][fault]}' in:\n{said}")


main()
