"""What is proved beside what attacks said: the exact curve, FGSM against verified accuracy, radii."""

from dataclasses import replace
from itertools import accumulate

from generator.figures.attacks import BUDGET
from generator.figures.bounds import ceiling_curve, floor, level_bounds, plain
from generator.figures.chart import Cell, Chart, numbers, percentages, rounded
from generator.figures.frame import EPSILON, axis, band, figure, line, percent_axis
from generator.findings.selection import leading
from generator.notation import formats, palette
from generator.records.results import Estimate, Evaluation, StudyResult

HEADERS = ("Line", "ε (σ)", "Value (%)", "95 % low (%)", "95 % high (%)")


def exact_curve(result: StudyResult, model: str = "") -> Chart:
    """Proved accuracy of one model against ε, beside its attacks, the limit, the rule and the floor."""
    model = model or result.roles.baseline
    final = result.model(model).final
    curves = {
        name: sorted((e for e in final.evaluations if e.attack == name), key=lambda e: e.epsilon)
        for name in (*result.spec.attack.attacks, "exact")
    }
    proved = curves.pop("exact")
    # only budgets that were settled: a line drawn between two of them may lie above an attack in between
    settled = {e.epsilon for e in proved}
    curves = {name: [e for e in found if e.epsilon in settled] for name, found in curves.items() if found}
    data = [_missed(curves, proved)] if curves else []
    rows: list[tuple[Cell, ...]] = []
    data.append(band([e.epsilon for e in proved], [e.accuracy for e in proved], "exact"))
    for name, found in (*curves.items(), ("exact", proved)):
        look = palette.attack(name)
        # an attack between two proofs would seem to pass the straight line that joins them
        drawn = [e for e in found if e.epsilon in settled]
        data.append(line([e.epsilon for e in drawn], [e.accuracy.value for e in drawn], look, name))
        rows += [(look.title, rounded(e.epsilon), *_percents(e.accuracy)) for e in found]
    x, trivial = [e.epsilon for e in proved], palette.model(result.roles.trivial)
    data.append(plain(x, [floor(result)] * len(x), trivial, result.roles.trivial))
    rows += [(trivial.title, rounded(e), rounded(100 * floor(result)), "", "") for e in x]
    ceiling, points = ceiling_curve(result)
    data += ceiling
    if result.proofs.rule:
        budgets, kept = result.proofs.limit.epsilons, result.proofs.rule.kept
        look = palette.bound("rule")
        data.append(plain(budgets, kept, look, "rule"))
        points += [(look.title, e, v) for e, v in zip(budgets, kept, strict=True)]
    rows += [(name, rounded(e), rounded(100 * v), "", "") for name, e, v in points]
    title = palette.model(model).title
    left = sum(e.unresolved for e in proved)
    return Chart(
        slug=_slug(result, "exact-curve", model),
        title=f"Proved accuracy, and accuracy under attacks: {title}",
        caption="Accuracy against the budget ε. The exact line is proved: no attack can lower it. The strip around "
        "it is the 95 % interval, and the shaded area is what the attacks missed. No classifier can exceed the limit "
        "(σ of the whole table); one is known at the lower edge of its strip. Below the dotted line, approving "
        f"everything would do better. {_left(left)}",
        summary=_curve_sentence(result, curves, proved),
        figure=figure(
            data, xaxis=axis(BUDGET), yaxis=percent_axis("Accuracy"), hovermode="x unified", meta=EPSILON
        ),
        headers=HEADERS,
        rows=tuple(rows),
        height=480,
        narrow_height=560,
    )


def exact_curves(result: StudyResult) -> Chart:
    """As `exact_curve`, one view for each model that matters."""
    names = [name for name in leading(result) if name != result.roles.trivial]
    parts = {palette.model(name).title: exact_curve(result, name) for name in names}
    budget, said = result.spec.attack.headline_epsilon, []
    for name in names:
        model = result.model(name)
        kept = [
            f"{formats.percent(model.final.at(attack, budget).accuracy.value)} under {palette.attack(attack).title}"
            for attack in result.spec.attack.attacks
            if attack not in model.not_applicable
        ]
        proved = formats.percent(model.final.at("exact", budget).accuracy.value)
        said.append(f"{palette.model(name).title} {', '.join((f'{proved} proved', *kept))}")
    return replace(
        parts[palette.model(names[0]).title],
        slug=f"{result.data.name}-exact-curves",
        title="Proved accuracy, and accuracy under attacks",
        summary=f"At ε = {formats.epsilon(budget)}: {'; '.join(said)}.",
        figure=figure(
            [
                {**trace, "meta": {"view": title}}
                for title, part in parts.items()
                for trace in part.figure["data"]
            ],
            xaxis=axis(BUDGET), yaxis=percent_axis("Accuracy"), hovermode="x unified",
            meta=EPSILON,
        ),
        headers=("Model", *HEADERS),
        rows=tuple((title, *row) for title, part in parts.items() for row in part.rows),
        views=tuple(parts),
    )  # fmt: skip


