"""Tables stand in the page as the theme's script would leave them.

At each load that script takes every table without a class out of the page and puts it back into two boxes. And the
theme's styles ask for such tables by `:not([class])` in front of a child of any kind, so that the browser styles the
whole page anew whenever its root gets a class, which the same script gives it. With a class of their own, tables cost
neither. An empty element follows each table: half a table has other columns than the whole, so the styles do not show
one that it does not follow yet.
"""

import re

CLASSED = '<table class="plain">'
TABLE = re.compile(r"<table>(.*?</table>)", re.DOTALL)
BOXED = rf'<div class="md-typeset__scrollwrap"><div class="md-typeset__table">{CLASSED}\1<i hidden></i></div></div>'
WITHOUT, WITH = "table:not([class])", "table.plain"


def classed(html: str) -> str:
    """The tables of a part of a page that a script puts in place."""
    return html.replace("<table>", CLASSED)


def boxed(html: str) -> str:
    """A page with the class and the boxes of its tables."""
    return TABLE.sub(BOXED, html)


def styled(css: str) -> str:
    """A style sheet of the theme that means tables of that class."""
    return css.replace(WITHOUT, WITH)
