"""Links that open a tool in a state: what stands in `data-state` becomes part of the address, behind its anchor.

Markdown knows no such address: a strict build would look for an anchor of that name.
"""

import re

LINK = re.compile(r'<a\b(?=[^>]*\bdata-state=")[^>]*>')
STATE = re.compile(r' data-state="([^"]*)"')
ADDRESS = re.compile(r'(href="[^"#]*#[^"]*)"')


def addressed(text: str) -> str:
    """The page with the states of its links in their addresses."""

    def led(found: re.Match) -> str:
        (state,) = STATE.findall(found[0])
        return ADDRESS.sub(lambda address: f'{address[1]}&amp;{state}"', STATE.sub("", found[0]))

    return LINK.sub(led, text)