def trap(result: StudyResult) -> Chart:
    """Round by round of the original recipe: what FGSM said, what PGD said, what is true."""
    epsilon, roles = result.spec.attack.headline_epsilon, result.roles
    rounds, standard = result.model(roles.original).rounds, palette.model(roles.baseline)
    data, rows = [], []
    for name in (*result.spec.attack.attacks, "exact"):
        look = palette.attack(name)
        found = [
            (r.round, e.accuracy)
            for r in rounds
            for e in r.evaluations
            if (e.attack, e.epsilon) == (name, epsilon)
        ]
        x, estimates = [number for number, _ in found], [estimate for _, estimate in found]
        data += [band(x, estimates, name), line(x, [e.value for e in estimates], look, name)]
        rows += [(look.title, number, *_percents(e)) for number, e in found]
    ends = [rounds[0].round, rounds[-1].round]
    undefended = result.model(roles.baseline).final.at("exact", epsilon).accuracy
    data.append(
        plain(ends, [undefended.value] * 2, standard, roles.baseline, name=f"{standard.title}, exact")
    )
    data[-1]["line"]["dash"] = "dash"
    rows += [(f"{standard.title}, exact", end, *_percents(undefended)) for end in ends]
    bounds, levels = level_bounds(result, ends, epsilon)
    data += bounds
    rows += [(name, end, rounded(100 * value), "", "") for name, value in levels for end in ends]
    said, true = rounds[-1].at("fgsm", epsilon).accuracy, rounds[-1].at("exact", epsilon).accuracy
    return Chart(
        slug=_slug(result, "trap", roles.original),
        title="FGSM against verified accuracy",
        caption="Accuracy of the original recipe after each round of hardening at "
        f"ε = {formats.epsilon(epsilon)}; round 0 is the standard model. The recipe is trained and was "
        "tested with FGSM. The exact line is proved. No classifier can exceed the limit. The strips are 95 % "
        "intervals.",
        summary=f"After round {formats.count(rounds[-1].round)}, accuracy under FGSM is "
        f"{formats.doubted(said.value, true.value)}. The standard model has {formats.percent(undefended.value)}.",
        figure=figure(
            data,
            xaxis=axis("Round of hardening", dtick=1),
            yaxis=percent_axis("Accuracy"),
            hovermode="x unified",
        ),
        headers=("Line", "Round", "Value (%)", "95 % low (%)", "95 % high (%)"),
        rows=tuple(rows),
        height=440,
        narrow_height=500,
    )


def radius(result: StudyResult) -> Chart:
    """Share of each class that withstands at least this budget, one view a model."""
    data, rows, said = [], [], []
    fraud_total, total = result.frauds_judged, result.n_judged
    found = sorted(result.proofs.radii, key=lambda r: list(palette.MODELS).index(r.model))
    for part in found:
        view, x = palette.model(part.model).title, part.edges[1:]
        for name, counts, size in (
            ("fraud", part.fraud, fraud_total), ("legitimate", part.legitimate, total - fraud_total)
        ):  # fmt: skip
            held = [1 - gone / (size * part.seeds) for gone in accumulate(counts)]
            look = palette.label_class(name)
            data.append(line(x, held, look, name, meta={"view": view}, mode="lines", hovertemplate="%{y} %"))
            rows += [(view, look.title, rounded(e), rounded(100 * h)) for e, h in zip(x, held, strict=True)]
        said.append(
            f"{view}: median {formats.significant(part.median_fraud)} σ for frauds, "
            f"{formats.significant(part.median_legitimate)} σ for genuine payments"
        )
    return Chart(
        slug=f"{result.data.name}-radius",
        title="The change that each transaction withstands",
        caption="The exact radius of a transaction is the largest budget at which nothing changes its right "
        "answer; one answered wrongly has none. The line is the share of each class whose radius is larger "
        "than ε.",
        summary="; ".join(said) + ".",
        figure=figure(
            data, xaxis=axis("ε, radius in standard deviations", rangemode="tozero"),
            yaxis=percent_axis("Share with a larger radius"), hovermode="x unified", meta=EPSILON,
        ),
        headers=("Model", "Class", "ε (σ)", "Share with a larger radius (%)"),
        rows=tuple(rows),
        views=tuple(palette.model(part.model).title for part in found),
    )  # fmt: skip


def _missed(curves: dict[str, list[Evaluation]], proved: list[Evaluation]) -> dict:
    """The area between the strongest attack and the proof, at the budgets both were asked."""
    strongest = {
        e.epsilon: min(f.accuracy.value for found in curves.values() for f in found if f.epsilon == e.epsilon)
        for found in curves.values()
        for e in found
    }
    shared = [e for e in proved if e.epsilon in strongest]
    x = [e.epsilon for e in shared]
    upper = percentages(strongest[e.epsilon] for e in shared)
    lower = percentages(e.accuracy.value for e in shared)
    return {
        "type": "scatter", "mode": "lines", "name": "Missed by the attacks",
        "x": numbers([*x, *reversed(x)]), "y": [*upper, *reversed(lower)], "fill": "toself",
        "fillcolor": "@fraud/0.22", "line": {"width": 0, "color": "@fraud"}, "hoverinfo": "skip",
    }  # fmt: skip


def _left(unresolved: int) -> str:
    if not unresolved:
        return "Every row was either proved or broken, so the exact line has no width of its own."
    return f"{formats.count(unresolved)} answers were left open and count as broken."


def _curve_sentence(
    result: StudyResult, curves: dict[str, list[Evaluation]], proved: list[Evaluation]
) -> str:
    budget = result.spec.attack.headline_epsilon
    parts = [
        f"{formats.percent(e.accuracy.value)} under {palette.attack(name).title}"
        for name, found in curves.items()
        for e in found
        if e.epsilon == budget
    ]
    (true,) = (e.accuracy for e in proved if e.epsilon == budget)
    seems = f" accuracy is {formats.listed(parts)};" if parts else ""
    known = f"{formats.percent(true.value)} ({formats.interval(true)}) is proved"
    return f"At ε = {formats.epsilon(budget)}{seems} {known}."


def _percents(estimate: Estimate) -> list[float]:
    return percentages((estimate.value, estimate.low, estimate.high))


def _slug(result: StudyResult, chart: str, model: str) -> str:
    return f"{result.data.name}-{chart}-{model.replace('_', '-')}"
