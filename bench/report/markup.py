"""HTML that the page is made of."""

import html


def escape(text):
    return html.escape(str(text), quote=True)


def heads(texts, kind=""):
    return "".join(f'<th scope="col"{kind}>{escape(text)}</th>' for text in texts)


def table(head, lines, caption):
    """`head`: cells; `lines`: whole rows."""
    body = "\n".join(lines)
    return (f'<div class="scroll"><table><caption>{escape(caption)}</caption>'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>")


def text_table(head, lines, caption):
    """Of words, not of figures; cells of markup."""
    rows = ["<tr>" + "".join(f'<td class="text">{cell}</td>' for cell in line) + "</tr>" for line in lines]
    return table(heads(head, ' class="text"'), rows, caption)


def missing(suite, what):
    return f'<p class="missing">Not measured in these results: {escape(what)}. <code>./dev report {escape(suite)}</code> measures it.</p>'
