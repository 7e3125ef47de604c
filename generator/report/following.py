"""One budget for the whole site: the parts of pages that follow it, written out at every measured budget.

A template puts such a part into `m.follow`. The page holds it at the budget the study quotes; `at-<page>.js` holds it
at the others, and `epsilon.js` puts it in place.
"""

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markdown import Markdown

from generator.records.results import StudyResult
from generator.report import formats
from generator.report.marks import plain
from generator.report.tracing import bare

EXTENSIONS = ("attr_list", "md_in_html", "tables")
"""Of the Markdown in such parts, as mkdocs.yml has them."""


@dataclass(frozen=True)
class Part:
    """One part of a page at another budget."""

    html: str
    """Links to pages are those of the Markdown, `page.md#place`."""
    claims: Mapping[str, Any]
    """What the ledger knows of its numbers, by id."""


def budgets(results: Sequence[StudyResult]) -> tuple[float, ...]:
    """The measured budgets at which all records can fill every sentence; empty if that is the quoted one alone."""
    if len({result.spec.attack.headline_epsilon for result in results}) != 1:
        return ()
    known = [{each.epsilon for each in result.comparisons if each.attack == "exact"} for result in results]
    shared = tuple(e for e in results[0].spec.proof.epsilons if all(e in found for found in known))
    return shared if len(shared) > 1 else ()


def at_budget(result: StudyResult, epsilon: float) -> StudyResult:
    """The result as if the study quoted that budget, which keeps its own place in the record."""
    (own,) = (each for each in result.spec.proof.epsilons if each == epsilon)
    attack = result.spec.attack.model_copy(update={"headline_epsilon": own})
    return result.model_copy(update={"spec": result.spec.model_copy(update={"attack": attack})})


def wrapped(name: str, text: str) -> str:
    """The part where it stands in the page, in Markdown."""
    return f'\n<div class="follow" data-follow="{name}" markdown="1">\n\n{text.strip()}\n\n</div>\n'


def part(text: str, claims: Mapping[str, Any]) -> Part:
    """The Markdown of a part at another budget, without marks, as the HTML inside of `wrapped`."""
    return Part(Markdown(extensions=list(EXTENSIONS)).convert(text.strip()), claims)


def control(results: Sequence[StudyResult], page: str) -> str:
    """What picks the budget, or nothing if there is nothing to pick."""
    steps = budgets(results)
    if not steps:
        return ""
    epsilon = results[0].spec.attack.headline_epsilon
    titles = {result.data.name: result.data.title for result in results}
    given = {"page": page, "budgets": bare(steps), "home": steps.index(epsilon), "datasets": titles}
    options = "".join(
        f'<option value="{name}">{html.escape(title)}</option>' for name, title in titles.items()
    )
    choice = (
        f'<label>Data <select name="of"><option value="">all</option>{options}</select></label>'
        if len(results) > 1
        else ""
    )
    told = html.escape(json.dumps(given, sort_keys=True, separators=(",", ":")))
    units = "; ".join(in_units(result, epsilon) for result in results)
    return (
        f'<form class="at" data-at="{told}" data-search-exclude markdown="0" aria-label="What the attacker may do">'
        '<label class="at-budget">Budget <input type="range" name="at" min="0" '
        f'max="{len(steps) - 1}" value="{steps.index(epsilon)}" step="1" disabled></label>'
        f'<output name="said"><strong>{formats.epsilon(epsilon)}</strong> <span>{units}</span></output>'
        f'{choice}<button type="button" disabled>As quoted</button></form>'
    )


def in_units(result: StudyResult, epsilon: float) -> str:
    """A budget in the units of each input."""
    sizes = (
        f"{html.escape(each.title)} {formats.significant(epsilon * each.standard_deviation)}"
        f"{formats.JOIN}{html.escape(each.unit)}".rstrip(formats.JOIN)
        for each in result.data.features
    )
    return f"{html.escape(result.data.title)}: {', '.join(sizes)}"


def script(
    results: Sequence[StudyResult], steps: Sequence[float], parts: Mapping[str, Mapping[float, Part]]
) -> str:
    """What `epsilon.js` asks for: every budget in words, and every part at it; null where it reads as on the page."""
    payload = {
        "parts": {
            name: [each[epsilon].html if epsilon in each else None for epsilon in steps]
            for name, each in parts.items()
        },
        "said": [plain(formats.epsilon(epsilon)) for epsilon in steps],
        "units": {
            result.data.name: [plain(in_units(result, epsilon)) for epsilon in steps] for result in results
        },
    }
    return _call("studyAt", payload)


def claims_script(page: str, parts: Mapping[str, Mapping[float, Part]]) -> str:
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
