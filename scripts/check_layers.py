#!/usr/bin/env python3
"""Checks that the layers of the library include only what lies to their left, and that its words are its own.

    base < os < source < freelist < slab < pool < heap < adaptor < override < tool

A file under include/cenote/<layer>/ or src/<layer>/ may include headers of its own layer and of those to its left.
Headers directly under include/cenote/ (cenote.hpp, object_pool.hpp, ...) are for users: they may include anything, and
no layer may include them.

usage: check_layers.py [--root DIR]                 the includes
       check_layers.py [--root DIR] --vocabulary    the words
       check_layers.py --self-test                  that both checks notice what they are for

Prints one line for each violation, `file:line: message`, and exits with 1 if there is any.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

LAYERS = ["base", "os", "source", "freelist", "slab", "pool", "heap", "adaptor", "override", "tool"]

# Top-level headers that are the interface of a layer, not a short name for others.
LAYER_OF_TOP_LEVEL_HEADER = {"cenote.h": "adaptor"}

# Words for which the vocabulary of ARCHITECTURE.md has another one. "run", "span" and "bin" are not among them, because
# the language and the standard library need them.
FOREIGN_WORDS = ["chunk", "extent", "bucket", "cell", "node"]

SOURCE_SUFFIXES = {".h", ".hpp", ".ipp", ".c", ".cc", ".cpp"}

COMMENT = r"//[^\n]*|/\*.*?\*/"
LITERAL = r'R"(?P<delimiter>[^ ()\\\t\n]*)\(.*?\)(?P=delimiter)"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z_])\'(?:\\.|[^\'\\\n])+\''
COMMENT_OR_LITERAL = re.compile(rf"(?P<comment>{COMMENT})|(?P<literal>{LITERAL})", re.DOTALL)
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"\n]+)[>\"]", re.MULTILINE)
IDENTIFIER = re.compile(r"(?:\bstd\s*::\s*)?\b[A-Za-z_][A-Za-z0-9_]*")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def blanked(text):
    """As many spaces as there are characters; line breaks stay, so that line numbers do."""
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    return COMMENT_OR_LITERAL.sub(lambda m: blanked(m.group()) if m.group("comment") else m.group(), text)


def without_comments_and_literals(text):
    return COMMENT_OR_LITERAL.sub(lambda m: blanked(m.group()), text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def source_files(root):
    for folder in (root / "include" / "cenote", root / "src"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in SOURCE_SUFFIXES:
                yield path


def relative_place(path, root):
    """The parts of `path` below include/cenote or src, whichever holds it; None outside of both."""
    for folder in (root / "include" / "cenote", root / "src"):
        if path.is_relative_to(folder):
            return folder.name, path.relative_to(folder).parts
    return None


def layer_of(path, root):
    """The layer of a file of the library, None for a header that is for users, "" for a file that has no place."""
    folder, parts = relative_place(path, root)
    if len(parts) > 1:
        return parts[0] if parts[0] in LAYERS else ""
    if folder == "src":
        return ""
    return LAYER_OF_TOP_LEVEL_HEADER.get(parts[0])


def resolve(name, including, root):
    """The file of the library that an include names, as the compiler would look for it; None for all others."""
    for folder in (including.parent, root / "include", root / "src"):
        path = (folder / name).resolve()
        if path.is_file() and relative_place(path, root):
            return path
    return None


def layer_violations(root):
    for path in source_files(root):
        layer = layer_of(path, root)
        shown = path.relative_to(root)
        if layer == "":
            place = path.parent.relative_to(root)
            yield f"{shown}:1: {place}/ is no layer; the layers are {' < '.join(LAYERS)}"
            continue
        text = without_comments(path.read_text(encoding="utf-8"))
        for include in INCLUDE.finditer(text):
            message = include_violation(include.group(1), path, layer, root)
            if message:
                yield f"{shown}:{line_of(text, include.start(1))}: {message}"


def include_violation(name, path, layer, root):
    included = resolve(name, path, root)
    if included is None:
        return f'there is no "{name}"' if name.startswith("cenote/") else None
    if layer is None:
        return None
    other = layer_of(included, root)
    if other is None:
        return f'layer {layer} includes "{name}", which is a short name for users; include the header it stands for'
    if other == "":
        return f'layer {layer} includes "{name}", which is in no layer'
    if LAYERS.index(other) > LAYERS.index(layer):
        return f'layer {layer} includes "{name}" of layer {other}, which lies to its right'
    return None


def vocabulary_violations(root):
    for path in source_files(root):
        text = without_comments_and_literals(path.read_text(encoding="utf-8"))
        text = re.sub(r"^[ \t]*#[ \t]*include[^\n]*", lambda m: blanked(m.group()), text, flags=re.MULTILINE)
        for identifier in IDENTIFIER.finditer(text):
            if "::" in identifier.group():  # a name of the standard library
                continue
            for word in WORD.findall(identifier.group()):
                if word.lower().removesuffix("s") in FOREIGN_WORDS:
                    shown = path.relative_to(root)
                    line = line_of(text, identifier.start())
                    yield f'{shown}:{line}: "{identifier.group()}": "{word.lower()}" is not a word of this library'


def expect(name, violations, expected):
    """`expected` are beginnings of the lines that have to be printed, in order."""
    violations = list(violations)
    fine = len(violations) == len(expected) and all(v.startswith(e) for v, e in zip(violations, expected))
    if not fine:
        print(f"self-test: {name}: expected {expected}, got {violations}")
    return fine


def self_test():
    sound = {
        "include/cenote/cenote.hpp": '#include "cenote/pool/pool.hpp"\n',
        "include/cenote/cenote.h": "",
        "include/cenote/base/bits.hpp": "#include <span>\n",
        "include/cenote/os/vm.hpp": '#include "cenote/base/bits.hpp"\n#include <sys/mman.h>\n',
        "include/cenote/pool/pool.hpp": '#include "cenote/os/vm.hpp"\n#include "options.hpp"\n',
        "include/cenote/pool/options.hpp": "std::span<int> s; int length_of(std::dynamic_extent);\n",
        "src/os/linux.cpp": '#include "cenote/os/vm.hpp"\n',
        "src/adaptor/c_api.cpp": '#include "cenote/cenote.h"\n',
    }
    bits, vm = "include/cenote/base/bits.hpp", "include/cenote/os/vm.hpp"
    wrong_layers = [
        ("to the right", {bits: '\n#include "cenote/os/vm.hpp"\n'}, [f"{bits}:2: layer base includes"]),
        ("in angle brackets", {bits: "#include <cenote/os/vm.hpp>\n"}, [f"{bits}:1: layer base includes"]),
        ("by a relative path", {bits: '#include "../os/vm.hpp"\n'}, [f"{bits}:1: layer base includes"]),
        ("with spaces", {bits: '  #  include  "cenote/os/vm.hpp"\n'}, [f"{bits}:1: layer base includes"]),
        ("behind a comment", {bits: '/* a\nb */ #include "cenote/os/vm.hpp"\n'}, [f"{bits}:2: layer base includes"]),
        ("in a comment", {bits: '// #include "cenote/os/vm.hpp"\n/*\n#include "cenote/os/vm.hpp"\n*/\n'}, []),
        ("a header for users", {vm: '#include "cenote/cenote.hpp"\n'}, [f"{vm}:1: layer os includes"]),
        ("the C API from below", {vm: '#include "cenote/cenote.h"\n'}, [f"{vm}:1: layer os includes"]),
        ("a header that is not there", {vm: '#include "cenote/os/none.hpp"\n'}, [f"{vm}:1: there is no"]),
        ("from a source file", {"src/os/linux.cpp": '#include "cenote/pool/pool.hpp"\n'}, ["src/os/linux.cpp:1: layer os"]),
        ("an unknown layer", {"include/cenote/misc/x.hpp": ""}, ["include/cenote/misc/x.hpp:1: include/cenote/misc/ is no"]),
        ("a source file in no layer", {"src/x.cpp": ""}, ["src/x.cpp:1: src/ is no layer"]),
        ("twice", {bits: '#include "cenote/os/vm.hpp"\n#include "cenote/pool/pool.hpp"\n'}, [f"{bits}:1:", f"{bits}:2:"]),
    ]
    wrong_words = [
        ("an identifier", {bits: "int a;\nint chunk_size;\n"}, [f'{bits}:2: "chunk_size"']),
        ("a plural", {bits: "int free_nodes = 0;\n"}, [f'{bits}:1: "free_nodes"']),
        ("camel case", {bits: "template <class BucketList> struct s;\n"}, [f'{bits}:1: "BucketList"']),
        ("behind a digit separator", {bits: "int a = 1'000; int cell = 2'000;\n"}, [f'{bits}:1: "cell"']),
        ("part of another word", {bits: "int excellent, cancelled, noded, extents_;\n"}, [f'{bits}:1: "extents_"']),
        ("in comments and text", {bits: '// a chunk\n/* a node */ const char* s = "a bucket"; auto r = R"(a "cell)";\n'}, []),
        ("of the standard library", {bits: "auto n = std::dynamic_extent; std :: extent<int> e;\n"}, []),
    ]

    fine = True
    for check, cases in ((layer_violations, wrong_layers), (vocabulary_violations, wrong_words)):
        for name, files, expected in [("a sound tree", {}, []), *cases]:
            with tempfile.TemporaryDirectory() as folder:
                root = Path(folder).resolve()
                for path, text in {**sound, **files}.items():
                    (root / path).parent.mkdir(parents=True, exist_ok=True)
                    (root / path).write_text(text, encoding="utf-8")
                fine = expect(name, check(root), expected) and fine
    print("self-test:", "passed" if fine else "FAILED")
    return fine


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help="the tree to check")
    parser.add_argument("--vocabulary", action="store_true", help="check the words instead of the includes")
    parser.add_argument("--self-test", action="store_true", help="check the checks")
    options = parser.parse_args()
    if options.self_test:
        return 0 if self_test() else 1

    root = options.root.resolve()
    if not (root / "include" / "cenote").is_dir():
        print(f"{root}: has no include/cenote")
        return 1
    violations = list(vocabulary_violations(root) if options.vocabulary else layer_violations(root))
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
