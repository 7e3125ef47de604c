"""What hardening buys and what it costs: rounds, recipes, trade-off."""

from collections.abc import Sequence

from generator.figures.attacks import BUDGET, CURVE_HEADERS
from generator.figures.bounds import ceiling_at, ceiling_curve, floor, level_bounds
from generator.figures.chart import Chart, percentages, rounded
from generator.figures.frame import (
    EPSILON,
    axis,
    band,
    error_bar,
    figure,
    filling,
    line,
    marker,
    percent_axis,
    rule,
)
from generator.findings.selection import leading, remark
from generator.notation import formats, palette
from generator.records.results import Estimate, ModelResult, StudyResult


def robust_accuracy_by_model(result: StudyResult) -> Chart:
    """Robust accuracy of every model against ε: what is proved, then one view for each attack."""
    attacks = _strongest_first(result)
    drawn = leading(result)
    data, rows = [], []
    for attack in attacks:
        view = palette.attack(attack).title
        for name in palette.in_order(m.name for m in result.models):
            look = palette.model(name)
            points = sorted(
                ((e.epsilon, e.accuracy) for e in result.model(name).final.evaluations if e.attack == attack),
                key=lambda point: point[0],
            )
            x, estimates = [p[0] for p in points], [p[1] for p in points]
            shown = {"meta": {"view": view}}
            if name in drawn and points:
                if name != result.roles.trivial:
                    data.append(band(x, estimates, name, **shown, opacity=0.6))
                data.append(line(x, [e.value for e in estimates], look, name, **shown))
            rows += [(look.title, view, rounded(x), *_percents(e)) for x, e in points]
    ceiling, points = ceiling_curve(result)
    data += ceiling
    rows += [(name, "Any", rounded(x), rounded(100 * value), "", "") for name, x, value in points]
    worst = attacks[0]
    budget = result.spec.attack.headline_epsilon
    return Chart(
        slug=f"{result.data.name}-robust-accuracy-by-model",
        title="Robust accuracy of every model",
        caption="Share of all transactions answered correctly before and after the attack, against the "
        "budget ε; the strip is the 95 % interval. Each model is attacked with its own gradients."
        + (" No classifier can exceed the limit." if ceiling else "")
        + remark(drawn, result.models),
        summary=f"{_under(worst)} at ε = {formats.epsilon(budget)}: " + _ranking(result, worst, budget) + ".",
        figure=figure(data, xaxis=axis(BUDGET), yaxis=percent_axis("Robust accuracy"), meta=EPSILON),
        headers=CURVE_HEADERS,
        rows=tuple(rows),
        height=480,
        narrow_height=560,
        views=tuple(palette.attack(name).title for name in attacks),
    )


