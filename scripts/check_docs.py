#!/usr/bin/env python3
"""Compiles the C++ and the C of the documentation, and follows its links.

Code: every block that is fenced as ```cpp is compiled (g++ -fsyntax-only -std=c++20 -Iinclude). A block with `int main` is
a program, compiled by itself as it stands. Any other is the body of a function, behind cenote.hpp and its own #include
lines. What else it needs, as a reader of the page has it in mind, stands before it on the page in ```cpp blocks between the
lines `<!-- for the blocks below:` and `-->`, which are not shown. A block that is not to be compiled has the line
`<!-- not compiled: REASON -->` before it; the reason is required. A block that is fenced as ```c is a program in C11.

Links: every relative link of a Markdown file leads to a file or folder that is there, and its #anchor to a heading, by
the names that GitHub gives to headings.

usage: check_docs.py [--root DIR] [--links]    --links: the links and the names of tests alone
       check_docs.py --self-test               that the checks notice what they are for

Tests: each row of a table in docs/reliability.md whose last column is headed "tests" names tests there, in backticks: a
GoogleTest `suite.test` that stands in test/, or a name that a CMakeLists.txt below test/ gives to ctest, where a variable
stands for words that are in the same file, and `*` for each. A row without one says "not tested yet".

Prints one line for each fault, `file:line: message`, and exits with 1 if there is any.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FENCE = re.compile(r"^(```+)[ \t]*(\S*)[^\n]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)
EXEMPT = re.compile(r"<!-- not compiled:([^\n]*?)-->\s*$")
CONTEXT = re.compile(r"^<!-- for the blocks below:\n(.*?)^-->$", re.MULTILINE | re.DOTALL)
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[^\n]*", re.MULTILINE)
LINK = re.compile(r"(?<!\\)\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
HEADING = re.compile(r"^(#{1,6})[ \t]+(.*?)[ \t]*#*$", re.MULTILINE)
COMPILERS = {"cpp": [os.environ.get("CXX", "g++"), "-fsyntax-only", "-std=c++20", "-x", "c++"],
             "c": [os.environ.get("CC", "gcc"), "-fsyntax-only", "-std=c11", "-Wall", "-Wextra", "-Werror", "-x", "c"]}


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def markdown_files(root):
    """Those that git knows or would take; all of them where there is no git."""
    listing = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"],
        capture_output=True, text=True, check=False)
    if listing.returncode == 0 and (root / ".git").exists():
        return sorted(root / name for name in listing.stdout.split("\0") if name and (root / name).is_file())
    return sorted(root.rglob("*.md"))


def blocks(path):
    """(line, language, code, context) for each block to compile; the code is None where an exemption gives no reason."""
    text = path.read_text(encoding="utf-8")
    contexts = [(m.span(), re.sub(r"^```.*$", "", m.group(1), flags=re.MULTILINE)) for m in CONTEXT.finditer(text)]
    for fence in FENCE.finditer(text):
        if fence.group(2) not in COMPILERS or any(a <= fence.start() < b for (a, b), _ in contexts):
            continue
        line = line_of(text, fence.start())
        exempt = EXEMPT.search(text, 0, fence.start())
        if not exempt:
            context = "\n".join(code for (_, end), code in contexts if end <= fence.start())
            yield line, fence.group(2), fence.group(3), context
        elif not exempt.group(1).strip():
            yield line, fence.group(2), None, ""


def programs(root, faults):
    """(language, text) to compile: each program that is shown, and one of all that are bodies of functions."""
    shown, includes, bodies = {}, ["#include <cenote/cenote.hpp>"], {}
    for path in markdown_files(root):
        name = str(path.relative_to(root))
        for line, language, code, context in blocks(path):
            if code is None:
                faults.append(f"{name}:{line}: a block that is not compiled needs a reason")
                continue
            same = re.sub(r"//[^\n]*", "", context + code)  # a translation's is compiled once
            position = f'#line {line + 1} "{name}"\n'
            if language == "c" or re.search(r"^\s*int main\b", code, re.MULTILINE):
                shown.setdefault(same, (language, position + code))
                continue
            includes += INCLUDE.findall(context + "\n" + code)
            context, code = (INCLUDE.sub("", text) for text in (context, code))
            bodies.setdefault(same, f"namespace block_{len(bodies)} {{\n{context}\n[[maybe_unused]] static void shown() {{\n"
                                    f"{position}{code}\n}} }}\n")
    together = [("cpp", "\n".join([*includes, *bodies.values()]))] if bodies else []
    return [*shown.values(), *together]


def code_faults(root):
    faults = []

    def compile_one(program):
        language, text = program
        return subprocess.run([*COMPILERS[language], f"-I{root / 'include'}", "-"], input=text, capture_output=True, text=True,
                              check=False)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for done in pool.map(compile_one, programs(root, faults)):
            found = re.findall(r"^(.*?\.md:\d+):(?:\d+:)? (?:fatal )?error: (.*)$", done.stderr, re.MULTILINE)
            faults += [f"{place}: does not compile: {message}" for place, message in found]
            if done.returncode != 0 and not found:
                faults.append(f"does not compile: {done.stderr.strip()}")
    return faults


def anchors(path):
    """As GitHub makes them: lower case, no punctuation, hyphens for spaces, numbered when they come again."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    found = set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))
    for heading in HEADING.finditer(text):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(2)).lower()
        name = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        unique, again = name, 0
        while unique in found:
            again += 1
            unique = f"{name}-{again}"
        found.add(unique)
    return found


