"""The README's figures: SVG files with their own colours and background."""

import charts
import svg
from contents import FIGURES
from names import kind

LEGEND = (("ours", "Cenote"), ("pool", "other pools"), ("malloc", "mallocs"), ("limit", "reference, not ranked"))
METHOD = {
    "Bars": "Bars: the least of many short calls; line: from the lower to the upper quartile. Memory is in the order of speed.",
    "Lines": "Points: the least of many short calls; upright line: from the lower to the upper quartile.",
    "Tails": "Marks: medians over samples of 100,000 and more calls, sorted by p99.99.",
}


def size_of(view, results, narrow=False):
    """In inches."""
    return (4.3 if narrow else view.width), view.height(results)


def machine_of(result):
    machine = result.machine
    date = (result.method.get("date") or "").partition("T")[0]
    return ", ".join(str(part) for part in (machine.get("processor"), f"{machine.get('cores')} cores", machine.get("kernel"), date) if part)


def draw(name, title, views, results):
    """The figure's SVG, or None where nothing of it was measured."""
    views = [view for view in views if view.rows_of(results)]
    if not views:
        return None
    sizes = [size_of(view, results) for view in views]
    figure, panels = charts.canvas(len(views), max(width for width, _ in sizes), max(height for _, height in sizes), 0.75)
    for axes, view in zip(panels, views):
        view.draw(axes, results)
    drawn = {kind(row.subject) for view in views for row in view.rows_of(results)}
    figure.suptitle(title + "\n", x=0.01, ha="left", fontsize=12, fontweight="bold")
    charts.legend(figure, [pair for pair in LEGEND if pair[0] in drawn])
    figure.supxlabel(f"{METHOD[type(views[0]).__name__]} Bold: the best.\n{machine_of(results[views[0].suite])}", fontsize=7.5, x=0.01, ha="left",
                     color=svg.LIGHT["muted"])
    described = " ".join(f"{view.title}. {view.describe(results)}" for view in views)
    text = svg.finish(figure, name, title, described, alone=True)
    charts.close(figure)
    return text


def write(results, folder):
    """Returns the files it wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, title, views in FIGURES:
        text = draw(name, title, views, results)
        if text is not None:
            file = folder / f"{name}.svg"
            file.write_text(text, encoding="utf-8")
            written.append(file)
    return written
