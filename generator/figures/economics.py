"""When hardening pays: the break-even share of attackers by fraud share, and the net benefit by share of attackers."""

import numpy as np

from generator.figures.chart import Chart, numbers, percentages, rounded
from generator.figures.frame import axis, figure, marker, percent_axis, rule
from generator.figures.frame import band as strip
from generator.findings.breakeven import money, share
from generator.findings.scenarios import ASSUMPTIONS, default_scenario
from generator.findings.selection import leading, remark
from generator.findings.tiers import chosen_for
from generator.impact.bands import Band, band, scalar
from generator.impact.breakeven import prevalence
from generator.impact.measured import Choice, Draws, drawn_detection, mean_detection
from generator.impact.model import Detection, benefit
from generator.notation import formats, palette
from generator.notation.tracing import derived, traced
from generator.records.impact import Scenario
from generator.records.results import Estimate, StudyResult

FRAUD_SHARES = tuple(float(share) for share in np.geomspace(0.000045, 0.25, 25))
ATTACKERS = tuple(place / 10 for place in range(11))
Pair = tuple[Detection, Detection]


def break_even(result: StudyResult, draws: Draws | None = None) -> Chart:
    """From which share of attackers each hardened model pays, against the fraud share; strips only with draws."""
    names, drawn, scenario = _names(result), _drawn(result), _opening(result)
    data, rows, said = [], [], []
    for name in names:
        look, (mean, sampled) = palette.model(name), _pairs(result, draws, name)
        found = [
            _band(mean, sampled, lambda two, p=p: prevalence(*two, _with(scenario, fraud_share=p)))
            for p in FRAUD_SHARES
        ]
        shown = [Band(*(_clipped(end) for end in (each.value, each.low, each.high))) for each in found]
        rows += [
            (look.title, rounded(100 * p), *_ends(each, 100, bool(sampled)), _reading(whole.value))
            for p, each, whole in zip(FRAUD_SHARES, shown, found, strict=True)
        ]
        own = scalar(prevalence(*mean, scenario))
        if name in drawn:
            said.append(f"{look.title} {share(own) if own <= 1 else 'at no share'}")
            data += _lines([100 * p for p in FRAUD_SHARES], shown, name, bool(sampled), percentages)
    return Chart(
        slug=f"{result.data.name}-break-even",
        title="The share of fraudsters who attack at which hardening breaks even",
        caption="Above its line, a hardened model saves more than it costs; at the top, it does not pay even if "
        "every fraudster attacks. With equal false alarms a line is flat. Fraudsters who move what anybody can "
        f"move, {_terms(result)}. Strips are 95 % "
        f"intervals.{remark(drawn, names)}",
        summary=f"At a fraud share of {formats.percent(scenario.fraud_share)}, hardening breaks even at: "
        f"{formats.listed(said)}.",
        figure=figure(
            data,
            xaxis=axis("Fraud share of all transactions", type="log", ticksuffix=" %"),
            yaxis=percent_axis("Fraudsters who attack"),
        ),
        headers=("Model", "Fraud share (%)", "Break-even (%)", "95 % low (%)", "95 % high (%)", "Reading"),
        rows=tuple(rows),
    )


def net_benefit(result: StudyResult, draws: Draws | None = None) -> Chart:
    """Money a day that each other model saves against the standard one, by share of attackers."""
    names, drawn, scenario = _names(result), _drawn(result), _opening(result)
    data, rows, said = [], [], []
    for name in names:
        look, (mean, sampled) = palette.model(name), _pairs(result, draws, name)
        found = [
            _band(mean, sampled, lambda two, a=a: benefit(*two, _with(scenario, attack_prevalence=a)).net_usd)
            for a in ATTACKERS
        ]
        rows += [
            (look.title, rounded(100 * a), *_ends(each, 1, bool(sampled)))
            for a, each in zip(ATTACKERS, found, strict=True)
        ]
        if name in drawn:
            said.append(f"{look.title} {money(found[-1].value, result.spec.currency)}")
            data += _lines([100 * a for a in ATTACKERS], found, name, bool(sampled), numbers)
    return Chart(
        slug=f"{result.data.name}-net-benefit",
        title="What a switch of models saves a day, by the share of fraudsters who attack",
        caption="Cost of a day with the standard model less the cost with the other one, in the opening "
        f"scenario of the calculator, {_terms(result)}. Below zero, the switch loses money. Strips are 95 % "
        f"intervals.{remark(drawn, names)}",
        summary=f"If every fraudster attacks, a day is cheaper by: {formats.listed(said)}.",
        figure=figure(
            data,
            xaxis=axis("Fraudsters who attack", ticksuffix=" %"),
            yaxis=axis(f"Net benefit a day ({result.spec.currency})", separatethousands=True),
            shapes=[rule(y=0)],
        ),
        headers=(
            "Model",
            "Attackers (%)",
            f"Net benefit a day ({result.spec.currency})",
            "95 % low",
            "95 % high",
        ),
        rows=tuple(rows),
    )


