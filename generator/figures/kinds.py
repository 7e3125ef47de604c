"""Every kind of model side by side: what it catches when nobody evades, and what is proved under one tier."""

from generator.figures.chart import Chart, percentages, rounded
from generator.figures.frame import axis, error_bar, figure, marker, percent_axis, ring, rule
from generator.findings.kinds import limit_at, limited, results
from generator.notation import formats, palette
from generator.records.proofs import Estimate
from generator.records.results import StudyResult


def kinds(result: StudyResult, tier: str = "") -> Chart:
    """A row a model of any kind under `tier`, or the quoted one; the table has every tier.

    The limit of monotone rules is drawn beside those models alone that are proved monotone in all of its inputs.
    """
    tier = tier or result.spec.threat.quoted
    rate, epsilon = result.spec.proof.quoted_false_positive_rate, result.spec.attack.headline_epsilon
    found, held = results(result, tier), limited(result)
    titles = {name: palette.model(name).title for name in found}
    data = [
        _dots(
            list(titles.values()),
            [getattr(row, field) for row in found.values()],
            look,
            token,
            name,
        )
        for field, token, look, name in (
            ("caught_clean", "clean", ring(palette.attack("clean")), "Nobody evades"),
            ("caught_proved", "exact", palette.attack("exact"), palette.attack("exact").title),
        )
    ]
    limit, look = limit_at(result, tier), palette.bound("monotone_limit")
    beside = [titles[name] for name in found if name in held]
    if limit and beside:
        data.append(
            {
                "type": "scatter", "mode": "markers", "orientation": "h", "name": look.title,
                "x": percentages([limit.by_fold] * len(beside)), "y": beside,
                "marker": marker(look, "monotone_limit", 9), "hovertemplate": "%{y}: at most %{x} %",
            }
        )  # fmt: skip
    baseline = found[result.roles.baseline].caught_proved
    best = max(found, key=lambda name: found[name].caught_proved.value)
    at, attacker = f"{formats.setting(rate)} false alarms", result.spec.threat.tier(tier).attacker
    monotone = (
        f" {look.title}: no monotone rule catches more. It is drawn beside models that are proved monotone."
        if limit and beside
        else ""
    )
    return Chart(
        slug=f"{result.data.name}-kinds",
        title="Every kind of model: frauds caught when nobody evades, and proved",
        caption=f"Every model stops the same share of genuine payments: {at}. Circles: frauds caught if nobody "
        f"evades. Squares: frauds provably caught, whatever {attacker} ({tier}) does, at ε = "
        f"{formats.epsilon(epsilon)}. Dashed: what is proved of {palette.model(result.roles.baseline).phrase}. Arms "
        f"are 95 % intervals.{monotone}",
        summary=f"Under {tier} at {at}, most is proved of {palette.model(best).title}: "
        f"{formats.percent(found[best].caught_proved.value)} of frauds "
        f"({formats.interval(found[best].caught_proved)}); of {palette.model(result.roles.baseline).title} "
        f"{formats.percent(baseline.value)} ({formats.interval(baseline)}).",
        figure=figure(
            data,
            xaxis=percent_axis(f"Frauds caught under {tier}"),
            yaxis=axis(autorange="reversed", categoryorder="array", categoryarray=list(titles.values())),
            shapes=[rule(x=rounded(100 * baseline.value), token=result.roles.baseline)],
        ),
        headers=("Tier", "Model", "Caught, no evasion (%)", "95 % low (%)", "95 % high (%)", "Proved (%)",
                 "Proved low (%)", "Proved high (%)", "Left open", "No monotone rule above (%)"),
        rows=tuple(row for each in _tiers(result) for row in _rows(result, each, held)),
        height=130 + 30 * len(found),
        narrow_height=150 + 34 * len(found),
    )  # fmt: skip


def _tiers(result: StudyResult) -> list[str]:
    """Those of the record."""
    return [name for name in result.spec.threat.names if results(result, name)]


def _rows(result: StudyResult, tier: str, held: set[str]) -> list[tuple]:
    limit = limit_at(result, tier)
    return [
        (
            tier,
            palette.model(name).title,
            *_percents(row.caught_clean),
            *_percents(row.caught_proved),
            row.unresolved,
            rounded(100 * limit.by_fold) if limit and name in held else "",
        )
        for name, row in results(result, tier).items()
    ]


def _dots(titles: list[str], estimates: list[Estimate], look: palette.Look, token: str, name: str) -> dict:
    return {
        "type": "scatter", "mode": "markers", "orientation": "h", "name": name, "y": titles,
        "x": percentages(e.value for e in estimates),
        "error_x": error_bar(estimates, 100) | {"color": f"@{token}"},
        "marker": marker(look, token, 10), "hovertemplate": "%{y}: %{x} %",
    }  # fmt: skip


def _percents(estimate: Estimate) -> list[float]:
    return percentages((estimate.value, estimate.low, estimate.high))
