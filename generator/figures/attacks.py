"""What an attack does to a model: accuracy and recall against the budget, confusions, features."""

from generator.figures.bounds import ceiling_curve, floor
from generator.figures.chart import Chart, numbers, percentages, rounded
from generator.figures.frame import EPSILON, axis, band, figure, grid, line, percent_axis, placed
from generator.notation import formats, palette
from generator.records.results import Confusion, Estimate, StudyResult

BUDGET = "ε, attack budget in standard deviations"
CURVE_HEADERS = ("Model", "Attack", "ε (σ)", "Value (%)", "95 % low (%)", "95 % high (%)")


def robust_accuracy(result: StudyResult, model: str = "") -> Chart:
    """Accuracy of one model against ε under each attack, with the constant answer as the floor to beat."""
    model = model or result.roles.baseline
    curves = _curves(result, model, "accuracy")
    trivial = floor(result)
    ceiling, points = ceiling_curve(result)
    look = palette.model(result.roles.trivial)
    epsilons = result.spec.attack.epsilons
    data = [
        *_traces(curves),
        line(epsilons, [trivial] * len(epsilons), look, result.roles.trivial, mode="lines"),
        *ceiling,
    ]
    title = palette.model(model).title
    return Chart(
        slug=_slug(result, "robust-accuracy", model),
        title=f"Robust accuracy of the {title.lower()} model"
        if model == result.roles.baseline
        else f"Robust accuracy: {title}",
        caption="Share of all transactions answered correctly before and after the attack, against the "
        "budget ε; the strip is the 95 % interval. Below the dotted line, approving everything would do "
        "better." + (" No classifier can exceed the limit." if ceiling else ""),
        summary=_curve_sentence(result, curves, "Accuracy")
        + f" Approving everything scores {formats.percent(trivial)}.",
        figure=figure(
            data,
            xaxis=axis(BUDGET),
            yaxis=percent_axis("Robust accuracy"),
            hovermode="x unified",
            meta=EPSILON,
        ),
        headers=CURVE_HEADERS,
        rows=(
            *_curve_rows(title, curves),
            *((look.title, "Any", rounded(e), *[rounded(100 * trivial)] * 3) for e in epsilons),
            *((name, "Any", rounded(e), rounded(100 * value), "", "") for name, e, value in points),
        ),
    )


def true_positive_rate(result: StudyResult, model: str = "") -> Chart:
    """Share of frauds still caught by one model against ε, under each attack."""
    model = model or result.roles.baseline
    curves = _curves(result, model, "true_positive_rate")
    title = palette.model(model).title
    return Chart(
        slug=_slug(result, "true-positive-rate", model),
        title=f"Frauds still caught: {title}",
        caption="True positive rate, the share of frauds that are flagged before and after the attack, "
        "against the budget ε; the strip is the 95 % interval.",
        summary=_curve_sentence(result, curves, "The true positive rate"),
        figure=figure(
            _traces(curves),
            xaxis=axis(BUDGET),
            yaxis=percent_axis("True positive rate"),
            hovermode="x unified",
            meta=EPSILON,
        ),
        headers=CURVE_HEADERS,
        rows=_curve_rows(title, curves),
    )


def confusion(result: StudyResult, model: str = "") -> Chart:
    """Confusion matrices of one model, clean and under each attack at the quoted budget."""
    model = model or result.roles.baseline
    budget = result.spec.attack.headline_epsilon
    states = [("clean", 0.0), *((name, budget) for name in result.spec.attack.attacks)]
    final = result.model(model).final
    actual, predicted = ["fraud", "legitimate"], ["fraud", "legitimate"]
    titles = [palette.label_class(name).title for name in predicted]
    data, axes, rows = [], {}, []
    for panel, (name, epsilon) in enumerate(states):
        counts = final.at(name, epsilon).confusion
        shares = _class_shares(counts)
        suffix = str(panel + 1) if panel else ""
        cells = [[f"{formats.percent(v)}<br>{formats.count(n)}" for v, n in row] for row in shares]
        data.append(
            {
                "type": "heatmap", "x": titles, "y": titles, "z": [percentages(v for v,
                _ in row) for row in shares],
                "text": cells, "texttemplate": "%{text}", "zmin": 0, "zmax": 100, "showscale": False,
                "colorscale": [[0, "@neutral"], [1, "@cold"]], "xgap": 3, "ygap": 3,
                "xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "name": palette.attack(name).title,
                "hovertemplate": "truth %{y}, answer %{x}: %{text}<extra></extra>",
            }
        )  # fmt: skip
        label = palette.attack(name).title + (f", ε = {formats.epsilon(epsilon)}" if epsilon else "")
        axes[f"xaxis{suffix}"] = axis(
            f"<b>{label}</b><br>model's answer", anchor=f"y{suffix}", showgrid=False
        )
        axes[f"yaxis{suffix}"] = axis(
            "Truth" if not panel else "", anchor=f"x{suffix}", autorange="reversed", showgrid=False,
            showticklabels=not panel,
        )  # fmt: skip
        for truth, row in zip(actual, shares, strict=True):
            for answer, (share, count) in zip(predicted, row, strict=True):
                rows.append((
                    palette.attack(name).title, rounded(epsilon), palette.label_class(truth).title,
                    palette.label_class(answer).title, count, rounded(100 * share),
                ))  # fmt: skip
    wide, tall = grid(len(states), len(states), gap_x=0.04), grid(len(states), 1, gap_y=0.13)
    names = range(2, len(states) + 1)
    missed = [formats.percent(1 - final.at(name, e).true_positive_rate.value) for name, e in states]
    return Chart(
        slug=_slug(result, "confusion", model),
        title=f"Confusion matrices: {palette.model(model).title}",
        caption="Each row is a true class and adds up to 100 %. Below the percentage: transactions, "
        "added up over all repetitions. An attacked row counts as right only if it is right before and "
        "after the attack.",
        summary=f"{palette.model(model).title} misses {missed[0]} of frauds on clean data, "
        + formats.listed(
            f"{m} under {palette.attack(n).title}" for m, (n, _) in zip(missed[1:], states[1:], strict=True)
        )
        + f" at ε = {formats.epsilon(budget)}.",
        figure=figure(data, **placed(axes, wide)),
        headers=("Attack", "ε (σ)", "Truth", "Model's answer", "Transactions", "Share of the true class (%)"),
        rows=tuple(rows),
        height=340,
        narrow_height=760,
        narrow={
            **tall,
            **{f"yaxis{n}.showticklabels": True for n in names},
            **{f"yaxis{n}.title.text": "Truth" for n in names},
        },
    )


