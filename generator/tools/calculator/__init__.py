"""The what-if calculator: its data as scripts, and its place on a page.

As with charts, data arrives by a script that registers it, for file:// loads no JSON: mean rates of a dataset in
`calculator-<dataset>.js`, and the bootstrap draws of one tier in `calculator-<dataset>-<tier>.js`, asked for when a
reader looks at that tier. Of a table of one's own no draws are published: the ends of its intervals are few, and stand
in `calculator-<study>.js` too.
"""

import base64
import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from generator.findings import DatasetFindings
from generator.findings.economics import Economics, find_economics, opening_choice
from generator.findings.scenarios import ASSUMPTIONS, INPUTS, PRESETS, default_scenario, scenario_of
from generator.findings.tiers import chosen_for
from generator.impact.ends import Ends
from generator.impact.measured import Draws, Priced, read_draws
from generator.impact.whatif import Measured
from generator.notation import palette
from generator.notation.attackers import Attacker
from generator.notation.marks import plain
from generator.notation.tracing import traced
from generator.records.files import draws_file
from generator.records.results import StudyResult
from generator.records.validation import ValidationResult
from generator.tools.calculator.bench import Bench, Words
from generator.tools.calculator.form import page, point_title
from generator.tools.calculator.own import own_bench

SHARED = ("false_positive_rate", "caught_clean", "value_caught_clean")
"""Draws that no tier changes."""
RATES = ("false_positive_rate", "caught_clean", "value_caught_clean", "caught", "value_caught")
"""What is known of each model."""
WORDS = Words(
    baseline="the standard model",
    spread="95 % of the draws",
    strip="95 % of the bootstrap draws",
    arms="95 % of the draws",
    otherwise="The table of presets on the page Business impact was worked out by the same arithmetic.",
)
DECIMALS = 4
"""Of a drawn rate: a hundredth of a percent is far below what sets two draws apart, and halves their files."""


def stored_draws(results: Sequence[StudyResult], folder: Path) -> dict[str, Draws]:
    """The draws beside the records in `folder`, by dataset, of every result; rounded.

    Raises:
        RecordError: They are missing, or cannot be read.
    """
    names = [result.data.name for result in results]
    return {name: rounded(read_draws(draws_file(folder, name))) for name in names}


def rounded(draws: Draws) -> Draws:
    """The draws to as many decimals as are published, so that pages and calculator work from the same."""
    arrays = {name: np.round(each.astype(np.float64), DECIMALS) for name, each in draws.arrays.items()}
    return Draws(draws.names, {name: each.astype(np.float32) for name, each in arrays.items()})


def measured(result: StudyResult, draws: Draws | None) -> Measured | None:
    """What the calculator works from; None where nobody gave its draws."""
    if not draws:
        return None
    priced = Priced(result.spec.attack.headline_epsilon, quoted(result))
    return Measured(
        result.rates, draws, priced, result.roles, result.spec.threat, result.spec.currency,
        chosen_for(result.choices, result.spec.threat.quoted) or "",
    )  # fmt: skip


def bench_of(result: StudyResult, found: Measured) -> Bench:
    """The study in the calculator; a preset leaves the loss, as that belongs to the data."""
    scenarios = [(preset, scenario_of(preset, result.rates).model_dump()) for preset in PRESETS]
    return Bench(
        name=result.data.name,
        title=result.data.title,
        study_key=result.provenance.study_key,
        measured=found,
        opening=opening_choice(found),
        scenario=default_scenario(result.rates),
        looks={name: palette.model(name) for name in found.draws.models},
        inputs=INPUTS,
        presets=tuple(
            (preset, {name: value for name, value in day.items() if name != "loss_per_fraud"})
            for preset, day in scenarios
        ),
        words=WORDS,
    )


def quoted(result: StudyResult) -> str:
    """Name of the operating point at which models are compared."""
    rate = result.spec.proof.quoted_false_positive_rate
    (point,) = (point.name for point in result.rates.points if point.false_positive_rate == rate)
    return point


DOCUMENTS = {"assumptions": ASSUMPTIONS}
"""Records beside those of the studies that numbers about money come from."""


def values(results: Sequence[StudyResult], draws: Mapping[str, Draws]) -> dict[str, Any]:
    """What templates see.

    `calculator` is its HTML, empty where no result has draws; `presets` are the days that others described; `economics`
    leads from findings to what is priced for their attacker, None where there are no draws.

    Args:
        results: traced, so that every number worked out of them can be traced too.
    """
    able = {result.data.name: found for result in results if (found := _of(result, draws))}
    known = traced(ASSUMPTIONS, "assumptions")
    shown = [result for result in results if result.data.name in able]

    @functools.cache
    def economics(name: str, attacker: Attacker) -> Economics:
        own = (able[name].priced.epsilon, able[name].threat.quoted)
        return find_economics(
            able[name], known, None if own == (attacker.epsilon, attacker.tier) else attacker
        )

    def economics_of(found: DatasetFindings) -> Economics | None:
        name, epsilon = found.result.data.name, found.result.spec.attack.headline_epsilon
        return economics(name, Attacker(epsilon, found.tier)) if name in able else None

    return {
        # the inputs are the reader's: what the form says at first is no claim of the page
        "calculator": plain(page([bench_of(each, able[each.data.name]) for each in shown])) if shown else "",
        "presets": known.presets,
        "economics": economics_of,
    }


