"""The calculator as HTML, whole before a script has run: inputs, opening results and room for the charts."""

import html
import math
from collections.abc import Sequence

from generator.findings.breakeven import money, share, share_range, verdict_sentence
from generator.findings.economics import answered, opening_choice
from generator.findings.scenarios import INPUTS, PRESETS, ScenarioInput, default_scenario, scenario_of
from generator.impact.bands import Band
from generator.impact.measured import BUDGET, Choice
from generator.impact.whatif import Answer, Measured
from generator.notation import formats, palette
from generator.records.impact import OperatingPoint, OperatingRates, Scenario
from generator.records.results import StudyResult
from generator.records.roles import Roles

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
     "Line: mean rates; strip: 95 % of the bootstrap draws. Above zero, hardening pays."),
    ("prior", "Breaks even at which share of attackers, by fraud share",
     "The rarer frauds are, the more false alarms weigh. At the top, even every fraudster attacking is not enough."),
    ("tornado", "What moves the net benefit a day",
     "Each input alone, half and one and a half times its value (shares end at all)."),
    ("cost", "What a day costs", "Money that stays lost, reviews, and customers stopped. Arms: 95 % of the draws."),
    ("alerts", "Alerts against what the analysts can look at", "The dashed line is the capacity."),
)  # fmt: skip


def said(control: str) -> str:
    """Where the script says what is wrong with a control, by its id."""
    return f'<span class="tool-said" id="{control}-said" role="status"></span>'


def page(results: Sequence[StudyResult], found: Measured) -> str:
    """One block of HTML without empty lines, which would end it in Markdown.

    Args:
        results: those a reader may choose from; `found` is what was measured in the first.
    """
    models, rates = found.draws.models, found.rates
    tiers = [tier for tier in found.threat.names if tier in rates.rates[0].caught]
    choice, scenario = opening_choice(found), default_scenario(rates)
    answer = answered(found, choice, scenario)
    title, baseline = (palette.model(name).title for name in (choice.hardened, found.roles.baseline))
    names = " ".join(result.data.name for result in results)
    selects = (
        _select("dataset", "Data", [(r.data.name, r.data.title) for r in results], results[0].data.name)
        + _select(
            "hardened", "Compared with",
            [(m, palette.model(m).title) for m in models if m != found.roles.baseline], choice.hardened,
        )
        + _select("tier", "Who attacks", [(t, f"{t}: {found.threat.titles[t]}") for t in tiers], choice.tier)
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
            f'data-drawn data-datasets="{names}" style="{_colours(choice, found.roles)}" '
            'aria-label="What-if calculator">',
            '<p class="calculator-note"><strong>Assumption-driven, not a forecast.</strong> Rates are measured; '
            "everything about your bank is yours to set.</p>",
            '<p class="calculator-off">The calculator needs JavaScript. The table of presets on the page Business '
            "impact was worked out by the same arithmetic.</p>",
            f'<p class="calculator-verdict">{_text(verdict_sentence(answer, scenario, title))}</p>',
            '<p class="calculator-points" hidden></p>',
            '<form class="calculator-form" autocomplete="off">',
            f'<fieldset><legend>What was measured</legend><div class="calculator-grid">{selects}</div></fieldset>',
            '<fieldset><legend>Your bank</legend><div class="calculator-presets" role="group" '
            f'aria-label="Presets">{_presets(rates)}</div>',
            '<div class="calculator-grid calculator-bank">',
            *(_input(each, getattr(scenario, each.name), found.currency) for each in INPUTS),
            "</div></fieldset></form>",
            f'<div class="calculator-charts">{"".join(_chart(*each) for each in CHARTS)}</div>',
            f'<div class="calculator-tables">{_day_table(answer, baseline, title)}{_benefit_table(answer)}</div>',
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
    return html.escape(text)


def _colours(choice: Choice, roles: Roles) -> str:
    known = palette.colours()
    things = {
        "standard": roles.baseline, "hardened": choice.hardened, "lost": "warm", "review": "accent",
        "friction": roles.trivial,
    }  # fmt: skip
    return ";".join(f"--{name}:light-dark({','.join(known[token])})" for name, token in things.items())


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


def _presets(rates: OperatingRates) -> str:
    changed = [(preset, scenario_of(preset, rates)) for preset in PRESETS]
    return "".join(
        f'<button type="button" data-preset="{preset.name}" data-values="{_values(scenario)}" '
        f'title="{_text(preset.source)} Leaves out: {_text(preset.leaves_out[:1].lower() + preset.leaves_out[1:])}">'
        f"{_text(preset.title)}</button>"
        for preset, scenario in changed
    )


def _values(scenario: Scenario) -> str:
    """What a preset sets, for the script; the loss stays, as it belongs to the data."""
    return "&amp;".join(
        f"{name}={value!r}" for name, value in scenario.model_dump().items() if name != "loss_per_fraud"
    )


def _input(each: ScenarioInput, value: float, currency: str) -> str:
    unit = {"percent": "%", "money": currency, "number": ""}[each.unit]
    told = {"percent": " (%)", "money": f" ({_currency(currency)})", "number": ""}[each.unit]
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
        f"<span>{written(found.value, kind, currency)}</span><small>{span(found, kind, currency)}</small></td>"
    )


def _currency(currency: str) -> str:
    """Marked, for the script to put that of another dataset there."""
    return f'<span class="calculator-currency">{_text(currency)}</span>'


def _titled(name: str, title: str, currency: str) -> str:
    return f"{title} {_currency(currency)}" if name == "residual_bps" else title


def _day_table(found: Answer, baseline: str, title: str) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_titled(name, label, found.currency)}</th>'
        f"{_cell(name, 'standard', found.standard[name], kind, found.currency)}"
        f"{_cell(name, 'hardened', found.hardened[name], kind, found.currency)}</tr>"
        for name, label, kind in DAY
    )
    return (
        '<table class="calculator-table"><caption>A day with each model; small print: 95 % of the draws</caption>'
        f'<thead><tr><th scope="col">Output</th><th scope="col">{_text(baseline)}</th>'
        f'<th scope="col" class="calculator-hardened">{_text(title)}</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _benefit_table(found: Answer) -> str:
    bands = {"prevalence": found.break_even.prevalence, "count_only": found.count_only} | found.benefit
    rows = "".join(
        f'<tr><th scope="row">{label}</th>{_cell(name, "benefit", bands[name], kind, found.currency)}</tr>'
        for name, label, kind in BENEFIT
    )
    return (
        '<table class="calculator-table"><caption>What changes against the standard model</caption>'
        '<thead><tr><th scope="col">Output</th><th scope="col">Difference</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _chart(name: str, title: str, caption: str) -> str:
    return (
        f'<figure class="calculator-chart" data-draw="{name}"><figcaption>{title}</figcaption>'
        f'<div class="calculator-plot" role="img" aria-label="{title}"></div><small>{caption}</small></figure>'
    )
