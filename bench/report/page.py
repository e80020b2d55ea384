"""docs/benchmarks.html: one page that needs nothing but itself, and links the raw results beside it."""

import os
from pathlib import Path

import charts
import facts
import names
import summary
import svg
from contents import SECTIONS
from figures import LEGEND, size_of
from markup import escape, heads, missing, table, text_table

CSS = Path(__file__).with_name("page.css")
KINDS = {"ours": "Cenote", "pool": "other pools", "malloc": "mallocs",
         "limit": "references, not ranked: no allocator, nothing shared, or not correct"}


def cells(line, tag="td"):
    out = []
    for cell in line:
        note = f"<small>{escape(cell.spread)}</small>" if cell.spread else ""
        mark = ' class="best"' if cell.best else ""
        out.append(f"<{tag}{mark}>{escape(cell.text)}{note}</{tag}>")
    return "".join(out)


def exact(found, caption):
    lines = [f'<tr><th scope="row" title="{escape(name)}">{escape(names.short(name))}</th>{cells(line)}</tr>' for name, line in found.lines]
    return table(heads(["", *found.head]), lines, caption)


def samples(rows):
    least, most = min(row.samples for row in rows), max(row.samples for row in rows)
    count = f"{least}" if least == most else f"{least} to {most}"
    return f"{count} sample{'' if most == 1 else 's'}. "


def chart(view, results, narrow):
    figure, (axes,) = charts.canvas(1, *size_of(view, results, narrow))
    view.draw(axes, results)
    drawn = svg.finish(figure, view.name, view.title, view.describe(results))
    charts.close(figure)
    figures = exact(view.table(results), f"{samples(view.rows_of(results))}Less is better, ● is the best; small: from the lower to the upper quartile.")
    return f"<figure>\n{drawn}\n<details><summary>Exact figures</summary>\n{figures}\n</details>\n</figure>"


def grid(views, results, wide):
    drawn = "\n".join(chart(view, results, not wide) for view in views)
    return f'<div class="charts{" wide" if wide else ""}">\n{drawn}\n</div>' if views else ""


def section(of, results):
    suites = list(dict.fromkeys(view.suite for view in of.views))
    cores = next((results[suite].machine.get("cores") for suite in suites if suite in results), None) or "few"
    parts = [f'<section id="{of.name}" aria-labelledby="{of.name}-head">', f'<h2 id="{of.name}-head">{escape(of.title)}</h2>',
             f"<p>{escape(of.says.replace('{cores}', str(cores)))}</p>"]
    shown = [view for view in of.views if view.rows_of(results)]
    wide = [view for view in shown if view.wide or (of.pair and view in of.views[:2])]
    parts.append(grid(wide, results, True))
    parts.append(grid([view for view in shown if view not in wide], results, False))
    for suite in suites:
        left = [view for view in of.views if view.suite == suite and view not in shown]
        if left:
            parts.append(missing(suite, "; ".join(view.title for view in left)))
    return "\n".join(part for part in parts if part) + "\n</section>"


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
<nav aria-label="Contents"><a href="#summary">Who is best where</a>{links}<a href="#targets">Targets</a><a href="#machine">Machine, versions</a></nav>
<h3>How to read it</h3>
<ul class="legend">{legend}</ul>
<p>Less is better in every chart. Rows are in the order of their figures, whoever that puts on top; but a chart of memory beside one of speed keeps
that one’s order, so that a name is on the same line in both. Names in bold are the best: one, or all between which there is no difference. A bar or
point is the least of many short calls, as noise only ever adds; the thin line goes from the lower to the upper quartile of all calls, and where
there is none there was one measurement, or the calls were alike. Bars that end in → are cut off. All subjects of a chart ran interleaved in one run:
ratios say more than nanoseconds. Every chart has its exact figures below it.</p>
<p>Peers are those that Debian 12 has packages of, in its versions and with their defaults; later ones may do better. snmalloc and Google’s own TCMalloc
are not among them (tcmalloc here is that of gperftools). Versions and options are <a href="#machine">at the end</a>; how it is measured, every workload and what to
beware of are in <a href="../bench/README.md">bench/README.md</a>.</p>
{summary.section(results)}
{sections}
{summary.targets(results)}
{machine(results, folder, file)}
</main>
</body>
</html>
"""
