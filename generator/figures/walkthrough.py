"""FGSM step by step on one real fraud."""

from generator.figures.chart import Chart, numbers, percentages, rounded
from generator.figures.frame import axis, figure, grid, percent_axis, placed, rule
from generator.notation import formats
from generator.notation.tracing import counted, stated
from generator.records.results import StudyResult


def walkthrough_steps(result: StudyResult) -> Chart:
    """FGSM on one real fraud: the gradient of each feature, and the step its sign asks for."""
    features = {f.name: f for f in result.data.features}
    walk = result.walkthrough
    titles = [features[s.feature].title for s in walk.features]
    moves = [
        f"{formats.number(s.raw, features[s.feature].decimals)} → "
        f"{formats.raw(s.raw_attacked, features[s.feature])}"
        for s in walk.features
    ]
    axes = {
        "xaxis": axis("Gradient of the loss", zerolinecolor="@muted", nticks=5),
        "yaxis": axis(autorange="reversed"),
        "xaxis2": axis("Step = ε · sign, in σ", anchor="y2", zerolinecolor="@muted", nticks=5),
        "yaxis2": axis(autorange="reversed", showticklabels=False, anchor="x2"),
    }
    bar = {"type": "bar", "orientation": "h", "y": titles, "showlegend": False}
    up = counted(sum(s.step > 0 for s in walk.features), [s.step for s in walk.features])
    return Chart(
        slug=f"{result.data.name}-walkthrough-steps",
        title=f"FGSM, feature by feature, on transaction {walk.row_id}",
        caption="Left: how much the loss grows when the feature grows by one standard deviation. Right: "
        "FGSM keeps the sign only, and moves every feature by the whole budget; hover for the change in "
        "the feature's unit.",
        summary=f"FGSM moves {formats.count(up)} features up and {formats.count(len(moves) - up)} down, "
        f"each by {formats.epsilon(walk.epsilon)}: "
        + "; ".join(f"{title} {move}" for title, move in zip(titles, moves, strict=True)) + ".",
        figure=figure(
            [
                {**bar, "x": numbers(s.gradient for s in walk.features), "marker": {"color": "@accent"},
                 "name": "gradient", "hovertemplate": "%{y}: %{x}<extra>gradient</extra>"},
                {**bar, "x": numbers(s.step for s in walk.features), "marker": {"color": "@fgsm"},
                "xaxis": "x2",
                 "yaxis": "y2", "name": "step", "customdata": moves,
                 "hovertemplate": "%{y}: %{x} σ<br>%{customdata}<extra>step</extra>"},
            ],
            **placed(axes, grid(2, 2, gap_x=0.06)),
        ),
        headers=("Feature", "Unit", "Value", "Scaled (σ)", "Gradient", "Step (σ)", "Value after"),
        rows=tuple(
            (title, features[s.feature].unit, rounded(s.raw), rounded(s.scaled), rounded(s.gradient),
             rounded(s.step), rounded(s.raw_attacked))
            for title, s in zip(titles, walk.features, strict=True)
        ),
        height=90 + 48 * len(titles),
    )  # fmt: skip


def walkthrough_probability(result: StudyResult) -> Chart:
    """Fraud probability of the worked example before and after the attack, against the cut at one half."""
    walk = result.walkthrough
    labels = ["Before", f"After FGSM, ε = {formats.epsilon(walk.epsilon)}"]
    values, cut = [walk.probability_before, walk.probability_after], stated("cut")
    crossed = "falls below" if values[1] < cut <= values[0] else "does not fall below"
    return Chart(
        slug=f"{result.data.name}-walkthrough-probability",
        title=f"Fraud probability of transaction {walk.row_id}",
        caption="The model's fraud probability; the transaction is stopped at "
        f"{formats.setting(cut)} or more (dashed line).",
        summary=f"The fraud probability goes from {formats.percent(values[0])} to "
        f"{formats.percent(values[1])} and "
        f"{crossed} the cut of {formats.setting(cut)}.",
        figure=figure(
            [
                {
                    "type": "bar", "orientation": "h", "y": labels, "x": percentages(values),
                    "marker": {"color": ["@clean", "@fgsm"]}, "text": [formats.percent(v) for v in values],
                    "textposition": ["inside" if v > 0.2 else "outside" for v in values], "cliponaxis": False,
                    "hovertemplate": "%{y}: %{x} %<extra></extra>",
                }
            ],
            xaxis=percent_axis("Fraud probability"),
            yaxis=axis(autorange="reversed"),
            shapes=[rule(x=rounded(100 * cut))],
        ),
        headers=("State", "Fraud probability (%)"),
        rows=tuple(zip(labels, percentages(values), strict=True)),
        height=190,
    )  # fmt: skip
