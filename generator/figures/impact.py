"""What a scenario day costs: missed frauds, fraud loss, false alarms, and what an accuracy alone can say."""

from generator.figures.chart import Chart, numbers, percentages, rounded
from generator.figures.frame import axis, error_bar, figure, filling, marker, rule
from generator.findings.days import day_of
from generator.findings.selection import leading, remark
from generator.notation import formats, palette
from generator.records.results import Estimate, StudyResult


def missed_frauds(result: StudyResult) -> Chart:
    """Frauds missed on the scenario day by every model, clean and when every fraudster attacks."""
    impact = result.impact
    names = palette.in_order({row.model for row in impact.rows})
    drawn = leading(result, names)
    data, rows = [], []
    for attack, epsilon in _states(result):
        asked = [n for n in names if attack not in result.model(n).not_applicable]
        found = [day_of(result, n, attack, epsilon) for n in asked]
        shown = [r for r in found if r.model in drawn]
        missed = [r.missed_frauds for r in shown]
        data.append({
            "type": "bar", "orientation": "h", "name": palette.attack(attack).title,
            "y": [palette.model(r.model).title for r in shown],
            "x": numbers(e.value for e in missed), "error_x": error_bar(missed),
            "marker": filling(palette.attack(attack), attack), "hovertemplate": "%{y}: %{x:,.0f} missed a day",
        })  # fmt: skip
        rows += [
            (
                palette.model(r.model).title,
                palette.attack(attack).title,
                rounded(epsilon),
                *_numbers(r.missed_frauds),
                rounded(r.leakage_usd.value),
            )
            for r in found
        ]
    budget = result.spec.attack.headline_epsilon
    standard = [
        f"{formats.count(day_of(result, result.roles.baseline, a, e).missed_frauds.value)} {_under(a)}"
        for a, e in _states(result)
    ]
    return Chart(
        slug=f"{result.data.name}-missed-frauds",
        title="Frauds missed on the scenario day",
        caption=f"Frauds that pass, out of {formats.count(impact.frauds_per_day)} a day, when no "
        f"fraudster and when every fraudster attacks at ε = {formats.epsilon(budget)}; arms are 95 % "
        "intervals. Shorter is better." + remark(drawn, names),
        summary=f"The standard model misses {formats.listed(standard)} a day.",
        figure=figure(
            data, barmode="group", xaxis=axis("Missed frauds a day", rangemode="tozero",
            separatethousands=True),
            yaxis=axis(autorange="reversed"),
        ),
        headers=("Model", "Attack", "ε (σ)", "Missed frauds a day", "95 % low", "95 % high",
        f"Fraud loss a day ({result.spec.currency})"),
        rows=tuple(rows),
        height=130 + 72 * len(drawn),
    )  # fmt: skip


def leakage_reduction(result: StudyResult) -> Chart:
    """How many of the baseline's missed frauds each hardened model catches, clean and under each attack."""
    names = palette.in_order({r.model for r in result.impact.reductions})
    titles = [palette.model(n).title for n in names]
    data, rows, said = [], [], []
    for attack, epsilon in _states(result):
        found = {r.model: r for r in result.impact.reductions if (r.attack, r.epsilon) == (attack, epsilon)}
        parts = [found[n] for n in names if n in found]
        if not parts:
            continue
        look = palette.attack(attack)
        said += [
            f"{palette.model(r.model).title}, {look.title}: {formats.percent(r.reduction.value)}"
            for r in parts
            if r.model in leading(result, names)
        ]
        data.append({
            "type": "scatter", "mode": "markers", "name": look.title,
            "y": [palette.model(r.model).title for r in parts],
            "x": percentages(r.reduction.value for r in parts),
            "error_x": error_bar([r.reduction for r in parts], 100) | {"color": f"@{attack}"},
            "marker": marker(look, attack, 11),
            "hovertemplate": "%{y}: %{x} % fewer missed",
        })  # fmt: skip
        rows += [
            (palette.model(r.model).title, look.title, rounded(epsilon),
             *percentages((r.reduction.value, r.reduction.low, r.reduction.high)),
             f"{r.direction} missed frauds"
             if r.direction != "no difference" else "no difference")
            for r in parts
        ]  # fmt: skip
    return Chart(
        slug=f"{result.data.name}-leakage-reduction",
        title="Reduction of missed frauds against the standard model",
        caption="Share of the standard model's missed frauds that the hardened model catches, with 95 % "
        "intervals; it depends neither on volume nor on the fraud rate. Left of zero, hardening misses "
        "more.",
        summary="; ".join(said) + ".",
        figure=figure(
            data, xaxis=axis("Fewer missed frauds", ticksuffix=" %", nticks=6),
            yaxis=axis(autorange="reversed", categoryorder="array", categoryarray=titles), shapes=[rule(x=0)],
        ),
        headers=("Model", "Attack", "ε (σ)", "Reduction (%)", "95 % low (%)", "95 % high (%)", "Reading"),
        rows=tuple(rows),
        height=130 + 52 * len(names),
    )  # fmt: skip