def feature_movement(result: StudyResult, model: str = "") -> Chart:
    """How far the attack moved each feature over the frauds it got through, in standard deviations."""
    model = model or result.roles.baseline
    features = {f.name: f for f in result.data.features}
    moves = [m for m in result.movements if m.model == model]
    if not moves:
        known = ", ".join(sorted({m.model for m in result.movements}))
        raise ValueError(f"no movement of features was recorded for {model!r}; known: {known}")
    shift = [m.mean_change / features[m.feature].standard_deviation for m in moves]
    titles = [features[m.feature].title for m in moves]
    written = [formats.raw_change(m.mean_change, features[m.feature]) for m in moves]
    far, text = max(zip(shift, range(len(moves)), strict=True), key=lambda pair: abs(pair[0]))
    return Chart(
        slug=_slug(result, "feature-movement", model),
        title=f"What the attack changed: {palette.model(model).title}",
        caption="Mean signed change of each feature over the frauds that were caught before the attack "
        "and missed after it, in standard deviations; the label gives the same change in the feature's "
        "own unit.",
        summary=f"The largest mean change is {titles[text]}, by {formats.signed(far)} standard deviations "
        f"({written[text]}), over {formats.count(moves[text].rows)} attacked frauds.",
        figure=figure(
            [
                {
                    "type": "bar", "orientation": "h", "y": titles, "x": numbers(shift), "text": written,
                    "textposition": "auto", "marker": {"color": "@accent"}, "cliponaxis": False,
                    "hovertemplate": "%{y}: %{x} σ (%{text})<extra></extra>",
                }
            ],
            xaxis=axis(
                "Mean change in standard deviations", zerolinecolor="@muted",
                range=numbers((-1.5 * abs(far), 1.5 * abs(far))),
            ),
            yaxis=axis(autorange="reversed"),
        ),
        headers=("Feature", "Mean change (σ)", "Mean change", "Mean size of change", "Unit",
        "Moved up (%)", "Frauds"),
        rows=tuple(
            (title, rounded(s), rounded(m.mean_change), rounded(m.mean_absolute_change),
            features[m.feature].unit,
             rounded(100 * m.share_up), m.rows)
            for title, s, m in zip(titles, shift, moves, strict=True)
        ),
        height=90 + 52 * len(moves),
    )  # fmt: skip


def _curves(result: StudyResult, model: str, metric: str) -> dict[str, list[tuple[float, Estimate]]]:
    """Attack -> [(epsilon, estimate)], rising in epsilon, at every budget measured for the final round."""
    curves: dict[str, list[tuple[float, Estimate]]] = {name: [] for name in result.spec.attack.attacks}
    for evaluation in result.model(model).final.evaluations:
        if evaluation.attack in curves:
            curves[evaluation.attack].append((evaluation.epsilon, getattr(evaluation, metric)))
    return {name: sorted(points, key=lambda point: point[0]) for name, points in curves.items()}


def _traces(curves) -> list[dict]:
    data = []
    for name, points in curves.items():
        x, estimates = [p[0] for p in points], [p[1] for p in points]
        data.append(band(x, estimates, name))
        data.append(line(x, [e.value for e in estimates], palette.attack(name), name))
    return data


def _curve_rows(model: str, curves) -> tuple:
    return tuple(
        (model, palette.attack(name).title, rounded(x), *percentages((e.value, e.low, e.high)))
        for name, points in curves.items()
        for x, e in points
    )


def _curve_sentence(result: StudyResult, curves, subject: str) -> str:
    budget = result.spec.attack.headline_epsilon
    parts = [
        f"{formats.percent(e.value)} ({formats.interval(e)}) under {palette.attack(name).title}"
        for name, points in curves.items()
        for x, e in points
        if x == budget
    ]
    first, *_ = curves.values()
    start = first[0][1].value
    return (
        f"{subject} is {formats.percent(start)} without attack; at ε = {formats.epsilon(budget)} it is "
        f"{formats.listed(parts)}."
    )


def _class_shares(counts: Confusion) -> list[list[tuple[float, int]]]:
    """Rows fraud, legitimate by columns fraud, legitimate: (share of the true class, count)."""
    table = [
        [counts.true_positives, counts.false_negatives],
        [counts.false_positives, counts.true_negatives],
    ]
    return [[(n / sum(row), n) for n in row] for row in table]


def _slug(result: StudyResult, chart: str, model: str) -> str:
    own = "" if model == result.roles.baseline else f"-{model.replace('_', '-')}"
    return f"{result.data.name}-{chart}{own}"