def progression(result: StudyResult, recipe: str = "") -> Chart:
    """Accuracy of a recipe, or of the original one, by round: clean and under each attack, one view a budget."""
    recipe = recipe or result.roles.original
    model = result.model(recipe)
    rounds = [r.round for r in model.rounds]
    budgets = _headline_first(result)
    labels = [f"ε = {formats.epsilon(e)}" for e in budgets]
    data, rows = [], []
    clean = [r.at("clean").accuracy for r in model.rounds]
    data += _round_line(rounds, clean, "clean")
    rows += [(r, "Clean", 0, *_percents(e)) for r, e in zip(rounds, clean, strict=True)]
    for epsilon, view in zip(budgets, labels, strict=True):
        shown = {"meta": {"view": view}} if len(labels) > 1 else {}
        for attack in _measured(model, result.spec.attack.attacks, epsilon):
            estimates = [r.at(attack, epsilon).accuracy for r in model.rounds]
            data += _round_line(rounds, estimates, attack, **shown)
            rows += [
                (r, palette.attack(attack).title, rounded(epsilon), *_percents(e))
                for r, e in zip(rounds, estimates, strict=True)
            ]
        ends = (rounds[0], rounds[-1])
        bounds, levels = level_bounds(result, ends, epsilon, **shown)
        data += bounds
        rows += [
            (end, name, rounded(epsilon), rounded(100 * value), "", "")
            for name, value in levels
            for end in ends
        ]
    budget = budgets[0]
    title = palette.model(recipe).title
    changes = [
        f"{palette.attack(a).title} from {formats.percent(model.rounds[0].at(a, budget).accuracy.value)} to "
        f"{formats.percent(model.final.at(a, budget).accuracy.value)}"
        for a in result.spec.attack.attacks
    ]
    return Chart(
        slug=f"{result.data.name}-progression-{recipe.replace('_', '-')}",
        title=f"Round by round: {title}",
        caption="Accuracy after each round of hardening; round 0 is the standard model. Clean accuracy, "
        f"and robust accuracy under each attack{'' if len(labels) > 1 else f' at {labels[0]}'}; the strip is "
        "the 95 % interval. Under attack, no classifier can exceed the limit, where it is drawn; below the dotted "
        "line, approving everything would do better.",
        summary=f"Over {formats.count(rounds[-1])} rounds clean accuracy goes from "
        f"{formats.percent(clean[0].value)} to {formats.percent(clean[-1].value)}; at ε = "
        f"{formats.epsilon(budget)} robust accuracy goes under {formats.listed(changes)}.",
        figure=figure(
            data, xaxis=axis("Round", dtick=1), yaxis=percent_axis("Accuracy"), hovermode="x unified"
        ),
        headers=("Round", "Attack", "ε (σ)", "Accuracy (%)", "95 % low (%)", "95 % high (%)"),
        rows=tuple(rows),
        views=tuple(labels) if len(labels) > 1 else (),
    )


def recipes(result: StudyResult) -> Chart:
    """The readings of the original beside the baseline at the quoted budget: clean, and under each attack."""
    roles = result.roles
    names = palette.in_order(m.name for m in result.models if m.name in {roles.baseline, *roles.readings})
    budget = result.spec.attack.headline_epsilon
    states = [("clean", 0.0), *((a, budget) for a in (*result.spec.attack.attacks, "exact"))]
    titles = [palette.model(n).title for n in names]
    data, rows = [], []
    for attack, epsilon in states:
        estimates = [result.model(n).final.at(attack, epsilon).accuracy for n in names]
        data.append({
            "type": "bar", "orientation": "h", "name": palette.attack(attack).title, "y": titles,
            "x": percentages(e.value for e in estimates), "error_x": error_bar(estimates, 100),
            "marker": filling(palette.attack(attack), attack), "hovertemplate": "%{y}: %{x} %",
        })  # fmt: skip
        rows += [
            (t, palette.attack(attack).title, rounded(epsilon), *_percents(e))
            for t, e in zip(titles, estimates, strict=True)
        ]
    sentences = [
        f"{palette.model(n).title} "
        + ", ".join(
            f"{palette.attack(a).title} {formats.percent(result.model(n).final.at(a, e).accuracy.value)}"
            for a, e in states
        )
        for n in names
    ]
    trivial, best = floor(result), ceiling_at(result, budget)
    return Chart(
        slug=f"{result.data.name}-recipes",
        title="Recipes side by side",
        caption=f"Accuracy, clean and under attack at ε = {formats.epsilon(budget)}, with 95 % intervals. "
        "The dashed line is what approving everything scores."
        + (" Under attack, no classifier can exceed the second one, the limit." if best else ""),
        summary="; ".join(sentences) + ".",
        figure=figure(
            data, barmode="group", xaxis=percent_axis("Accuracy"), yaxis=axis(autorange="reversed"),
            shapes=[
                rule(x=rounded(100 * trivial), token=result.roles.trivial),
                *([rule(x=rounded(100 * best), token="limit")] if best else []),
            ],
        ),
        headers=("Model", "Attack", "ε (σ)", "Accuracy (%)", "95 % low (%)", "95 % high (%)"),
        rows=tuple(rows),
    )  # fmt: skip


