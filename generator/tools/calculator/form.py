"""The calculator as HTML, whole before a script has run: inputs, opening results and room for the charts."""

import html
import math
import re
from collections.abc import Mapping, Sequence

from generator.findings.breakeven import money, share, share_range, verdict_sentence
from generator.findings.economics import answered
from generator.findings.scenarios import ScenarioInput
from generator.impact.bands import Band
from generator.impact.measured import BUDGET
from generator.impact.whatif import Answer
from generator.notation import formats, palette
from generator.records.impact import OperatingPoint
from generator.tools.calculator.bench import Bench

SLIDER = 1000
"""Steps of every slider; the script turns them into values by the scale of the input."""

TYPED = 'type="text" inputmode="decimal"'
"""Of a field for a number. A type of `number` hides what is typed where that is none, and its decimal mark is that of
the browser's language."""

DAY = (
    ("missed_frauds", "Missed frauds a day", "count"),
    ("leakage_usd", "Fraud loss a day", "money"),
    ("leakage_by_amount_usd", "Fraud loss a day by actual amounts", "money"),
    ("false_alarms", "False alarms a day", "count"),
    ("alerts", "Alerts a day", "count"),
    ("backlog", "Alerts left over a day", "count"),
    ("analysts_needed", "Analysts needed", "count"),
    ("precision", "Precision of alerts", "percent"),
    ("false_positive_ratio", "False alarms per fraud caught", "count"),
    ("value_detection_rate", "Fraud money caught", "percent"),
    ("residual_bps", "Fraud money missed, per 10,000", "count"),
    ("cost_usd", "Cost a day", "money"),
    ("savings", "Savings against having no model", "percent"),
    ("frauds_before_catch", "Frauds before the first catch", "count"),
)
BENEFIT = (
    ("prevalence", "Breaks even at this share of attackers", "share"),
    ("count_only", "The same, counting missed frauds only", "share"),
    ("net_usd", "Net benefit a day", "money"),
    ("net_year_usd", "Net benefit a year", "money"),
    ("payback_days", "Payback, days", "count"),
    ("leakage_reduction", "Fewer missed frauds", "percent"),
)
"""Outputs in the order of the tables: field, title, how it is written."""

CHARTS = (
    ("net", "Net benefit a day against the share of attackers",
     "Line: mean rates; strip: {strip}. Above zero, the switch pays."),
    ("prior", "Breaks even at which share of attackers, by fraud share",
     "The rarer frauds are, the more false alarms weigh. At the top, even every fraudster attacking is not enough."),
    ("tornado", "What moves the net benefit a day",
     "Each input alone, half and one and a half times its value (shares end at all)."),
    ("cost", "What a day costs", "Money that stays lost, reviews, and customers stopped. Arms: {arms}."),
    ("alerts", "Alerts against what the analysts can look at", "The dashed line is the capacity."),
)  # fmt: skip


def said(control: str) -> str:
    """Where the script says what is wrong with a control, by its id."""
    return f'<span class="tool-said" id="{control}-said" role="status"></span>'