# ---------------------------------------------------------------- rates


def _names(result: StudyResult) -> list[str]:
    """Hardened models with rates of their own; pairs of models are left to the table of policies."""
    return palette.in_order(
        each.model
        for each in result.rates.rates
        if "/" not in each.model and each.model != result.roles.baseline
    )


def _drawn(result: StudyResult) -> list[str]:
    """The leading models, and the one that was chosen against the fraudsters of these charts."""
    names = _names(result)
    chosen = chosen_for(result.choices, result.spec.threat.quoted)
    return [name for name in names if name in leading(result, names) or name == chosen]


def _opening(result: StudyResult) -> Scenario:
    return default_scenario(result.rates, traced(ASSUMPTIONS, "assumptions"))


def _with(scenario: Scenario, **changes: float) -> Scenario:
    return scenario.model_copy(update=changes)


def _pairs(result: StudyResult, draws: Draws | None, name: str) -> tuple[Pair, Pair | None]:
    """Mean rates of the standard model and of `name`, and their draws where there are some."""
    rates, quoted = result.rates, result.spec.proof.quoted_false_positive_rate
    (point,) = (each.name for each in rates.points if each.false_positive_rate == quoted)
    choice = Choice(name, result.spec.threat.quoted, result.spec.attack.headline_epsilon, point)
    models = result.roles.baseline, name
    mean = tuple(mean_detection(rates, model, choice, point) for model in models)
    if not draws or name not in draws.models:
        return mean, None
    return mean, tuple(drawn_detection(draws, rates, model, choice, point) for model in models)


def _band(mean: Pair, sampled: Pair | None, worked_out) -> Band:
    """The figure with the interval of its draws, or without them as a band of no width."""
    value = scalar(worked_out(mean))
    if sampled is None:
        return Band(value, value, value)
    found = band(value, worked_out(sampled))
    return Band(value, derived(found.low, value), derived(found.high, value))


# ---------------------------------------------------------------- drawing


def _lines(x, bands: list[Band], name: str, sampled: bool, write) -> list[dict]:
    look = palette.model(name)
    drawn = {
        "type": "scatter", "mode": "lines+markers", "name": look.title, "legendgroup": name, "x": numbers(x),
        "y": write(each.value for each in bands), "marker": marker(look, name),
        "line": {"color": f"@{name}", "dash": look.dash, "width": 2.5}, "hovertemplate": "%{y}",
    }  # fmt: skip
    if not sampled:
        return [drawn]
    behind = strip(x, [_estimate(each) for each in bands], name)
    ends = [each.high for each in bands] + [each.low for each in reversed(bands)]
    return [behind | {"y": write(ends)}, drawn]


def _estimate(found: Band) -> Estimate:
    """What a strip is drawn from; how many rows are behind it is on the page."""
    return Estimate.model_construct(value=found.value, low=found.low, high=found.high)


def _clipped(value: float) -> float:
    return derived(min(1.0, max(0.0, value)), value)


def _ends(found: Band, factor: float, sampled: bool) -> list:
    ends = numbers((factor * found.low, factor * found.high)) if sampled else ["", ""]
    return [rounded(factor * found.value), *ends]


def _reading(value: float) -> str:
    if value > 1:
        return "pays at no share"
    return "pays at any share" if value <= 0 else ""


def _terms(result: StudyResult) -> str:
    return (
        f"ε = {formats.epsilon(result.spec.attack.headline_epsilon)}, "
        f"{formats.setting(result.spec.proof.quoted_false_positive_rate)} false alarms"
    )
