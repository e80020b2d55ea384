"""clang-tidy and cppcheck over the library: both have to be silent.

    analyse.py                 both tools
    analyse.py --cppcheck      the quick one alone, of the library: a test
    analyse.py --tidy [NAME..] clang-tidy alone, of some of its parts (see parts())
    analyse.py --self-test     whether both find what is wrong with a file made for it

clang-tidy reads few large files rather than many small ones, as most of its time goes into the standard library's headers: one
for all sources of the heap, one with an instance of every template, and so on. Tests are left out: they break contracts on
purpose, and the compilers' warnings hold for them.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
work = root / "build" / "analyse"


quick = ["include", "src/heap", "src/adaptor", "src/override"]


def sources(*folders):
    return [path for folder in folders for path in sorted((root / folder).glob("*.cpp"))]


def parts():
    """Name: source files that are read as one, options of the compiler, and what is not asked."""
    # Apart from each other: the replacement defines again what the heap has weak definitions of.
    library = sources("src/heap", "src/adaptor")
    override = sources("src/override")
    hardened = ["-DCENOTE_HARDENED=1"]
    instances = [root / "test/analysis/instances.cpp"]
    # The analyser goes through every path, which takes minutes: where the paths are the same it is asked once.
    twice = ",-clang-analyzer-*"
    tool = [path for path in sorted((root / "src/tool").rglob("*.cpp")) if path.parent.name != "preload"]
    # Its commands ask for the environment and for texts of errors in one thread, and read what the kernel printed; its list of
    # commands stands behind them in the one file that is made of all.
    one_thread = ",-concurrency-mt-unsafe,-cert-err34-c,-readability-redundant-declaration"
    made = {
        "library": (library, [], ""),
        "override": (override, [], ""),
        "hardened": (library, hardened, twice),
        "pools-cheap": (instances, ["-DCENOTE_CHECKS=CENOTE_CHECKS_CHEAP"], ""),
        "pools-full": (instances, ["-DCENOTE_CHECKS=CENOTE_CHECKS_FULL"], twice),
        "override-hardened": (override + sources("src/override/hardened"), hardened, ""),
        "tool": (tool, ['-DCENOTE_BIN_TO_LIB=""', "-fsized-deallocation"], one_thread),
        "tool-preload": (sources("src/tool/record/preload"), [], twice),
    }
    server = root / "examples/packet_server"
    made["server"] = (sorted(server.glob("*/*.cpp")), [f"-I{server}"], "")
    for path in sorted((root / "examples").glob("*/*.cpp")):
        made[f"{path.parent.name}/{path.stem}"] = ([path], [], "")
    return made


def tidy(name, files, options, less):
    main = files[0]
    if len(files) > 1:
        main = work / f"unity_{name.replace('/', '_')}.cpp"
        main.write_text("".join(f'#include "{path.relative_to(root)}"\n' for path in files), encoding="utf-8")
        # The analyser begins paths in the file itself alone, unless told otherwise.
        options = ["-Xclang", "-analyzer-opt-analyze-headers", *options]
    command = ["clang-tidy", "--quiet", f"--config-file={root}/.clang-tidy", f"--checks=-bugprone-suspicious-include{less}",
               f"--header-filter={re.escape(str(root))}/(include|src|examples|build/analyse/self_test)/.*", str(main), "--",
               "-std=c++20", "-Wno-everything", '-DCENOTE_VERSION=""', f"-I{root}", f"-I{root}/src", f"-I{root}/include", f"-I{files[0].parent}", *options]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"== clang-tidy, {name}\n{done.stdout}{'' if done.stdout.strip() else done.stderr}"


def run_tidy(names):
    chosen = {name: part for name, part in parts().items() if not names or name in names}
    if not chosen:
        sys.exit(f"analyse: no such part; there are {', '.join(parts())}")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        said = []
        for name, text in zip(chosen, pool.map(lambda name: tidy(name, *chosen[name]), chosen)):
            print(f"analyse: {name}: {'clean' if text == '' else 'not clean'}", flush=True)
            said.append(text)
    return "".join(said)


LITERAL = re.compile(r"\b([0-9][0-9']*)_(KiB|MiB|GiB)\b")
FACTOR = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def run_cppcheck(folders, root=root, copy=work / "copy"):
    """Over a copy without what cppcheck 2.10 stops at: literals of one's own (64_KiB), attributes and forms of `if`."""
    shutil.rmtree(copy, ignore_errors=True)
    for folder in folders:
        for path in sorted((root / folder).rglob("*.?pp")):
            text = path.read_text(encoding="utf-8")
            to = copy / path.relative_to(root)
            to.parent.mkdir(parents=True, exist_ok=True)
            text = LITERAL.sub(lambda m: f"({m[1]} * std::size_t{{{FACTOR[m[2]]}}})", text)
            text = re.sub(r" \[\[(un)?likely\]\]", "", text.replace("if constexpr (", "if ("))
            to.write_text(text, encoding="utf-8")
    suppressions = Path(__file__).resolve().parent / "cppcheck.txt"
    command = ["cppcheck", "--quiet", "--error-exitcode=1", "--std=c++20", "--language=c++", "--inline-suppr",
               "--enable=warning,style,performance,portability", f"--suppressions-list={suppressions}",
               "-Iinclude", "-Isrc", "-j", str(os.cpu_count()), *folders]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"== cppcheck\n{done.stdout}{done.stderr}"


FAULTY = """#include <cstddef>
int wrong(const int* p, std::size_t n) {
    int numbers[4] = {};
    if (p == nullptr) n += static_cast<std::size_t>(*p);
    return numbers[4] + static_cast<int>(n);
}
"""


def self_test():
    made = work / "self_test"
    shutil.rmtree(made, ignore_errors=True)
    (made / "src").mkdir(parents=True)
    file = made / "src" / "faulty.cpp"
    file.write_text(FAULTY, encoding="utf-8")
    said = {"arrayIndexOutOfBounds": run_cppcheck(["src"], made, work / "copy_self_test"),
            "clang-analyzer-core.NullDereference": tidy("self_test", [file], [], "")}
    missed = [check for check, text in said.items() if check not in text]
    if missed:
        sys.exit(f"analyse: not found in a faulty file: {', '.join(missed)}\n{said}")
    print("analyse: both find faults")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cppcheck", action="store_true")
    parser.add_argument("--tidy", nargs="*", metavar="NAME")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    work.mkdir(parents=True, exist_ok=True)
    if options.self_test:
        return self_test()
    said = ""
    if options.tidy is None:
        said += run_cppcheck(quick if options.cppcheck else ["include", "src", "examples"])
    if not options.cppcheck:
        said += run_tidy(options.tidy)
    if said:
        sys.exit(said)
    print("analyse: clean")


main()