def page(benches: Sequence[Bench]) -> str:
    """One block of HTML without empty lines, which would end it in Markdown.

    Args:
        benches: those a reader may choose from; he begins with the first.
    """
    bench = benches[0]
    found, words, choice, scenario = bench.measured, bench.words, bench.opening, bench.scenario
    rates, titles = found.rates, {name: look.title for name, look in bench.looks.items()}
    answer = answered(found, choice, scenario)
    title, baseline = titles[choice.hardened], titles[found.roles.baseline]
    names = " ".join(each.name for each in benches)
    selects = (
        _select("dataset", "Data", [(each.name, each.title) for each in benches], bench.name)
        + _select(
            "hardened", "Compared with",
            [(m, titles[m]) for m in found.draws.models if m != found.roles.baseline], choice.hardened,
        )
        + _select("tier", "Who attacks", [(t, f"{t}: {found.threat.titles[t]}") for t in bench.tiers], choice.tier)
        + _select(
            "epsilon", "Attack budget",
            [(repr(e), formats.epsilon(e)) for e in rates.epsilons], repr(choice.epsilon),
        )
        + _select(
            "point", "Operating point",
            [(p.name, point_title(p)) for p in rates.points] + [(BUDGET, "as many alerts as can be looked at")],
            choice.point,
        )
    )  # fmt: skip
    return "\n".join(
        [
            '<section class="calculator" id="calculator" data-wakes="tool.js tool-drawing.js calculator.js" '
            f'data-drawn data-datasets="{names}"{" data-apart" * bench.apart} style="{_colours(bench)}" '
            'aria-label="What-if calculator">',
            '<p class="calculator-note"><strong>Assumption-driven, not a forecast.</strong> Rates are measured; '
            "volumes and prices are yours to set.</p>",
            f'<p class="calculator-off">The calculator needs JavaScript. {_text(words.otherwise)}</p>',
            f'<p class="calculator-verdict">{_text(verdict_sentence(answer, scenario, title))}</p>',
            '<p class="calculator-points" hidden></p>',
            '<form class="calculator-form" autocomplete="off">',
            f'<fieldset><legend>What was measured</legend><div class="calculator-grid">{selects}</div></fieldset>',
            '<fieldset><legend>Your own numbers</legend><div class="calculator-presets" role="group" '
            f'aria-label="Presets">{_presets(bench)}</div>',
            '<div class="calculator-grid calculator-bank">',
            *(_input(each, getattr(scenario, each.name), found.currency) for each in bench.inputs),
            "</div></fieldset></form>",
            f'<div class="calculator-charts">{"".join(_chart(*each, bench) for each in CHARTS)}</div>',
            '<div class="calculator-tables">',
            _day_table(answer, baseline, title, bench) + _benefit_table(answer, bench),
            "</div>",
            '<p class="calculator-tools"><button type="button" data-act="link">Copy link</button>'
            '<button type="button" data-act="json">Copy scenario as JSON</button>'
            '<button type="button" data-act="reset">Reset</button></p>',
            '<textarea class="calculator-json" rows="8" readonly hidden aria-label="Scenario as JSON"></textarea>',
            '<p class="calculator-status" role="status"></p>',
            "</section>",
        ]
    )


def written(value: float, kind: str, currency: str = "") -> str:
    """A number of the tables; the page's script writes the same."""
    if math.isnan(value):
        return "–"
    if kind == "share":
        return share(value)
    if math.isinf(value):
        return "never" if value > 0 else formats.MINUS + "∞"
    if kind == "money":
        return money(value, currency)
    return {"count": formats.significant, "percent": formats.percent}[kind](value)


def span(found: Band, kind: str, currency: str = "") -> str:
    """The two ends of a band."""
    if math.isnan(found.low):
        return ""
    if kind == "share":
        return share_range(found)
    return f"{written(found.low, kind, currency)} to {written(found.high, kind, currency)}"


def _text(text: str) -> str:
    """On one line, as HTML."""
    return html.escape(re.sub(r"\s*\n\s*", " ", text))


def _colours(bench: Bench) -> str:
    known, roles = palette.colours(), bench.measured.roles
    models = {"standard": roles.baseline, "hardened": bench.opening.hardened}
    things = {name: (bench.looks[model].light, bench.looks[model].dark) for name, model in models.items()}
    tokens = {"lost": "warm", "review": "accent", "friction": roles.trivial}
    things |= {name: known[token] for name, token in tokens.items()}
    return ";".join(f"--{name}:light-dark({','.join(pair)})" for name, pair in things.items())


def _select(name: str, title: str, options: Sequence[tuple[str, str]], chosen: str) -> str:
    body = "".join(
        f'<option value="{_text(value)}"{" selected" if value == chosen else ""}>{_text(text)}</option>'
        for value, text in options
    )
    return (
        f'<div class="calculator-field"><label for="calculator-{name}">{title}</label>'
        f'<select id="calculator-{name}" name="{name}" aria-describedby="calculator-{name}-said">{body}</select>'
        f"{said(f'calculator-{name}')}</div>"
    )


def point_title(point: OperatingPoint) -> str:
    if point.false_positive_rate is None:
        return "each model's own cut"
    return f"{formats.setting(point.false_positive_rate)} false alarms"


