"""One attacker for the whole site: the parts of pages that follow the one a reader picks, written out for each.

A template puts such a part into `m.follow`. The page holds it as the study quotes it; `at-<page>.js` holds it for every
attacker, and `epsilon.js` puts it in place.
"""

import functools
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markdown import Markdown

from generator.notation import formats
from generator.notation.attackers import Attacker, Attackers, attackers
from generator.notation.marks import plain
from generator.notation.tracing import bare
from generator.notation.weaving import woven
from generator.pages.tables import classed
from generator.records.results import StudyResult

EXTENSIONS = ("admonition", "attr_list", "md_in_html", "tables")
"""Of the Markdown in such parts, as mkdocs.yml has them."""


@dataclass(frozen=True)
class Part:
    """One part of a page for one attacker."""

    html: str
    """Links to pages are those of the Markdown, `page.md#place`."""
    claims: Mapping[str, Any]
    """What the ledger knows of its numbers, by id."""


def wrapped(name: str, text: str, dataset: str, about: str) -> str:
    """The part where it stands in the page, in Markdown; `dataset` is the one it is about, if it is one."""
    of = f' data-of="{dataset}"' if dataset else ""
    told = f'data-follow="{name}"{of} data-attacker="{about}"'
    return f'\n<div class="follow" {told} markdown="1">\n\n{text.strip()}\n\n</div>\n'


def part(text: str, claims: Mapping[str, Any]) -> Part:
    """The Markdown of a part for another attacker, without marks, as the HTML inside of `wrapped`."""
    return Part(_html(text.strip()), claims)


@functools.lru_cache
def _html(text: str) -> str:
    return classed(_markdown().reset().convert(text))


@functools.cache
def _markdown() -> Markdown:
    return Markdown(extensions=list(EXTENSIONS))


def control(results: Sequence[StudyResult], page: str) -> str:
    """What picks the attacker and the data, or nothing if there is nothing to pick."""
    offered = attackers(results)
    if not offered:
        return ""
    quoted, home = offered.quoted, offered.budgets.index(offered.quoted.epsilon)
    threat = results[0].spec.threat
    titles = {result.data.name: result.data.title for result in results}
    given = {
        "page": page, "budgets": bare(offered.budgets), "home": home, "datasets": titles,
        "tiers": {tier: threat.titles[tier] for tier in offered.tiers}, "tier": quoted.tier,
    }  # fmt: skip
    told = html.escape(json.dumps(given, separators=(",", ":")))
    tiers = {tier: f"{tier}: {threat.titles[tier]}" for tier in offered.tiers}
    units = "".join(in_units(result, quoted.epsilon) for result in results)
    return (
        f'<form class="at" data-at="{told}" data-wakes="epsilon.js" data-told="at by of" '
        'autocomplete="off" data-search-exclude markdown="0" aria-label="What the attacker may do">'
        f'<label class="at-budget"><span>Budget</span> <input type="range" name="at" min="0" '
        f'max="{len(offered.budgets) - 1}" value="{home}" step="1"></label>'
        f'<output name="said">{formats.epsilon(quoted.epsilon)}</output>'
        f"{_select('by', 'Attacker', tiers, quoted.tier)}{_select('of', 'Data', {'': 'all', **titles}, '')}"
        '<button type="button" disabled><span>As quoted</span></button></form>'
        f'\n\n<div class="at-units" data-search-exclude markdown="0">{units}</div>'
        '\n\n<div class="at-told" role="status" data-search-exclude markdown="0"></div>'
    )


def _select(name: str, label: str, options: Mapping[str, str], chosen: str) -> str:
    """A choice; nothing where there is one thing to choose."""
    if len([value for value in options if value]) < 2:
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
    results: Sequence[StudyResult], offered: Attackers, parts: Mapping[str, Mapping[Attacker, Part]]
) -> str:
    """What `epsilon.js` asks for: every budget in words, and every part for every attacker, woven."""
    payload = {
        "parts": {name: woven(_rows(offered, each)) for name, each in parts.items()},
        "said": [plain(formats.epsilon(epsilon)) for epsilon in offered.budgets],
        "units": [
            "".join(plain(in_units(result, epsilon)) for result in results) for epsilon in offered.budgets
        ],
    }
    return _call("studyAt", payload)


def _rows(offered: Attackers, part: Mapping[Attacker, Part]) -> list[list[str]]:
    """The part by budget and tier; where it does not know all tiers it is the same for each."""
    return [[part[at].html for at in row if at in part] for row in offered.rows]


def claims_script(page: str, parts: Mapping[str, Mapping[Attacker, Part]]) -> str:
    """What is known of the numbers in the parts, as `claims.js` takes it."""
    claims = {
        name: told for each in parts.values() for part in each.values() for name, told in part.claims.items()
    }
    return _call("studyClaims", page, {"claims": claims})


def _call(function: str, *given: Any) -> str:
    parts = (
        json.dumps(bare(each), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        for each in given
    )
    return f"{function}({','.join(parts)});\n".replace("<", "\\u003c")
