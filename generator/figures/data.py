"""The data and its label: distributions by class, correlations, the score and its cut, flips of the label."""

from itertools import pairwise

from generator.figures.chart import Chart, numbers, percentages, rounded
from generator.figures.frame import EPSILON, axis, figure, grid, note, percent_axis, placed, rule
from generator.notation import formats, palette
from generator.records.results import StudyResult

COLUMNS = 3


def histograms(result: StudyResult) -> Chart:
    """Distribution of every numeric column, legitimate against fraud, as shares of each class."""
    found = result.data.histograms
    data, axes, rows = [], {}, []
    for panel, part in enumerate(found):
        suffix = str(panel + 1) if panel else ""
        title = f"{part.title} ({part.unit})" if part.unit else part.title
        scale = {"type": "log", "dtick": 1, "exponentformat": "SI"} if part.log_scale else {"nticks": 5}
        axes[f"xaxis{suffix}"] = axis(title, anchor=f"y{suffix}", **scale)
        axes[f"yaxis{suffix}"] = axis(anchor=f"x{suffix}", ticksuffix=" %", rangemode="tozero", nticks=4)
        bins = [f"{_edge(a)} to {_edge(b)}" for a, b in pairwise(part.edges)]
        shares = {name: _shares(getattr(part, name)) for name in palette.CLASSES}
        for name, values in shares.items():
            data.append({
                "type": "scatter", "mode": "lines", "name": palette.label_class(name).title,
                "legendgroup": name,
                "showlegend": not panel, "x": numbers(part.edges), "y": [*values, values[-1]],
                **_outline(name), "xaxis": f"x{suffix}", "yaxis": f"y{suffix}",
                "customdata": [*bins, bins[-1]],
                "hovertemplate": f"{part.title} %{{customdata}}: %{{y}} %",
            })  # fmt: skip
        rows += [
            (part.title, part.unit, *(rounded(e) for e in part.edges[i : i + 2]), part.legitimate[i],
             part.fraud[i], shares["legitimate"][i], shares["fraud"][i])
            for i in range(len(bins))
        ]  # fmt: skip
    lines = -(-len(found) // COLUMNS)
    height, tall = 60 + 230 * lines, 60 + 215 * len(found)
    medians = [
        f"{f.title} {formats.number(legitimate, f.decimals)} against {formats.raw(fraud, f)}"
        for f in result.data.features
        for legitimate, fraud in [result.data.label.medians[f.name]]
    ]
    return Chart(
        slug=f"{result.data.name}-histograms",
        title="Every numeric column, legitimate against fraud",
        caption="Share of each class, in percent, that falls into a bin; both classes add up to 100 % "
        "whatever their size. Where the two outlines part, the column tells the classes apart.",
        summary="Medians of the model's inputs, legitimate against fraud: " + "; ".join(medians) + ".",
        figure=figure(data, **placed(axes, grid(len(found), COLUMNS, gap_x=0.07, gap_y=70 / height))),
        headers=("Column", "Unit", "From", "To", "Legitimate", "Fraud", "Legitimate (%)", "Fraud (%)"),
        rows=tuple(rows),
        height=height,
        narrow_height=tall,
        narrow=grid(len(found), 1, gap_y=70 / tall),
    )


def correlations(result: StudyResult) -> Chart:
    """Correlation of every pair of numeric columns, Pearson and Spearman as two views."""
    found = result.data.correlations
    matrices = {"Pearson": found.pearson, "Spearman": found.spearman}
    names = list(found.columns)
    data = [
        {
            "type": "heatmap", "meta": {"view": view}, "x": names, "y": names,
            "z": [numbers(row) for row in matrix],
            "zmin": -1, "zmax": 1, "xgap": 2, "ygap": 2,
            "colorscale": [[0, "@warm"], [0.5, "@neutral"], [1, "@cold"]],
            "text": [[formats.number(value) for value in row] for row in matrix], "texttemplate": "%{text}",
            "colorbar": {"thickness": 12, "outlinewidth": 0, "tickvals": [-1, 0, 1]},
            "hovertemplate": "%{y} and %{x}: %{text}<extra></extra>",
        }
        for view, matrix in matrices.items()
    ]  # fmt: skip
    pairs = [(i, j) for i in range(len(names)) for j in range(i)]
    i, j = max(pairs, key=lambda pair: abs(found.spearman[pair[0]][pair[1]]))
    return Chart(
        slug=f"{result.data.name}-correlations",
        title="Correlations of the numeric columns",
        caption="Correlation from -1 to 1 of each pair of columns. Pearson looks for straight lines, "
        "Spearman for any rising or falling relation.",
        summary=f"The strongest pair is {names[j]} and {names[i]}: Pearson "
        f"{formats.number(found.pearson[i][j])}, "
        f"Spearman {formats.number(found.spearman[i][j])}, over {formats.count(found.n)} rows.",
        figure=figure(
            data, xaxis=axis(showgrid=False, tickangle=-40), yaxis=axis(autorange="reversed", showgrid=False)
        ),
        headers=("Column", "With", "Pearson", "Spearman"),
        rows=tuple(
            (names[i], names[j], rounded(found.pearson[i][j]), rounded(found.spearman[i][j])) for i,
            j in pairs
        ),
        height=160 + 52 * len(names),
        narrow={"font.size": 11},
        narrow_height=180 + 34 * len(names),
        views=tuple(matrices),
    )  # fmt: skip


def score_histogram(result: StudyResult) -> Chart:
    """The risk score of all rows and the cut above which a row is called fraud; only where a rule made the label."""
    label, made = result.data.label, result.data.rule
    edges, counts = made.score_edges, made.score_counts
    middles = [(a + b) / 2 for a, b in pairwise(edges)]
    share = label.n_fraud / result.data.n_rows
    return Chart(
        slug=f"{result.data.name}-score-histogram",
        title="The risk score and the cut",
        caption="Rows per bin of the score that defines the label. Rows at or right of the dashed line "
        "are called fraud; rows close to it are the ones small changes can move across.",
        summary=f"{formats.count(label.n_fraud)} of {formats.count(result.data.n_rows)} rows "
        f"({formats.percent(share)}) have a score of {formats.number(made.cut, 3)} or more and are called "
        "fraud.",
        figure=figure(
            [{
                "type": "bar", "x": numbers(middles), "y": list(counts), "showlegend": False,
                "width": numbers(b - a for a, b in pairwise(edges)),
                "marker": {"color": ["@fraud" if m >= made.cut else "@legitimate" for m in middles]},
                "hovertemplate": "score %{x}: %{y} rows<extra></extra>",
            }],
            bargap=0.05, shapes=[rule(x=rounded(made.cut))], xaxis=axis("Risk score"), yaxis=axis("Rows"),
            annotations=[note("cut", rounded(made.cut), 1, yref="paper", xanchor="left", yanchor="top",
            xshift=6)],
        ),
        headers=("From", "To", "Rows"),
        rows=tuple((rounded(a), rounded(b), n) for (a, b), n in zip(pairwise(edges), counts, strict=True)),
        height=340,
    )  # fmt: skip


def label_flip(result: StudyResult) -> Chart:
    """Share of frauds whose own score could fall below the cut within a budget, so that the truth changes.

    Only where a rule made the label.
    """
    made = result.data.rule
    shares = percentages(made.flip_shares)
    parts = [
        f"{formats.percent(s)} at ε = {formats.epsilon(e)}"
        for e, s in zip(made.flip_epsilons, made.flip_shares, strict=True)
    ]
    return Chart(
        slug=f"{result.data.name}-label-flip",
        title="Frauds that an attack takes out of the label",
        caption="Share of frauds whose own risk score can fall below the cut when every model input "
        "moves by up to ε. Such a row is no longer a fraud by the label's definition, so moving it "
        "is no evasion.",
        summary=f"The score alone can drop below the cut for {formats.listed(parts)}.",
        figure=figure(
            [{
                "type": "scatter", "mode": "lines+markers", "x": numbers(made.flip_epsilons), "y": shares,
                "line": {"color": "@fraud", "width": 2.5}, "marker": {"color": "@fraud", "size": 8},
                "showlegend": False, "hovertemplate": "ε = %{x}: %{y} %<extra></extra>",
            }],
            xaxis=axis("ε, budget in standard deviations", rangemode="tozero"), yaxis=percent_axis("Frauds"),
            meta=EPSILON,
        ),
        headers=("ε (σ)", "Frauds that can leave the label (%)"),
        rows=tuple(zip(numbers(made.flip_epsilons), shares, strict=True)),
        height=340,
    )  # fmt: skip


def _outline(name: str) -> dict:
    """Genuine payments as an area, frauds as a line: they are told apart without their colours."""
    if name == "fraud":
        return {"line": {"shape": "hv", "width": 2.5, "color": f"@{name}"}}
    return {
        "line": {"shape": "hv", "width": 1, "color": f"@{name}"}, "fill": "tozeroy", "fillcolor": f"@{name}/0.3"
    }  # fmt: skip


def _shares(counts) -> list[float]:
    total = sum(counts)
    return percentages(count / total for count in counts)


def _edge(value: float) -> str:
    return f"{rounded(value):,}"
