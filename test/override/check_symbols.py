#!/usr/bin/env python3
"""Checks the library as a file: the symbols that it exports, the libraries that it needs, its thread-local storage.

usage: check_symbols.py LIBRARY SYMBOLS

SYMBOLS is a file that lists, one a line, everything that has to be exported; nothing else may be.
"""

import os
import re
import subprocess
import sys

NEEDED = {"libc.so.6", "ld-linux-x86-64.so.2"}

# Bytes. Loaded late, the library's share of static thread-local storage comes out of the loader's surplus, of which glibc
# keeps about 1.6 KiB for all libraries of a process together.
MOST_TLS = 256


def output_of(*command):
    return subprocess.run(command, env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, check=True).stdout


def exported_wrongly(library, symbols):
    with open(symbols, encoding="utf-8") as file:
        wanted = set(file.read().split())
    exported = {line.split()[-1].split("@")[0] for line in output_of("nm", "-D", "--defined-only", library).splitlines()}
    for name in sorted(wanted - exported):
        yield f"{name} is not exported"
    for name in sorted(exported - wanted):
        yield f"{name} is exported, and is not malloc's"


def needed_wrongly(library):
    dynamic = output_of("readelf", "-dW", library)
    for name in re.findall(r"\(NEEDED\)\s+Shared library: \[(.+)\]", dynamic):
        if name not in NEEDED:
            yield f"needs {name}"
    # Threads of a program that has closed the library still have its memory, and forks its handlers.
    if not re.search(r"\(FLAGS_1\).*\bNODELETE\b", dynamic):
        yield "may be unloaded: has no NODELETE"
    if re.search(r"\(TEXTREL\)", dynamic):
        yield "has relocations in its code"


def thread_local_wrongly(library):
    segments = re.findall(r"^\s*TLS\s+(?:0x[0-9a-f]+\s+){4}(0x[0-9a-f]+)", output_of("readelf", "-lW", library), re.M)
    size = sum(int(text, 16) for text in segments)
    print(f"static thread-local storage: {size} bytes")
    if size > MOST_TLS:
        yield f"has {size} bytes of static thread-local storage, more than {MOST_TLS}"


def refused_by_a_c_program(library):
    """All symbols resolve in a program without C++'s runtime, and nothing is said."""
    environment = {"LD_PRELOAD": library, "LD_BIND_NOW": "1", "PATH": os.environ["PATH"]}
    run = subprocess.run(["ls", "/"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    if run.returncode != 0 or run.stderr:
        yield f"a C program under it ends with {run.returncode} and says: {run.stderr.strip()}"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    library, symbols = sys.argv[1:]
    wrong = [
        *exported_wrongly(library, symbols),
        *needed_wrongly(library),
        *thread_local_wrongly(library),
        *refused_by_a_c_program(library),
    ]
    if wrong:
        sys.exit("\n".join(f"{library}: {line}" for line in wrong))


main()
