"""A drawn figure as SVG: text as text, colours as CSS variables, so that one drawing serves light and dark."""

import io
import re
import xml.etree.ElementTree as ElementTree

# By name, in light and in dark. matplotlib draws with the light ones.
COLOURS = {
    "ours": ("#0b7285", "#3bc9db"),
    "pool": ("#d9730d", "#ffa94d"),
    "malloc": ("#7a4fbf", "#b197fc"),
    "limit": ("#98a1a9", "#6c757d"),
    "ink": ("#1b1f24", "#e9ecef"),
    "muted": ("#59636e", "#a6b0ba"),
    "grid": ("#dfe3e8", "#3a424b"),
    "paper": ("#fdfdfc", "#16191d"),
}
LIGHT = {name: pair[0] for name, pair in COLOURS.items()}
NAMES = {light: name for name, light in LIGHT.items()}
FONT = "system-ui, 'DejaVu Sans', Verdana, sans-serif"


def variables(which):
    return " ".join(f"--{name}: {pair[which]};" for name, pair in COLOURS.items())


STYLE = (f":root {{ {variables(0)} --chart-font: {FONT}; }} "
         f"@media (prefers-color-scheme: dark) {{ :root {{ {variables(1)} }} }}")


def restyled(style):
    style = re.sub(r"#[0-9a-f]{6}", lambda m: f"var(--{NAMES[m[0]]})" if m[0] in NAMES else m[0], style)
    return re.sub(r"font: ([^;]*?px)[^;]*", r"font: \1 var(--chart-font)", style)


def lighten(root):
    """Without the ids that nothing refers to, empty groups, and the space between elements."""
    used = {text for element in root.iter() for value in element.attrib.values() for text in re.findall(r"#([^)]+)", value)}
    for element in root.iter():
        if element.attrib.get("id") not in used:
            element.attrib.pop("id", None)
        if element.tag != "text" and not (element.text or "").strip():
            element.text = None
        element.tail = None
        for child in list(element):
            if child.tag == "g" and len(child) == 0:
                element.remove(child)


def tidied(root, name):
    """Without namespaces and metadata; every id begins with `name`, so that many drawings may be in one page."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for key in list(element.attrib):
            value = element.attrib.pop(key)
            plain = key.rpartition("}")[2]
            if plain == "id":
                value = f"{name}-{value}"
            elif plain == "style":
                value = restyled(value)
            value = re.sub(r"url\(#", f"url(#{name}-", value)
            if plain == "href":
                value = value.replace("#", f"#{name}-", 1)
            if plain in ("d", "transform", "x", "y", "points"):
                value = re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), value)
            element.attrib[plain] = value
    lighten(root)
    for element in list(root):
        if element.tag == "metadata" or (element.tag == "defs" and element.find("style") is not None):
            root.remove(element)


def finish(figure, name, title, description, alone=False):
    """The figure's SVG. `alone`: a file, with its colours and its background in it; else a part of a page that has them."""
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ElementTree.fromstring(drawn.getvalue())
    tidied(root, name)
    width, height = root.attrib.pop("width"), root.attrib.pop("height")
    root.attrib.pop("version", None)
    root.attrib.update({"role": "img", "aria-labelledby": f"{name}-title {name}-desc"})
    for tag, text in (("desc", description), ("title", title)):
        element = ElementTree.Element(tag, id=f"{name}-{tag}")
        element.text = text
        root.insert(0, element)
    if not alone:
        return ElementTree.tostring(root, encoding="unicode")
    style = ElementTree.Element("style")
    style.text = STYLE
    root.insert(2, style)
    root.insert(3, ElementTree.Element("rect", width="100%", height="100%", style="fill: var(--paper)"))
    root.attrib.update({"xmlns": "http://www.w3.org/2000/svg", "width": width, "height": height})
    return ElementTree.tostring(root, encoding="unicode") + "\n"
