"""What a reader picks of a page: how much of it, by reading level, and about which dataset.

A heading marked `{ .analyst }` or `{ .engineer }` opens a part that is folded for others (`postprocess/parts`); what
carries `data-of` is about one dataset. `reading.js` makes both choices work.
"""

import html
import re
from collections.abc import Mapping

LEVELS = ("executive", "analyst", "engineer")
"""From those who want the answers alone, which is what a page opens with, to those who want everything."""

_MARKED = re.compile(rf"^##.*\{{[^}}]*\.({'|'.join(LEVELS[1:])})\b", re.MULTILINE)
_ABOUT = re.compile(r'\bdata-of="([^"]*)"')
_TITLE = re.compile(r"^# .*\n", re.MULTILINE)


def offered(text: str, titles: Mapping[str, str], switch: str = "") -> str:
    """The Markdown of a page, with what there is to pick below its title.

    Args:
        titles: of the datasets, by name, in their order.
        switch: of the sources of numbers, which stands beside.
    """
    about = {*_ABOUT.findall(text)}
    datasets = {name: title for name, title in titles.items() if name in about}
    choices = ""
    if len(datasets) > 1:
        choices += _choice("datasets", "Dataset", "dataset", datasets)
    if _MARKED.search(text):
        choices += _choice("levels", "Read as", "level", {level: level for level in LEVELS})
    if not (choices or switch):
        return text
    control = f'<div class="reading" markdown="0" data-search-exclude>{choices}{switch}</div>'
    return _TITLE.sub(lambda title: f"{title[0]}\n{control}\n", text, count=1)


def _choice(name: str, label: str, of: str, options: Mapping[str, str]) -> str:
    """One button each, the first of them pressed."""
    buttons = " ".join(
        f'<button type="button" data-{of}="{option}" aria-pressed="{str(not at).lower()}">{html.escape(title)}</button>'
        for at, (option, title) in enumerate(options.items())
    )
    return f'<div class="{name}" role="group" aria-label="{label}"><span>{label}</span> {buttons}</div>'
