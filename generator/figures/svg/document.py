"""A drawing as a file of its own: for readers without scripts, for paper, and for whoever wants the picture."""

import re

from generator.notation.palette import stylesheet

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
PAGE = 'xmlns="http://www.w3.org/1999/xhtml"'
MARKED = re.compile(r"/\* From here to the next mark[^\n]*\n(.*?)/\* End of the style of drawings", re.S)


def document(drawn: str, style: str) -> str:
    """An SVG file that fits any size it is shown at, light or dark as its reader is.

    Args:
        drawn: What `drawing` made.
        style: The stylesheet of the pages; the part between its two marks goes into the file, if it has one.
    """
    found = MARKED.search(style)
    own = found[1].replace("@container", "@media") if found else ""
    body = drawn.replace("<svg ", f"<svg {NAMESPACE} ")
    return (
        f'<svg {NAMESPACE} width="100%" height="100%"><style>:root{{color-scheme:light dark}}{_used(body)}{_tight(own)}'
        f'</style><foreignObject width="100%" height="100%"><div {PAGE} class="md-typeset"><div class="chart-plot" '
        f'style="height:100vh"><div class="chart-view">{body}</div></div></div></foreignObject></svg>\n'
    )


def _used(body: str) -> str:
    """The colours that the drawing asks for."""
    asked = {"text", "page", "grid", "muted", *re.findall(r"\bc-([a-z0-9_]+)", body)}
    kept = [
        line
        for line in stylesheet().splitlines()
        if (name := re.search(r"c-([a-z0-9_]+)", line)) and name[1] in asked
    ]
    variables = "".join(line.strip() for line in kept if line.startswith("  "))
    return f":root{{{variables}}}{''.join(line for line in kept if line.startswith('.'))}"


def _tight(style: str) -> str:
    return re.sub(r"\s*([{};])\s*", r"\1", re.sub(r"/\*.*?\*/", "", style, flags=re.S)).strip()