def link_faults(root):
    faults = []
    for path in markdown_files(root):
        text = path.read_text(encoding="utf-8")
        blanked = FENCE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
        blanked = re.sub(r"`[^`\n]*`", lambda m: " " * len(m.group()), blanked)
        for link in LINK.finditer(blanked):
            target, _, anchor = link.group(1).partition("#")
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            place = f"{path.relative_to(root)}:{line_of(text, link.start())}"
            to = (path.parent / target).resolve() if target else path
            if not to.exists():
                faults.append(f"{place}: there is no {target}")
            elif anchor and (to.suffix != ".md" or anchor not in anchors(to)):
                faults.append(f"{place}: {target or path.name} has no #{anchor}")
    return faults


GTEST = re.compile(r"^\s*(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.MULTILINE)
CTEST = re.compile(r"\b(?:add_test\(\s*NAME\s+|(?:\w+_test|malloc_linked_test)\(\s*)([^\s()]+)")


def named_tests(root):
    """The names that GoogleTest knows; and for each CMakeLists.txt (patterns of ctest's names, its words)."""
    suites, ctest = set(), []
    for path in sorted((root / "test").rglob("*")):
        if path.suffix in (".cpp", ".hpp"):
            suites |= {f"{suite}.{test}" for suite, test in GTEST.findall(path.read_text(encoding="utf-8"))}
        elif path.name == "CMakeLists.txt":
            text = re.sub(r"#.*", "", path.read_text(encoding="utf-8"))
            names = {name for name in CTEST.findall(text) if name != "name"}
            names = [re.sub(r"\\\$\\\{\w+\\\}", "([^/.]+)", re.escape(name)) for name in names]
            ctest.append((names, set(re.findall(r"[\w-]+", text)) | {"*"}))
    return suites, ctest


def is_test(name, suites, ctest):
    if name in suites:
        return True
    for patterns, words in ctest:
        for pattern in patterns:
            match = re.fullmatch(pattern, name)
            if match and all(part in words for part in match.groups()):
                return True
    return False


def reliability_faults(root):
    path = root / "docs/reliability.md"
    if not path.exists():
        return []
    faults, columns = [], []
    suites, ctest = named_tests(root)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("|"):
            columns = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not columns:
            columns = cells
        elif columns[-1] == "tests" and set(line) - set("|- "):
            names = re.findall(r"`([^`]+)`", cells[-1]) if len(cells) == len(columns) else []
            if not names and "not tested yet" not in line:
                faults.append(f"docs/reliability.md:{number}: a row without a test")
            faults += [f"docs/reliability.md:{number}: there is no test {name}" for name in names if not is_test(name, suites, ctest)]
    return faults


def self_test():
    fence = "```cpp\n{}\n```\n"
    cases = [
        ("sound", fence.format("int n = known; (void)n;"), []),
        ("a program", fence.format("int main() { return 0; }"), []),
        ("a program without what it needs", fence.format("int main() { return known; }"), ["a.md:2: does not compile"]),
        ("two of one name", 2 * fence.format("struct s {}; s one;"), []),
        ("an include of its own", fence.format("#include <vector>\nstd::vector<int> v;"), []),
        ("does not compile", "text\n" + fence.format("int n = unknown;"), ["a.md:3: does not compile"]),
        ("a program in C", "```c\nint main(void) { int *p = (void *)0; return p != 0; }\n```\n", []),
        ("no C", "```c\nint main(void) { return nullptr; }\n```\n", ["a.md:2: does not compile"]),
        ("another language", "```sh\n./dev test\n```\n", []),
        ("exempt", "<!-- not compiled: only a part -->\n" + fence.format("int n = "), []),
        ("exempt without a reason", "<!-- not compiled: -->\n" + fence.format("int n = "), ["a.md:2: a block that is"]),
        ("with a context", "<!-- for the blocks below:\n```cpp\nstruct s {};\n```\n-->\n" + fence.format("s one;"), []),
        ("a context that comes later", fence.format("s one;") + "<!-- for the blocks below:\n```cpp\nstruct s {};\n```\n-->\n",
         ["a.md:2: does not compile"]),
        ("a link", "# Two words, `so`\n[a](b.md) [b](#two-words-so) [c](b.md#there) [d](https://x.org/y) [e](.)\n", []),
        ("no such file", "\n[a](c.md)\n", ["a.md:2: there is no c.md"]),
        ("no such anchor", "[a](b.md#here) [b](#here)\n", ["a.md:1: b.md has no #here", "a.md:1: a.md has no #here"]),
        ("a heading that comes again", "# A\n# A\n[a](#a-1)\n", []),
        ("a heading in Chinese", "# 内存池：梯子\n[a](#内存池梯子)\n", []),
        ("a link in code", "`[a](c.md)`\n", []),
    ]
    fine = True
    for name, text, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            (root / "include/cenote").mkdir(parents=True)
            (root / "include/cenote/cenote.hpp").write_text("inline int known;\n")
            (root / "a.md").write_text(text, encoding="utf-8")
            (root / "b.md").write_text("## There\n", encoding="utf-8")
            faults = code_faults(root) + link_faults(root)
        if len(faults) != len(expected) or not all(f.startswith(e) for f, e in zip(faults, expected)):
            print(f"self-test: {name}: expected {expected}, got {faults}")
            fine = False
    row = "| fault | tests |\n| --- | --- |\n| a | {} |\n"
    cases = [
        ("a test of GoogleTest", "`suite.one`, `suite.two`", []),
        ("no such test of GoogleTest", "`suite.three`", ["docs/reliability.md:3: there is no test suite.three"]),
        ("tests of ctest", "`soak`, `fuzz.pools`, `asan/*/none`", []),
        ("no such test of ctest", "`fuzz.heaps`", ["docs/reliability.md:3: there is no test fuzz.heaps"]),
        ("no test", "", ["docs/reliability.md:3: a row without a test"]),
        ("not yet", "not tested yet", []),
    ]
    for name, tests, expected in cases:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "docs").mkdir()
            (root / "test").mkdir()
            (root / "docs/reliability.md").write_text(row.format(tests))
            (root / "test/a_test.cpp").write_text("TEST(suite, one) {}\nTYPED_TEST(suite,\n           two) {}\n")
            (root / "test/CMakeLists.txt").write_text(
                "cenote_test(soak a.cpp)\nforeach(t pools arena)\nadd_test(NAME fuzz.${t} COMMAND x)\n"
                "add_test(NAME asan/${pool}/${fault} COMMAND none)\n")
            faults = reliability_faults(root)
        if faults != expected:
            print(f"self-test: {name}: expected {expected}, got {faults}")
            fine = False
    return fine


def main():
    parser = argparse.ArgumentParser(usage="\n" + __doc__.split("usage:")[1].split("\n\n")[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--links", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        sys.exit(0 if self_test() else 1)
    root = options.root.resolve()
    faults = link_faults(root) + reliability_faults(root) + ([] if options.links else code_faults(root))
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