def false_alarms(result: StudyResult) -> Chart:
    """Genuine payments stopped on the scenario day by every model."""
    names = palette.in_order({row.model for row in result.impact.rows})
    titles = [palette.model(n).title for n in names]
    alarms = [day_of(result, n, "clean", 0.0).false_alarms for n in names]
    parts = [f"{t} {formats.count(e.value)}" for t, e in zip(titles, alarms, strict=True)]
    return Chart(
        slug=f"{result.data.name}-false-alarms",
        title="Genuine payments stopped on the scenario day",
        caption=f"False alarms a day, out of {formats.count(result.impact.genuine_per_day)} genuine "
        "payments; customers do not attack, so these are clean rates. Arms are 95 % intervals. Shorter "
        "is better.",
        summary=f"False alarms a day: {formats.listed(parts)}.",
        figure=figure(
            [{
                "type": "bar", "orientation": "h", "y": titles, "x": numbers(e.value for e in alarms),
                "error_x": error_bar(alarms), "marker": {"color": [f"@{n}" for n in names]},
                "hovertemplate": "%{y}: %{x:,.0f} a day<extra></extra>",
            }],
            xaxis=axis("False alarms a day", rangemode="tozero", separatethousands=True),
            yaxis=axis(autorange="reversed"),
        ),
        headers=("Model", "False alarms a day", "95 % low", "95 % high"),
        rows=tuple((t, *_numbers(e)) for t, e in zip(titles, alarms, strict=True)),
        height=100 + 40 * len(names),
    )  # fmt: skip


def accuracy_bounds(result: StudyResult) -> Chart:
    """The range of missed frauds that one accuracy is compatible with."""
    bounds = result.impact.accuracy_bounds
    labels = [f"Accuracy {formats.percent(b.accuracy)}" for b in bounds]
    parts = [
        f"an accuracy of {formats.percent(b.accuracy)} fits anything from {formats.count(b.missed_least)} to "
        f"{formats.count(b.missed_most)} missed frauds a day"
        for b in bounds
    ]
    return Chart(
        slug=f"{result.data.name}-accuracy-bounds",
        title="What an accuracy says about missed frauds",
        caption="The bar spans every number of missed frauds a day that fits the accuracy, depending on "
        "whether its errors fall on frauds or on genuine payments. A long bar: the accuracy alone says "
        "next to nothing.",
        summary=formats.capital(formats.listed(parts)) + ".",
        figure=figure(
            [{
                "type": "bar", "orientation": "h", "y": labels,
                "base": numbers(b.missed_least for b in bounds),
                "x": numbers(b.missed_most - b.missed_least for b in bounds), "marker": {"color": "@accent"},
                "text": [f"{formats.count(b.missed_least)} to "
                f"{formats.count(b.missed_most)}" for b in bounds],
                "textposition": "inside", "hovertemplate": "%{y}: %{text}<extra></extra>",
            }],
            xaxis=axis("Missed frauds a day", rangemode="tozero", separatethousands=True),
            yaxis=axis(autorange="reversed"),
        ),
        headers=("Accuracy (%)", "Least missed a day", "Most missed a day"),
        rows=tuple((rounded(100 * b.accuracy), rounded(b.missed_least),
        rounded(b.missed_most)) for b in bounds),
        height=100 + 52 * len(bounds),
    )  # fmt: skip


def _states(result: StudyResult) -> list[tuple[str, float]]:
    budget = result.spec.attack.headline_epsilon
    priced = {row.attack for row in result.impact.rows}
    attacks = (*result.spec.attack.attacks, *(("exact",) if "exact" in priced else ()))
    return [("clean", 0.0), *((name, budget) for name in attacks)]


def _under(attack: str) -> str:
    if attack == "exact":
        return "at its proved worst"
    return "without attack" if attack == "clean" else f"under {palette.attack(attack).title}"


def _numbers(estimate: Estimate) -> list[float]:
    return numbers((estimate.value, estimate.low, estimate.high))
