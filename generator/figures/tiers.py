"""Frauds caught when fraudsters of a tier evade, at matched false-positive rates; what the rule allows."""

from generator.figures.chart import Chart, numbers, percentages, rounded
from generator.figures.frame import axis, error_bar, figure, grid, line, marker, percent_axis, placed
from generator.findings.selection import leading, remark
from generator.findings.tiers import chosen_for
from generator.notation import formats, palette
from generator.records.proofs import TierResult
from generator.records.results import Estimate, StudyResult

ROW, BETWEEN, AROUND = 40, 76, 110
"""Pixels: of one model in a panel, from panel to panel with the axis between them, and above and below all panels."""


def tiers(result: StudyResult, tier: str = "") -> Chart:
    """A panel a tier, a row a model: frauds caught, clean and provably; one view a matched rate.

    The panel of `tier`, or of the quoted one, is marked and summed up.
    """
    tier = tier or result.spec.threat.quoted
    found = _at_headline(result)
    rates = _quoted_first(result, found)
    names = [name for name in result.spec.threat.names if any(row.tier == name for row in found)]
    every = palette.in_order({row.model for row in found})
    drawn = _drawn(result, every)
    titles = [palette.model(name).title for name in drawn]
    data, axes, rows = [], {}, []
    for rate in rates:
        view = _rate(rate)
        for panel, each in enumerate(names):
            suffix = str(panel + 1) if panel else ""
            known = {r.model: r for r in found if (r.tier, r.false_positive_rate) == (each, rate)}
            place = {
                "meta": {"view": view},
                "xaxis": f"x{suffix}",
                "yaxis": f"y{suffix}",
                "showlegend": not panel,
            }
            shown = [known[name] for name in drawn if name in known]
            data += [
                _dots(
                    [palette.model(r.model).title for r in shown],
                    [getattr(r, field) for r in shown],
                    token,
                    **place,
                )
                for field, token in (("caught_clean", "clean"), ("caught_proved", "exact"))
            ]
            rows += [
                (
                    view,
                    each,
                    palette.model(n).title,
                    *_percents(r.caught_clean),
                    *_percents(r.caught_proved),
                    r.unresolved,
                )
                for n in every
                for r in [known[n]]
            ]
    for panel, each in enumerate(names):
        suffix = str(panel + 1) if panel else ""
        title = f"<b>{'▸ ' if each == tier else ''}{each}</b>: frauds caught"
        axes[f"xaxis{suffix}"] = percent_axis(title, anchor=f"y{suffix}")
        axes[f"yaxis{suffix}"] = axis(
            anchor=f"x{suffix}", autorange="reversed", categoryorder="array", categoryarray=titles,
            showticklabels=not panel % 2,
        )  # fmt: skip
    deep = -(-len(names) // 2)
    area = deep * ROW * len(drawn) + (deep - 1) * BETWEEN
    wide, tall = grid(len(names), 2, gap_x=0.07, gap_y=BETWEEN / area), grid(len(names), 1, gap_y=0.09)
    return Chart(
        slug=f"{result.data.name}-tiers",
        title="Frauds caught when fraudsters evade, by attacker",
        caption="Every model stops the same share of genuine payments. Circles: frauds caught if nobody evades. "
        "Squares: frauds provably caught, whatever the attacker does, at ε = "
        f"{formats.epsilon(result.spec.attack.headline_epsilon)}. {_who(result, names)}. Arms are 95 % "
        f"intervals.{remark(drawn, every)}",
        summary=_tier_sentence(found, drawn, rates[0], tier),
        figure=figure(data, **placed(axes, wide)),
        headers=("False alarms", "Tier", "Model", "Caught, no evasion (%)", "95 % low (%)", "95 % high (%)",
                 "Proved (%)", "Proved low (%)", "Proved high (%)", "Left open"),
        rows=tuple(rows),
        height=AROUND + area,
        narrow_height=180 + 42 * len(drawn) * len(names),
        narrow={**tall, **{f"yaxis{n + 1 if n else ''}.showticklabels": True for n in range(len(names))}},
        views=tuple(_rate(rate) for rate in rates),
    )  # fmt: skip


def frontier(result: StudyResult) -> Chart:
    """The labelling rule as a detector under evasion, and the models at matched rates; one view a tier."""
    found, drawn, data, rows, said = _at_headline(result), leading(result), [], [], []
    epsilon = result.spec.attack.headline_epsilon
    look, widest = palette.bound("rule"), 100 * 3 * max(row.false_positive_rate for row in found)
    curves = sorted(
        (f for f in result.proofs.rule.frontiers if f.epsilon == epsilon),
        key=lambda f: (f.tier != result.spec.threat.quoted, f.tier),
    )
    for curve in curves:
        view = {"meta": {"view": curve.tier}}
        points = [
            (100 * x, y)
            for x, y in zip(curve.false_positive_rate, curve.caught, strict=True)
            if 100 * x <= widest
        ]
        x, y = [p[0] for p in points], [p[1] for p in points]
        data.append(line(x, y, look, "rule", mode="lines", hovertemplate="%{y} %", **view))
        rows += [(curve.tier, look.title, rounded(a), rounded(100 * b), "", "") for a, b in points]
        for name in palette.in_order({row.model for row in found}):
            mine = sorted(
                (r for r in found if (r.model, r.tier) == (name, curve.tier)),
                key=lambda r: r.false_positive_rate,
            )
            rates, caught = [100 * r.false_positive_rate for r in mine], [r.caught_proved for r in mine]
            title = palette.model(name).title
            rows += [
                (curve.tier, title, rounded(a), *_percents(e)) for a, e in zip(rates, caught, strict=True)
            ]
            if name in drawn:
                data.append(
                    line(
                        rates,
                        [e.value for e in caught],
                        palette.model(name),
                        name,
                        error_y=error_bar(caught, 100) | {"color": f"@{name}"},
                        **view,
                    )
                )
        best = max(
            (b for a, b in points if a <= 100 * result.spec.proof.quoted_false_positive_rate), default=0.0
        )
        said.append(f"{curve.tier} {formats.percent(best)}")
    rate = _rate(result.spec.proof.quoted_false_positive_rate)
    return Chart(
        slug=f"{result.data.name}-frontier",
        title="Frauds provably caught against false alarms",
        caption=f"Frauds caught whatever a fraudster of the tier does at ε = {formats.epsilon(epsilon)}, "
        "against the share of genuine payments stopped. The line without marks is the rule that made the "
        "labels, used as a detector with any cut. Up and left is better; the rule is no "
        f"ceiling.{remark(drawn, result.models)}",
        summary=f"At {rate}, the rule itself catches by tier: {formats.listed(said)}.",
        figure=figure(
            data, xaxis=axis("Genuine payments stopped", ticksuffix=" %", range=numbers((0, widest))),
            yaxis=percent_axis("Frauds provably caught"),
        ),
        headers=("Tier", "Line", "Genuine stopped (%)", "Provably caught (%)", "95 % low (%)", "95 % high "
        "(%)"),
        rows=tuple(rows),
        height=480,
        narrow_height=560,
        views=tuple(curve.tier for curve in curves),
    )  # fmt: skip


def _drawn(result: StudyResult, every: list[str]) -> list[str]:
    """The leading models, and the one chosen against the quoted tier, of whatever kind it is."""
    chosen = chosen_for(result.choices, result.spec.threat.quoted)
    return [name for name in every if name in (*leading(result, every), chosen)]


def _at_headline(result: StudyResult) -> list[TierResult]:
    return [row for row in result.proofs.tiers if row.epsilon == result.spec.attack.headline_epsilon]


def _quoted_first(result: StudyResult, found: list[TierResult]) -> list[float]:
    quoted = result.spec.proof.quoted_false_positive_rate
    return sorted({row.false_positive_rate for row in found}, key=lambda rate: (rate != quoted, rate))


def _who(result: StudyResult, names: list[str]) -> str:
    """Each attacker in a few words."""
    return "; ".join(f"{name}: {result.spec.threat.tier(name).short}" for name in names)


def _rate(rate: float) -> str:
    return f"{formats.setting(rate)} false alarms"


def _dots(titles: list[str], estimates: list[Estimate], token: str, **more) -> dict:
    look = palette.attack(token)
    return {
        "type": "scatter", "mode": "markers", "orientation": "h", "y": titles,
        "name": "Nobody evades" if token == "clean" else look.title,
        "x": percentages(e.value for e in estimates),
        "error_x": error_bar(estimates, 100) | {"color": f"@{token}"},
        "marker": marker(look, token, 10), "hovertemplate": "%{y}: %{x} %", **more,
    }  # fmt: skip


def _tier_sentence(found: list[TierResult], drawn: list[str], rate: float, tier: str) -> str:
    parts = [
        f"{palette.model(r.model).title} {formats.percent(r.caught_proved.value)}"
        for name in drawn
        for r in found
        if (r.model, r.tier, r.false_positive_rate) == (name, tier, rate)
    ]
    return f"Provably caught under {tier} at {_rate(rate)}: {formats.listed(parts)}."


def _percents(estimate: Estimate) -> list[float]:
    return percentages((estimate.value, estimate.low, estimate.high))
