"""Who is best where: each row of the results that the page shows counted once, by the rule of load.beats. And the targets."""

import collections
import dataclasses
import itertools

import load
import names
from contents import SECTIONS
from markup import escape, heads, table
from names import figure
from views import spread_of

AHEAD, SAME, BEHIND = "ahead", "no difference", "behind"


@dataclasses.dataclass(frozen=True)
class Comparison:
    chapter: str
    work: tuple  # suite, and what is done
    title: str
    unit: str
    ours: load.Row  # the best of ours
    other: load.Row  # the best of others
    winners: list  # of others, where ours is behind
    verdict: str


def compared(chapter, view, workload, title, rows):
    """None where only one side took part."""
    rows = load.by_value(load.competing(rows))
    best = load.best(rows)
    ours, others = ([row for row in rows if (row.kind == "ours") == own] for own in (True, False))
    if not ours or not others:
        return None
    won, lost = (any(row in side for row in best) for side in (ours, others))
    own, other = (next((row for row in best if row in side), side[0]) for side in (ours, others))
    winners = []
    if not won:  # of the best, those whose spread does not meet ours
        winners = [row for row in best if load.beats(row, own)]
        other = winners[0]
    elif not lost:
        own = next(row for row in best if load.beats(row, other))
    return Comparison(chapter, (view.suite, names.work(workload)), title, view.unit, own, other, winners,
                      SAME if won and lost else AHEAD if won else BEHIND)


def comparisons(results):
    """What is shown in two charts is compared once; means of other rows are none."""
    seen = set()
    for of in SECTIONS:
        for view in of.views:
            for workload, title, rows in view.compared(results) if view.rows_of(results) else ():
                if (view.suite, workload) in seen or workload.startswith(load.MEAN):
                    continue
                seen.add((view.suite, workload))
                found = compared(of.title.partition(":")[0], view, workload, title, rows)
                if found:
                    yield found


def counted(found):
    """How many are ahead, the same, behind."""
    count = collections.Counter(found)
    return [count[verdict] for verdict in (AHEAD, SAME, BEHIND)]


def of_works(found):
    """Of each work with all its rows: ahead or behind where there is no row of the other kind; else both."""
    rows = collections.defaultdict(set)
    for each in found:
        rows[each.work].add(each.verdict)
    return ["both" if {AHEAD, BEHIND} <= verdicts else next(iter(verdicts - {SAME}), SAME) for verdicts in rows.values()]


def wins(found):
    """(who, how many rows), of others; where two are level both have won it."""
    return collections.Counter(row.subject for each in found for row in each.winners).most_common()


def listed(counts):
    return ", ".join(f"{names.short(subject)} {count}" for subject, count in counts) or "–"


def cell(row, best):
    mark = ' class="best"' if best else ""
    note = " ".join(part for part in (names.short(row.subject), spread_of(row)) if part)
    return f"<td{mark}>{escape(figure(row.value))}<small>{escape(note)}</small></td>"


def over(ours, other):
    return figure(ours / other) if ours is not None and other else "–"


def line(each):
    cells = cell(each.ours, each.verdict != BEHIND) + cell(each.other, each.verdict != AHEAD)
    ratios = (over(each.ours.value, each.other.value), over(each.ours.median, each.other.median))
    return (f'<tr><th scope="row">{escape(each.title)}, {escape(each.unit)}</th>{cells}<td>{ratios[0]}</td><td>{ratios[1]}</td>'
            f"<td>{each.verdict}</td></tr>")


def by_chapter(found):
    body = []
    for chapter in dict.fromkeys(each.chapter for each in found):
        own = [each for each in found if each.chapter == chapter]
        counts = "".join(f"<td>{count}</td>" for count in [len(own), *counted(each.verdict for each in own)])
        body.append(f'<tr><th scope="row">{escape(chapter)}</th>{counts}<td class="text">{escape(listed(wins(own)))}</td></tr>')
    return table(heads(["", "rows", "Cenote ahead", "no difference", "Cenote behind"]) + heads(["rows that others win"], ' class="text"'), body,
                 "Rows by chapter. Where two of the others are level at the head of a row, both have won it.")


def rows(found, caption):
    head = ["", "best of Cenote", "best of others", "ratio", "of medians", "Cenote is"]
    body = []
    for chapter, own in itertools.groupby(found, key=lambda each: each.chapter):
        body.append(f'<tr class="chapter"><th scope="rowgroup" colspan="{len(head)}">{escape(chapter)}</th></tr>')
        body += [line(each) for each in own]
    return table(heads(head), body, caption)


def section(results):
    found = list(comparisons(results))
    head = '<section id="summary" aria-labelledby="summary-head">\n<h2 id="summary-head">Who is best where</h2>'
    if not found:
        return f'{head}\n<p class="missing">Not measured in these results.</p>\n</section>'
    ahead, same, behind = counted(each.verdict for each in found)
    works = of_works(found)
    work_ahead, work_same, work_behind = counted(works)
    lost = [each for each in found if each.winners]
    said = (f"This page compares {len(found)} rows of {len(works)} workloads: the same work with another number of objects, threads or bytes, or "
            f"another share of its calls, is another row of it. Of the rows Cenote’s best is ahead in {ahead}, in {same} there is no difference "
            f"to the best of others, and in {behind} it is behind. Of the workloads it is ahead in {work_ahead} (in some rows, behind in none), "
            f"behind in {work_behind} (in some rows, ahead in none), both in {works.count('both')}, and without a difference in {work_same}. "
            "Means over programs are not counted.")
    rule = ("No difference: the spreads of two, from the lower to the upper quartile, meet; or what is written of them is the same; or, of "
            f"single calls, they are no further apart than a step of the clock (10 ns) or both below {load.CLOCK_FLOOR} ns.")
    fair = ("Read the counts with care. The best of Cenote and the best of others are chosen anew for each row. Cenote comes with several pools, each "
            "made for less than a malloc does: one size, most of them one thread, and inlined into the loop, where a malloc is a call. Compare "
            "pools with pools and mallocs with Cenote’s heap; where both are in a chart, it says what a pool saves. Rows are not of equal weight.")
    return f"""{head}
<p>{escape(said)}</p>
<p>{escape(rule)}</p>
<p>{escape(fair)}</p>
{by_chapter(found)}
<details open><summary>Rows that others win: {len(lost)}</summary>
{rows(lost, "Less is better; small: who, and from the lower to the upper quartile.")}</details>
<details><summary>All rows: {len(found)}</summary>
{rows(found, "Less is better; ● is the best, both where there is no difference.")}</details>
</section>"""


def targets(results):
    """What the project wants of itself, with what it misses."""
    found = [(suite, each) for suite, result in results.items() for each in result.targets]
    head = '<section id="targets" aria-labelledby="targets-head">\n<h2 id="targets-head">Targets</h2>'
    if not found:
        return f'{head}\n<p class="missing">Not measured in these results.</p>\n</section>'
    met = sum(each.met for _, each in found)
    body = [f'<tr><th scope="row">{escape(each.name)}</th><td>{escape(suite)}</td><td>{figure(each.limit)}</td><td>{figure(each.measured)}</td>'
            f'<td>{"met" if each.met else "<strong>missed</strong>"}</td></tr>' for suite, each in found]
    return f"""{head}
<p>What the project set itself, as ratios unless a line says otherwise. Of {len(found)} it meets {met} and misses {len(found) - met} in these results.</p>
{table(heads(["", "suite", "at most", "measured", ""]), body, "Less is better.")}
</section>"""
