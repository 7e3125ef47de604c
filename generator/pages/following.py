"""One attacker for the whole site: the parts of pages that follow the one a reader picks.

A template puts such a part into `m.follow`. The page holds it as the study quotes it, with the attribute `data-place`
on whatever does not read the same for every attacker; `at-<page>.js` holds what stands in these places for each of
them, and `epsilon.js` puts it there. A place is what one expression writes, a cell of a table, or all that is in an
element to which the template itself gave the attribute, for items and rows that come and go.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from generator.notation import formats
from generator.notation.attackers import Attacker, Attackers, attackers
from generator.notation.marks import plain
from generator.notation.tracing import bare
from generator.records.results import StudyResult

OPEN, CLOSE = "\ue004", "\ue005"
"""Around a place while its part is rendered."""
PLACE = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
EITHER = re.compile(f"[{OPEN}{CLOSE}]")
ROW = re.compile(r"^\|(.*)\|$", re.M)
TABLE = ("| ", "<thead data-place>", "<tbody data-place>")
"""What stands before a place in a table."""
ELEMENT = re.compile(r"(<(\w+) data-place>)(.*?)(</\2>)", re.S)
NOWHERE = re.compile(r"(?:<[^<>]*|^ *(?:#|!!!|\?\?\?)[^\n]*)<span data-place>", re.M)
"""A place in an attribute or in a heading, where no element may stand."""


class FollowingError(Exception):
    """A part cannot follow the attacker; the message names it and says how it could."""


@dataclass(frozen=True)
class Place:
    """One place of a part, with what stands in it for every attacker; texts are marked."""

    texts: Mapping[Attacker, str]
    table: bool
    """Whether it is in a table, whose numbers say where they come from as the study quotes them alone."""


_placing: ContextVar[bool] = ContextVar("placing", default=False)


@contextmanager
def placing() -> Iterator[None]:
    """Within, `placed` marks what expressions write as places."""
    token = _placing.set(True)
    try:
        yield
    finally:
        _placing.reset(token)


def placed(value: Any) -> Any:
    """What an expression writes, as a place if it holds none: the text of a macro or of a block may hold several."""
    return value if not _placing.get() or OPEN in (text := str(value)) else f"{OPEN}{text}{CLOSE}"


def part(name: str, texts: Mapping[Attacker, str], quoted: Attacker) -> tuple[str, list[Place]]:
    """The part as the study quotes it, its places marked, and those places in order.

    Args:
        texts: what was rendered within `placing`, for every attacker.

    Raises:
        FollowingError: The texts differ elsewhere than in places, or in one where no element may stand.
    """
    pieces = {attacker: _cut(text) for attacker, text in texts.items()}
    own = pieces[quoted]
    for attacker, each in pieces.items():
        if other := next((a or b for a, b in zip_longest(each[::2], own[::2]) if a != b), ""):
            raise FollowingError(
                f"{name!r} has other lines at {attacker.epsilon:g} σ under {attacker.tier} ({other.strip()[:60]!r}): "
                "what comes and goes has to be the inside of one HTML element with the attribute data-place"
            )
    text, places = own[0], []
    for at in range(1, len(own), 2):
        element, told = own[at - 1].endswith(" data-place>"), own[at]
        each = {attacker: found[at] for attacker, found in pieces.items()}
        if element or len(set(each.values())) > 1:
            places.append(Place(each, own[at - 1].endswith(TABLE)))
            told = told if element else f"<span data-place>{told}</span>"
        text += told
        text += own[at + 1]
    if wrong := NOWHERE.search(text):
        raise FollowingError(f"{name!r} follows the attacker where no element may stand: {wrong[0]!r}")
    return text, places


def _cut(text: str) -> list[str]:
    """What is no place and what is one, in turn."""
    text = ELEMENT.sub(lambda found: f"{found[1]}{_whole(found[3])}{found[4]}", text)
    return PLACE.split(ROW.sub(_row, text))


def _row(found: re.Match) -> str:
    return f"| {' | '.join(_whole(cell.strip()) for cell in found[1].split('|'))} |"


def _whole(text: str) -> str:
    return f"{OPEN}{EITHER.sub('', text)}{CLOSE}"


def wrapped(name: str, text: str, dataset: str, about: str) -> str:
    """The part where it stands in the page, in Markdown; `dataset` is the one it is about, if it is one."""
    of = f' data-of="{dataset}"' if dataset else ""
    told = f'data-follow="{name}"{of} data-attacker="{about}"'
    return f'\n<div class="follow" {told} markdown="1">\n\n{text.strip()}\n\n</div>\n'


def control(results: Sequence[StudyResult], page: str) -> str:
    """What picks the attacker, or nothing if there is nothing to pick."""
    offered = attackers(results)
    if not offered:
        return ""
    quoted, home = offered.quoted, offered.budgets.index(offered.quoted.epsilon)
    threat = results[0].spec.threat
    given = {
        "page": page, "budgets": bare(offered.budgets), "home": home,
        "tiers": {tier: threat.titles[tier] for tier in offered.tiers}, "tier": quoted.tier,
    }  # fmt: skip
    told = html.escape(json.dumps(given, separators=(",", ":")))
    tiers = {tier: f"{tier}: {threat.titles[tier]}" for tier in offered.tiers}
    units = "".join(in_units(result, quoted.epsilon) for result in results)
    return (
        f'<form class="at" data-at="{told}" data-wakes="epsilon.js" data-told="at by" '
        'autocomplete="off" data-search-exclude markdown="0" aria-label="What the attacker may do">'
        f'<label class="at-budget"><span>Budget</span> <input type="range" name="at" min="0" '
        f'max="{len(offered.budgets) - 1}" value="{home}" step="1"></label>'
        f'<output name="said">{formats.epsilon(quoted.epsilon)}</output>'
        f"{_select('by', 'Attacker', tiers, quoted.tier)}"
        '<button type="button" disabled><span>As quoted</span></button></form>'
        f'\n\n<div class="at-units" data-search-exclude markdown="0">{units}</div>'
        '\n\n<div class="at-told" role="status" data-search-exclude markdown="0"></div>'
    )


def _select(name: str, label: str, options: Mapping[str, str], chosen: str) -> str:
    """A choice; nothing where there is one thing to choose."""
    if len(options) < 2:
        return ""
    body = "".join(
        f'<option value="{value}"{" selected" if value == chosen else ""}>{html.escape(text)}</option>'
        for value, text in options.items()
    )
    return f'<label><span>{label}</span> <select name="{name}">{body}</select></label>'


def in_units(result: StudyResult, epsilon: float) -> str:
    """A budget in the units of each input."""
    sizes = (
        f"{html.escape(each.title)} {formats.significant(epsilon * each.standard_deviation)}"
        f"{formats.JOIN}{html.escape(each.unit)}".rstrip(formats.JOIN)
        for each in result.data.features
    )
    return f'<span data-of="{result.data.name}">{html.escape(result.data.title)}: {", ".join(sizes)}</span>'


def script(
    results: Sequence[StudyResult],
    offered: Attackers,
    parts: Mapping[str, Sequence[Mapping[Attacker, str]]],
) -> str:
    """What `epsilon.js` asks for: every budget in words, and what stands in each place of each part.

    Args:
        parts: of each part, in the order of its places, the HTML for every attacker.
    """
    payload = {
        "parts": {name: [_by_budget(offered, each) for each in places] for name, places in parts.items()},
        "said": [plain(formats.epsilon(epsilon)) for epsilon in offered.budgets],
        "units": [
            "".join(plain(in_units(result, epsilon)) for result in results) for epsilon in offered.budgets
        ],
    }
    return _call("studyAt", payload)


def _by_budget(offered: Attackers, texts: Mapping[Attacker, str]) -> str | list[str | list[str]]:
    """The text by budget, and within a budget by tier; once where it is the same for all."""
    rows = [[texts[at] for at in row if at in texts] for row in offered.rows]
    shortened = [row[0] if len(set(row)) == 1 else row for row in rows]
    return rows[0][0] if len({text for row in rows for text in row}) == 1 else shortened


def claims_script(page: str, claims: Mapping[str, Any]) -> str:
    """What is known of the numbers in all places, by id, as `claims.js` takes it."""
    return _call("studyClaims", page, {"claims": claims})


def _call(function: str, *given: Any) -> str:
    parts = (
        json.dumps(bare(each), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        for each in given
    )
    return f"{function}({','.join(parts)});\n".replace("<", "\\u003c")
