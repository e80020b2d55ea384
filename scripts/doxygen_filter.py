#!/usr/bin/env python3
"""What Doxygen reads instead of our files: the sources stay as people read them, and it gets the marks that it needs.

Headers: a `//` comment of a namespace's or class's scope becomes `///`, one behind a declaration `///<`, and the one at the
head of a file the file's. It is said again for each declaration of its paragraph, that is up to a blank line, which has none of
its own: as people read it. Comments in functions stay comments. The face of the typed pools, detail::typed_pool, appears as
cenote::typed_pool, since the rest of `detail` is left out.

What has the same meaning wherever it stands, as the standard or a concept of ours asks for it, gets a sentence of its own from
CONVENTIONS where it has no comment.

Macros that a table at the head of their file explains get their line of it.

C headers: `/* */` becomes `/** */`, behind a declaration `/**< */`.

Markdown: headings get the names that GitHub gives them, for links to lead to; what is not part of the site is no link.

usage: doxygen_filter.py FILE
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.zh-CN.md", "bench/README.md", "docs/comparison.md",
         "docs/guide.md", "docs/hardened.md", "docs/ladder.md", "docs/ladder.zh-CN.md", "docs/packages.md"]

CODE = re.compile(r"`[^`]*`")
LITERAL = re.compile(r'"(?:\\.|[^"\\])*"|(?<![0-9A-Za-z_])\'(?:\\.|[^\'\\])+\'')
SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum)\b(?!.*\()", re.DOTALL)

# Neither the start of a declaration, nor a special member that a paragraph's comment is not about.
SPECIAL = re.compile(r"^\s*(?:\}|~|friend\b|(?:public|private|protected):)|\boperator=|=\s*(?:delete|default)\b|\(\w+&& other\)")


CONVENTIONS = [(re.compile(pattern), text) for pattern, text in [
    (r"\busing (?:value_type|pointer|handle_type|deleter|unique_ptr)\b", "As its name says."),
    (r"\busing (?:propagate_on_\w+|is_always_equal)\b", "Asked for by std::allocator_traits."),
    (r"\b(?:allocate|deallocate|decommit|largest|call_back)\(", "What every source has: see memory_source."),
    (r"\b(?:source|large_source|upstream|resource)\(\)", "Where the memory comes from. O(1)."),
    (r"\bupstream_;", "Where the memory comes from."),
    (r"\bdo_(?:allocate|deallocate|is_equal)\(", "What std::pmr::memory_resource calls."),
    (r"\boperator(?:==|<=>)", "Equal as said above. O(1)."),
    (r"\boperator\(\)", "What the pointer calls at its end."),
    (r"\bmax_size\(\)", "The most objects that one allocation may be asked for."),
    (r"\b\w+\(\w+&&(?: other)?\)", "Takes over what the other has."),
    (r"\b(?:\w*allocator|static_cached_pool)\(const \w+(?:<.*>)?&", "Of the same as the other."),
    (r"\b(?:\w+_source|source_decorator|source_ref|own_heap_resource|arena_resource|\w*allocator|allocator_deleter|scope)\(",
     "Over what is named; takes no memory."),
]]


def escaped(text):
    """A line of a comment, whose text is not to be taken for markup."""
    if re.match(r"\s{4,}", text):
        return text
    parts, at = [], 0
    for code in CODE.finditer(text):
        parts += [re.sub(r"([<>@\\#%])", r"\\\1", text[at:code.start()]), code.group()]
        at = code.end()
    return "".join(parts) + re.sub(r"([<>@\\#%])", r"\\\1", text[at:])


def header(text):
    # Macros are explained in one table at the head of their file: each gets its line of that.
    for name, meaning in re.findall(r"^//     (CENOTE_\w+) {2,}(\S.*)$", text, re.MULTILINE):
        text = re.sub(rf"^(#define {name}\b)", lambda m, said=meaning: f"/// {escaped(said)}\n{m[1]}", text, flags=re.MULTILINE)
    text = text.replace("detail::typed_pool", "typed_pool")
    # What Doxygen 1.9 cannot read: braces in a template's head, and the engines, which are nobody's to name.
    text = re.sub(r"= pool_options\{\}", "= pool_options()", text)
    text = re.sub(r"^( +T, pool_options)\{[^}]*\}", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"typed_pool<\s*T, Options, detail::\w+<T, Options, Source>, Source>", "typed_pool<T, Options, Engine, Source>", text)
    # Nor a member of another namespace by its full name.
    text = re.sub(r"^(template <class T>\n)struct std::(hash<.*?^\};)", r"namespace std {\n\1struct \2\n}", text, flags=re.MULTILINE | re.DOTALL)
    if "class typed_pool {" in text:
        text = text.replace("namespace cenote::detail {", "namespace cenote {")
    lines, scopes, pending, of_file = [], [], "", True
    said, depth, new = [], 0, False  # the paragraph's comment, where it stands, and whether its first declaration is to come
    for line in text.split("\n"):
        comment = re.match(r"^(\s*)// ?(.*)$", line)
        declares = all(scopes)  # no function around
        if comment:
            mark = "/// \\file\n///" if of_file and not lines else "///"
            lines.append(f"{comment[1]}{mark} {escaped(comment[2])}" if declares else line)
            said = [*said, lines[-1]] if new else [lines[-1]]
            depth, new = len(scopes), declares
            continue
        of_file = False
        code = LITERAL.sub('""', line)
        code, _, behind = code.partition("//")
        if behind and declares and re.search(r"[;,}]\s*$|\w\s*$", code) and not re.fullmatch(r"\s*(?:\}|#.*)\s*", code):
            line = line[:line.rindex("//")] + "///< " + escaped(behind.strip())
        elif not line.strip():
            said = []
        elif said and not new and declares and depth == len(scopes) and not pending.strip() and not SPECIAL.search(line):
            lines += said
        elif not new and declares and not pending.strip() and not behind:
            lines += [f"/// {meaning}" for pattern, meaning in CONVENTIONS if pattern.search(code)][:1]
        new = False
        lines.append(line)
        if code.lstrip().startswith("#"):
            continue
        for piece in re.split(r"([{};])", code):
            if piece == "{":
                scopes.append(bool(SCOPE.search(re.sub(r"alignas\(.*?\)", "", pending))))
                pending = ""
            elif piece == "}":
                if scopes:
                    scopes.pop()
                pending = ""
            elif piece == ";":
                pending = ""
            else:
                pending = re.sub(r"\b(?:public|private|protected)\s*:", "", pending + " " + piece)
    return "\n".join(lines)


def c_header(text):
    text = re.sub(r"/\* (?=----)", "/*~ ", text)
    text = re.sub(r"(\S[^\n]*?)/\* ", lambda m: m[0] if m[1].startswith("/*") else m[1] + "/**< ", text)
    text = re.sub(r"^([ \t]*)/\* ", r"\1/** ", text, flags=re.MULTILINE)
    return text.replace("/** ", "/** \\file\n * ", 1)


def page_name(path):
    return re.sub(r"\W+", "_", path.removesuffix(".md"))


def markdown(path, text):
    shown = str(path.relative_to(ROOT))
    fenced, seen = False, set()

    def heading(match):
        name = re.sub(r"[^\w\- ]", "", match[2].lower()).strip().replace(" ", "-")
        label = ("mainpage" if shown == "README.md" else page_name(shown)) if match[1] == "#" else f"{page_name(shown)}-{name}"
        while label in seen:
            label += "-1"
        seen.add(label)
        return f"{match[1]} {match[2]} {{#{label}}}"

    def link(match):
        label, target = match[1], match[2]
        if re.match(r"[a-z]+:", target):
            return match[0]
        file, _, anchor = target.partition("#")
        to = (path.parent / file).resolve() if file else path
        if not to.is_relative_to(ROOT) or str(to.relative_to(ROOT)) not in PAGES:
            return label
        name = page_name(str(to.relative_to(ROOT)))
        name = "index" if name == "README" and not anchor else name
        return f"[{label}](#{name}-{anchor})" if anchor else f"[{label}](#{name})"

    lines = []
    for line in re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL).split("\n"):
        if line.startswith("```"):
            fenced = not fenced
            line = line.replace("```cpp", "```{.cpp}")
        elif not fenced and not line.startswith("    "):
            line = re.sub(r"!\[([^\]]*)\]\([^)]*/([^)/]+)\)", r"![\1](\2)", line)
            line = re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", link, line)
            line = re.sub(r"^(#+) (.*)$", heading, line)
        lines.append(line)
    return "\n".join(lines)


def main():
    path = Path(sys.argv[1]).resolve()
    text = path.read_text(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    read = {".md": lambda: markdown(path, text), ".h": lambda: c_header(text)}.get(path.suffix, lambda: header(text))
    sys.stdout.write(read())


if __name__ == "__main__":
    main()
