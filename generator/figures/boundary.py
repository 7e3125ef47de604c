"""Where the line between the classes runs: a slice through two features."""

from generator.figures.chart import Chart, numbers, percentages, rounded
from generator.figures.frame import axis, figure, grid, placed
from generator.notation import formats, palette
from generator.notation.tracing import counted, stated
from generator.records.results import StudyResult


def boundary(result: StudyResult) -> Chart:
    """Fraud probability on a plane through two features, one panel a model, with the line of one half."""
    features = {f.name: f for f in result.data.features}
    first = result.slices[0]
    plane = (first.x_feature, first.y_feature)
    found = {s.model: s for s in result.slices if (s.x_feature, s.y_feature) == plane}
    slices = [found[name] for name in palette.in_order(found)]
    x_title, y_title = (_with_unit(features[n]) for n in (first.x_feature, first.y_feature))
    data, axes, rows = [], {}, []
    for panel, part in enumerate(slices):
        suffix = str(panel + 1) if panel else ""
        title = palette.model(part.model).title
        data.append({
            "type": "contour", "name": title, "x": numbers(part.x), "y": numbers(part.y),
            "z": [percentages(row) for row in part.probability],
            "xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "coloraxis": "coloraxis",
            "contours": {"start": 50, "end": 50, "size": 1, "coloring": "heatmap"},
            "line": {"width": 2.5, "color": "@text"},
            "hovertemplate": "%{x}, %{y}: %{z} %<extra>%{fullData.name}</extra>",
        })  # fmt: skip
        axes[f"xaxis{suffix}"] = axis(f"<b>{title}</b><br>{x_title}", anchor=f"y{suffix}", nticks=5)
        axes[f"yaxis{suffix}"] = axis("" if panel else y_title, anchor=f"x{suffix}", showticklabels=not panel)
        rows += [
            (title, rounded(x), rounded(y), rounded(100 * p))
            for y, row in zip(part.y, part.probability, strict=True)
            for x, p in zip(part.x, row, strict=True)
        ]
    scale = {
        "cmin": 0, "cmax": 100, "colorscale": [[0, "@cold"], [0.5, "@neutral"], [1, "@warm"]],
        "colorbar": {
            "orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom", "ypad": 12,
            "len": 0.4, "thickness": 10, "outlinewidth": 0, "tickvals": [0, 50, 100], "ticksuffix": " %",
            "title": {"text": "Fraud probability", "side": "top", "font": {"size": 12}},
        },
    }  # fmt: skip
    others = range(2, len(slices) + 1)
    shares = [f"{formats.percent(_flagged(s))} of it for {palette.model(s.model).title}" for s in slices]
    return Chart(
        slug=f"{result.data.name}-boundary",
        title="A slice of the decision boundary",
        caption=f"Fraud probability over {features[first.x_feature].title.lower()} and "
        f"{features[first.y_feature].title.lower()}, all other features held at the median of the frauds. "
        f"The line is the cut of {formats.percent(stated('cut'), 0)}: above it a transaction is stopped.",
        summary=f"The part of the plane that is stopped: {formats.listed(shares)}.",
        figure=figure(data, coloraxis=scale, **placed(axes, grid(len(slices), len(slices), gap_x=0.05))),
        headers=("Model", x_title, y_title, "Fraud probability (%)"),
        rows=tuple(rows),
        height=440,
        narrow_height=80 + 340 * len(slices),
        narrow={
            "coloraxis.colorbar.len": 1,
            **grid(len(slices), 1, gap_y=0.1),
            **{f"yaxis{n}.showticklabels": True for n in others},
            **{f"yaxis{n}.title.text": y_title for n in others},
        },
    )


def _flagged(part) -> float:
    cells = [p for row in part.probability for p in row]
    return counted(sum(p >= stated("cut") for p in cells) / len(cells), cells)


def _with_unit(feature) -> str:
    return f"{feature.title} ({feature.unit})" if feature.unit else feature.title