def trade_off(result: StudyResult) -> Chart:
    """Clean accuracy against robust accuracy at the quoted budget, one mark a model, one view an attack."""
    budget = result.spec.attack.headline_epsilon
    attacks = _strongest_first(result)
    data, rows = [], []
    for attack in attacks:
        for name in palette.in_order(m.name for m in result.models):
            look, final = palette.model(name), result.model(name).final
            if attack in result.model(name).not_applicable:
                continue
            clean, robust = final.at("clean").accuracy, final.at(attack, budget).accuracy
            data.append({
                "type": "scatter", "mode": "markers", "name": look.title,
                "meta": {"view": palette.attack(attack).title},
                "x": percentages([clean.value]), "y": percentages([robust.value]),
                "error_x": error_bar([clean], 100) | {"color": f"@{name}"},
                "error_y": error_bar([robust], 100) | {"color": f"@{name}"},
                "marker": marker(look, name, 13),
                "hovertemplate": "clean %{x} %, robust %{y} %",
            })  # fmt: skip
            rows.append((look.title, palette.attack(attack).title, *_percents(clean), *_percents(robust)))
    strongest, best = attacks[0], ceiling_at(result, budget)
    places = [
        f"{palette.model(name).title} clean {formats.percent(final.at('clean').accuracy.value)}, "
        f"robust {formats.percent(final.at(strongest, budget).accuracy.value)}"
        for name in leading(result)
        for final in [result.model(name).final]
    ]
    return Chart(
        slug=f"{result.data.name}-trade-off",
        title="What robustness costs in clean accuracy",
        caption=f"Each mark is a model: right is better without attack, up is better under attack at "
        f"ε = {formats.epsilon(budget)}. Arms are 95 % intervals. Below the lower dashed line, approving "
        "everything would do better under attack." + (" No classifier can exceed the upper one." if best else ""),
        summary=f"{_under(strongest)}: {'; '.join(places)}.",
        figure=figure(data, xaxis=axis("Clean accuracy", ticksuffix=" %"),
        yaxis=percent_axis("Robust accuracy"),
        shapes=[
            rule(y=rounded(100 * floor(result)), token=result.roles.trivial),
            *([rule(y=rounded(100 * best), token="limit")] if best else []),
        ]),
        headers=("Model", "Attack", "Clean (%)", "Clean low (%)", "Clean high (%)",
                 "Robust (%)", "Robust low (%)", "Robust high (%)"),
        rows=tuple(rows),
        height=480,
        narrow_height=540,
        views=tuple(palette.attack(name).title for name in attacks),
    )  # fmt: skip


def _strongest_first(result: StudyResult) -> tuple[str, ...]:
    """The proof, then the attacks from the strongest down."""
    return ("exact", *reversed(result.spec.attack.attacks))


def _under(attack: str) -> str:
    return "Proved" if attack == "exact" else f"Under {palette.attack(attack).title}"


def _round_line(rounds, estimates, attack: str, **more) -> list[dict]:
    values = [e.value for e in estimates]
    return [
        band(rounds, estimates, attack, **more),
        line(rounds, values, palette.attack(attack), attack, **more),
    ]


def _measured(model: ModelResult, attacks: Sequence[str], epsilon: float) -> list[str]:
    """The attacks, and the proof where every round has it."""
    proved = all(
        any((e.attack, e.epsilon) == ("exact", epsilon) for e in r.evaluations) for r in model.rounds
    )
    return [*attacks, *(["exact"] if proved else [])]


def _headline_first(result: StudyResult) -> list[float]:
    spec = result.spec.attack
    rest = [e for e in spec.round_epsilons if e != spec.headline_epsilon]
    return [spec.headline_epsilon, *rest] if spec.headline_epsilon in spec.round_epsilons else rest


def _ranking(result: StudyResult, attack: str, epsilon: float) -> str:
    values = {m.name: m.final.at(attack, epsilon).accuracy.value for m in result.models}
    ranked = sorted(values.items(), key=lambda item: -item[1])
    return ", ".join(f"{palette.model(name).title} {formats.percent(value)}" for name, value in ranked)


def _percents(estimate: Estimate) -> list[float]:
    return percentages((estimate.value, estimate.low, estimate.high))