def own_values(validations: Sequence[ValidationResult]) -> dict[str, Any]:
    """What templates see: `own_calculators`, the HTML of the calculator of each validation that has one, by name."""
    benches = filter(None, map(own_bench, validations))
    return {"own_calculators": {bench.name: plain(page([bench])) for bench in benches}}


def write(
    results: Sequence[StudyResult],
    draws: Mapping[str, Draws],
    folder: Path,
    validations: Sequence[ValidationResult] = (),
) -> dict[str, Path]:
    """Write the scripts of every result that has draws, and of every validation; equal input, equal bytes.

    Returns:
        The files written, by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    studies = (bench_of(result, found) for result in results if (found := _of(result, draws)))
    own = filter(None, map(own_bench, validations))
    texts = {name: text for bench in (*studies, *own) for name, text in _scripts(bench).items()}
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8", newline="\n")
    return {file: folder / file for file in texts}


def _scripts(bench: Bench) -> dict[str, str]:
    """The scripts of one study, by name."""
    name, draws = bench.name, bench.measured.draws
    texts = {f"calculator-{name}.js": _call("studyRates", name, rates_of(bench))}
    for tier in bench.tiers:
        packed = ends_of(draws, tier) if isinstance(draws, Ends) else draws_of(draws, tier)
        # each array on a line of its own, as tiers share some of them
        call = _call("studyDraws", name, tier, packed).replace('":"', '":\n"')
        file = f"calculator-{name}.js" if bench.apart else f"calculator-{name}-{tier}.js"
        texts[file] = texts.get(file, "") + call
    return texts


def _of(result: StudyResult, draws: Mapping[str, Draws]) -> Measured | None:
    return measured(result, draws.get(result.data.name))


def rates_of(bench: Bench) -> dict:
    """Mean rates of the models that have draws, at full precision, and what the script has to call things.

    What is not known is null.
    """
    found = bench.measured
    rates, models = found.rates, found.draws.models
    prices = {(price.model, price.tier): price.given_up for price in rates.prices}
    return {
        "title": bench.title,
        "currency": found.currency,
        "study_key": bench.study_key,
        "models": [
            {"name": name, **{part: getattr(bench.looks[name], part) for part in ("title", "light", "dark")}}
            for name in models
        ],
        "baseline": found.roles.baseline,
        "opening": asdict(bench.opening),
        "tiers": [{"name": tier, "title": found.threat.titles[tier]} for tier in bench.tiers],
        "points": [
            {"name": point.name, "title": point_title(point), "rate": point.false_positive_rate}
            for point in rates.points
        ],
        "epsilons": rates.epsilons,
        "headline": found.priced.epsilon,
        "quoted": found.priced.point,
        "amounts": _known({"fraud": rates.mean_fraud_amount, "genuine": rates.mean_genuine_amount}),
        "scenario": bench.scenario.model_dump(),
        "rates": {name: _known({part: getattr(rates.of(name), part) for part in RATES}) for name in models},
        "given_up": {
            name: {tier: known.value if (known := prices.get((name, tier))) else 0.0 for tier in bench.tiers}
            for name in models
        },
    }  # fmt: skip


def _known(value: Any) -> Any:
    """The same with None in place of what is not a number."""
    if isinstance(value, Mapping):
        return {name: _known(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_known(inner) for inner in value]
    return None if math.isnan(value) else value


def ends_of(ends: Ends, tier: str) -> dict:
    """The ends of the intervals of one tier, as `draws_of`, but plain: some are below zero."""
    names = {
        "caught_clean": "caught_clean",
        "gap_clean": "gap_clean",
        "caught": f"caught/{tier}",
        "gap": f"gap/{tier}",
    }
    return {
        "models": ends.models,
        "count": 2,
        "tail": ends.tail,
        "arrays": {name: ends.arrays[stored].ravel().tolist() for name, stored in names.items()},
    }


def draws_of(draws: Draws, tier: str) -> dict:
    """The draws of one tier, base64: units of the last decimal, all low bytes before all high ones."""
    arrays = {name: draws.arrays[name] for name in SHARED}
    arrays |= {name: draws.arrays[f"{name}/{tier}"] for name in ("caught", "value_caught")}
    arrays = {name: each[: len(draws.models)] for name, each in arrays.items()}
    return {
        "models": draws.models,
        "count": int(arrays["caught"].shape[-1]),
        "arrays": {name: _packed(values) for name, values in arrays.items()},
    }


def _packed(values: np.ndarray) -> str:
    units = np.rint(values * 10.0**DECIMALS).astype("<u2").reshape(-1, 1).view(np.uint8)
    return base64.b64encode(np.ascontiguousarray(units.T).tobytes()).decode()


def _call(function: str, *arguments) -> str:
    parts = (
        json.dumps(each, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
        for each in arguments
    )
    return f"{function}({','.join(parts)});\n".replace("<", "\\u003c")