def _presets(bench: Bench) -> str:
    return "".join(
        f'<button type="button" data-preset="{preset.name}" data-values="{_values(sets)}" '
        f'title="{_text(preset.source)} Leaves out: {_text(preset.leaves_out[:1].lower() + preset.leaves_out[1:])}">'
        f"{_text(preset.title)}</button>"
        for preset, sets in bench.presets
    )


def _values(sets: Mapping[str, float]) -> str:
    """What a preset sets, for the script."""
    return "&amp;".join(f"{name}={value!r}" for name, value in sets.items())


def _input(each: ScenarioInput, value: float, currency: str) -> str:
    unit = {"percent": "%", "money": currency, "number": ""}[each.unit]
    told = {"percent": " (%)", "money": f" ({_currency(currency)})" if currency else "", "number": ""}[
        each.unit
    ]
    factor = 100 if each.unit == "percent" else 1
    name = f"calculator-{each.name}"
    tick = '<span class="calculator-tick" hidden></span>' if each.name == "attack_prevalence" else ""
    return (
        f'<div class="calculator-field"><label for="{name}">{_text(each.title)}'
        f"{told}</label>"
        f'<input id="{name}" name="{each.name}" {TYPED} value="{value * factor:.10g}" '
        f'aria-describedby="{name}-note {name}-said" data-factor="{factor}" data-unit="{_text(unit)}">'
        f'<span class="calculator-slide"><input type="range" min="0" max="{SLIDER}" step="1" '
        f'value="{round(SLIDER * position(each, value))}" aria-label="{_text(each.title)}, slider" '
        f'data-for="{each.name}" data-low="{each.low!r}" data-high="{each.high!r}" data-scale="{each.scale}" '
        f'data-step="{each.step!r}">{tick}</span>'
        f'<small id="{name}-note">{_text(each.note)}</small>{said(name)}</div>'
    )


def position(each: ScenarioInput, value: float) -> float:
    """Where on its slider, 0 to 1, a value lies."""
    if each.scale == "log":
        return math.log(value / each.low) / math.log(each.high / each.low)
    share_of = (value - each.low) / (each.high - each.low)
    return math.sqrt(share_of) if each.scale == "square" else share_of


def _cell(name: str, side: str, found: Band, kind: str, currency: str) -> str:
    return (
        f'<td class="number" data-output="{name}" data-side="{side}" data-kind="{kind}">'
        f"<span>{_text(written(found.value, kind, currency))}</span>"
        f"<small>{_text(span(found, kind, currency))}</small></td>"
    )


def _currency(currency: str) -> str:
    """Marked, for the script to put that of another dataset there."""
    return f'<span class="calculator-currency">{_text(currency)}</span>'


def _titled(name: str, title: str, currency: str) -> str:
    return f"{title} {_currency(currency)}" if name == "residual_bps" else title


def _day_table(found: Answer, baseline: str, title: str, bench: Bench) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_titled(name, label, found.currency)}</th>'
        f"{_cell(name, 'standard', found.standard[name], kind, found.currency)}"
        f"{_cell(name, 'hardened', found.hardened[name], kind, found.currency)}</tr>"
        for name, label, kind in DAY
        if name not in bench.unknown
    )
    return (
        f'<table class="calculator-table"><caption>A day with each model; small print: {bench.words.spread}</caption>'
        f'<thead><tr><th scope="col">Output</th><th scope="col">{_text(baseline)}</th>'
        f'<th scope="col" class="calculator-hardened">{_text(title)}</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _benefit_table(found: Answer, bench: Bench) -> str:
    bands = {"prevalence": found.break_even.prevalence, "count_only": found.count_only} | found.benefit
    rows = "".join(
        f'<tr><th scope="row">{label}</th>{_cell(name, "benefit", bands[name], kind, found.currency)}</tr>'
        for name, label, kind in BENEFIT
    )
    return (
        f'<table class="calculator-table"><caption>What changes against {_text(bench.words.baseline)}</caption>'
        '<thead><tr><th scope="col">Output</th><th scope="col">Difference</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _chart(name: str, title: str, caption: str, bench: Bench) -> str:
    caption = caption.format(strip=bench.words.strip, arms=bench.words.arms)
    return (
        f'<figure class="calculator-chart" data-draw="{name}"><figcaption>{title}</figcaption>'
        f'<div class="calculator-plot" role="img" aria-label="{title}"></div><small>{caption}</small></figure>'
    )
