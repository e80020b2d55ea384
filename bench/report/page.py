"""docs/benchmarks.html: one page that needs nothing but itself, and links the raw results beside it."""

import html
import os
from pathlib import Path

import charts
import facts
import load
import names
import svg
from contents import SECTIONS
from figures import LEGEND, size_of

CSS = Path(__file__).with_name("page.css")
KINDS = {"ours": "Cenote", "pool": "other pools", "malloc": "mallocs",
         "limit": "references, not ranked: no allocator, nothing shared, or not correct"}


def escape(text):
    return html.escape(str(text), quote=True)


def cells(line, tag="td"):
    out = []
    for cell in line:
        note = f"<small>{escape(cell.spread)}</small>" if cell.spread else ""
        mark = ' class="best"' if cell.best else ""
        out.append(f"<{tag}{mark}>{escape(cell.text)}{note}</{tag}>")
    return "".join(out)


def table(found, caption):
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in ["", *found.head])
    body = "\n".join(f'<tr><th scope="row" title="{escape(name)}">{escape(names.short(name))}</th>{cells(line)}</tr>' for name, line in found.lines)
    return (f'<div class="scroll"><table><caption>{escape(caption)}</caption>'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>")


def text_table(head, lines, caption):
    """Of words, not of figures."""
    top = "".join(f'<th scope="col" class="text">{escape(text)}</th>' for text in head)
    body = "\n".join("<tr>" + "".join(f'<td class="text">{cell}</td>' for cell in line) + "</tr>" for line in lines)
    return (f'<div class="scroll"><table><caption>{escape(caption)}</caption>'
            f"<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>")


def samples(rows):
    least, most = min(row.samples for row in rows), max(row.samples for row in rows)
    count = f"{least}" if least == most else f"{least} to {most}"
    return f"{count} sample{'' if most == 1 else 's'}. "


def chart(view, results, narrow):
    figure, (axes,) = charts.canvas(1, *size_of(view, results, narrow))
    view.draw(axes, results)
    drawn = svg.finish(figure, view.name, view.title, view.describe(results))
    charts.close(figure)
    exact = table(view.table(results), f"{samples(view.rows_of(results))}Less is better, ● is the best.")
    return f"<figure>\n{drawn}\n<details><summary>Exact figures</summary>\n{exact}\n</details>\n</figure>"


def missing(suite, what):
    return (f'<p class="missing">Not measured yet: {escape(what)}. <code>./dev report {escape(suite)}</code> measures it.</p>')


def grid(views, results, wide):
    drawn = "\n".join(chart(view, results, not wide) for view in views)
    return f'<div class="charts{" wide" if wide else ""}">\n{drawn}\n</div>' if views else ""


def section(of, results):
    suites = list(dict.fromkeys(view.suite for view in of.views))
    cores = next((results[suite].machine.get("cores") for suite in suites if suite in results), None) or "few"
    parts = [f'<section id="{of.name}" aria-labelledby="{of.name}-head">', f'<h2 id="{of.name}-head">{escape(of.title)}</h2>',
             f"<p>{escape(of.says.replace('{cores}', str(cores)))}</p>"]
    absent = [suite for suite in suites if suite not in results]
    parts += [missing(suite, f"the suite {suite}") for suite in absent]
    shown = [view for view in of.views if view.rows_of(results)]
    wide = [view for view in shown if view.wide or (of.pair and view in of.views[:2])]
    parts.append(grid(wide, results, True))
    parts.append(grid([view for view in shown if view not in wide], results, False))
    left = [view for view in of.views if view not in shown and view.suite in results]
    if left:
        parts.append(missing(left[0].suite, "; ".join(view.title for view in left)))
    return "\n".join(part for part in parts if part) + "\n</section>"


def comparisons(results):
    """For each measurement that is shown: its name, unit, best rows, the best of ours, the best of others."""
    for of in SECTIONS:
        for view in of.views:
            if not view.rows_of(results):
                continue
            for what, unit, rows in view.compared(results):
                rows = load.by_value(load.competing(rows))
                ours = next((row for row in rows if row.kind == "ours"), None)
                other = next((row for row in rows if row.kind != "ours"), None)
                if ours and other:
                    yield what, unit, load.best(rows), ours, other


def summary(results):
    found = list(comparisons(results))
    if not found:
        return ""
    lines, alone, level = [], 0, 0
    for what, unit, winners, ours, other in found:
        win, lose = ours in winners, other in winners
        alone, level = alone + (win and not lose), level + (win and lose)
        cell = [f'<td{" class=best" if best else ""}>{escape(names.figure(row.value))}<small>{escape(names.short(row.subject))}</small></td>'
                for row, best in ((ours, win), (other, lose))]
        ratio = names.figure(ours.value / other.value) if other.value else "–"
        lines.append(f'<tr><th scope="row">{escape(what)}, {escape(unit)}</th>{cell[0]}{cell[1]}<td>{ratio}</td></tr>'.replace("class=best", 'class="best"'))
    body = "\n".join(lines)
    said = (f"Of {len(found)} measurements on this page Cenote’s best is ahead in {alone}, level in {level} and behind in {len(found) - alone - level}. "
            "The best of others is taken anew for each measurement.")
    return f"""<section id="summary" aria-labelledby="summary-head">
<h2 id="summary-head">Who is best where</h2>
<p>{escape(said)}</p>
<details><summary>All {len(found)} measurements</summary>
<div class="scroll"><table><caption>Less is better; ● is the best, both where they are level.</caption>
<thead><tr><th scope="col"></th><th scope="col">best of Cenote</th><th scope="col">best of others</th><th scope="col">ratio</th></tr></thead>
<tbody>
{body}
</tbody></table></div></details>
</section>"""


def runs(results, folder, page):
    lines = []
    for suite, result in results.items():
        link = escape(Path(os.path.relpath(folder / f"{suite}.json", page.parent)).as_posix())
        lines.append([escape(suite), *(escape(value) for value in facts.of_run(result)), f'<a href="{link}">{suite}.json</a>'])
    return text_table(["suite", "date", "commit", "took", "load before → after", "kind", "raw results"], lines, "When each suite ran. Load: the "
                      "kernel’s average number of running processes over one minute; at the end, and where a suite follows another, mostly its own.")


def machine(results, folder, page):
    parts = ['<section id="machine" aria-labelledby="machine-head">', '<h2 id="machine-head">Machine, versions, raw results</h2>',
             runs(results, folder, page)]
    for described, suites in facts.machines(results):
        parts.append(text_table(["", ""], [[escape(name), escape(value)] for name, value in described], "Machine of " + ", ".join(suites)))
    lines = [[escape(name), escape(version), escape(options), escape(", ".join(suites))] for name, version, options, suites in facts.versions(results)]
    parts.append(text_table(["who", "version", "options as used", "suites"], lines, "Versions and options"))
    return "\n".join(parts) + "\n</section>"


def warnings(results):
    return "\n".join(f'<p class="warning">{escape(text)}</p>' for text in facts.warnings(results))


def page(results, folder, file):
    """The page's text. `folder` has the raw results; `file` is where the page will be."""
    legend = "".join(f'<li><i style="background: var(--{kind})"></i>{escape(text)}</li>' for kind, text in KINDS.items())
    links = "".join(f'<a href="#{of.name}">{escape(of.title.partition(":")[0])}</a>' for of in SECTIONS)
    sections = "\n".join(section(of, results) for of in SECTIONS)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cenote: benchmarks</title>
<style>
{svg.STYLE}
{CSS.read_text(encoding="utf-8")}</style>
</head>
<body>
<main>
<h1>Cenote: benchmarks</h1>
<p class="lead">{escape(facts.lead(results))}</p>
{warnings(results)}
<nav aria-label="Contents"><a href="#summary">Who is best where</a>{links}<a href="#machine">Machine, versions</a></nav>
<h3>How to read it</h3>
<ul class="legend">{legend}</ul>
<p>Less is better in every chart. Rows are in the order of their figures, whoever that puts on top; names in bold are the best, all that are level by
the digits shown. A bar or
point is the least of many short calls, as noise only ever adds; the thin line goes from the lower to the upper quartile of all calls. Bars that end
in → are cut off. All subjects of a chart ran interleaved in one run: ratios say more than nanoseconds. How it is measured, and every
workload: <a href="../bench/README.md">bench/README.md</a>.</p>
{summary(results)}
{sections}
{machine(results, folder, file)}
</main>
</body>
</html>
"""
