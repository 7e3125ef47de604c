"""Categories, hours, days and oddities: breakdowns with their fraud rate, calendar, anomalies."""

from datetime import date, timedelta

from generator.figures.chart import Chart, numbers, rounded
from generator.figures.frame import axis, figure, filling, rule
from generator.figures.svg.text import literal
from generator.findings.anomaly_words import ANOMALIES
from generator.notation import formats, palette
from generator.notation.tracing import counted
from generator.records.metrics import wilson
from generator.records.results import Breakdown, StudyResult

MANY = 8
"""More categories than this are sorted by their fraud rate."""
LONG = 10
"""Letters of a label above which bars lie down, so that labels are not turned."""
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def breakdown(result: StudyResult, column: str, title: str = "") -> Chart:
    """Rows by class and the fraud rate with its interval, per category, hour, weekday or month.

    `title` picks one of several breakdowns of the same column, as a date has them.
    """
    found = _named([b for b in result.data.breakdowns if title in ("", b.title)], "column", column)
    total = sum(c.legitimate + c.fraud for c in found.categories)
    overall = sum(c.fraud for c in found.categories) / total
    table = [_rates(c) for c in _sorted(found)]
    seen = [row for row in table if row[1] + row[2]]
    upright = found.kind != "category"
    label, value = ("x", "y") if upright else ("y", "x")
    names = [literal(row[0]) for row in table]
    counts = [
        {
            "type": "bar", "orientation": "v" if upright else "h", "name": palette.label_class(name).title,
            label: names, value: [row[i] for row in table], "marker": filling(palette.label_class(name), name),
            "hovertemplate": f"%{{{label}}}: %{{{value}}} rows",
        }
        for i, name in enumerate(palette.CLASSES, start=1)
    ]  # fmt: skip
    rates = {
        "type": "scatter", "mode": "markers", "name": "Fraud rate", label: [literal(row[0]) for row in seen],
        value: [row[3] for row in seen], "marker": {"color": "@fraud", "symbol": "diamond", "size": 8},
        "error_" + value: {
            "type": "data", "symmetric": False, "color": "@fraud", "thickness": 1.5, "width": 0,
            "array": numbers(row[5] - row[3] for row in seen),
            "arrayminus": numbers(row[3] - row[4] for row in seen),
        },
        label + "axis": label, value + "axis": value + "2", "hovertemplate": f"%{{{label}}}: %{{{value}}} %",
    }  # fmt: skip
    shares = {
        c.category: c.fraud / (c.legitimate + c.fraud) for c in found.categories if c.legitimate + c.fraud
    }
    low, high = min(shares, key=shares.get), max(shares, key=shares.get)
    rate = {"ticksuffix": " %", "rangemode": "tozero", "nticks": 4}
    categories = {"type": "category", "categoryorder": "array", "categoryarray": names}
    if upright:
        axes = {
            "xaxis": axis(found.title, anchor="y2", **categories),
            "yaxis": axis("Rows", domain=[0.52, 1.0], nticks=5),
            "yaxis2": axis("Fraud rate", domain=[0, 0.42], **rate),
            "shapes": [rule(y=rounded(100 * overall), yref="y2")],
        }
    else:
        axes = {
            "xaxis": axis("Rows", domain=[0, 0.45], nticks=4),
            "xaxis2": axis("Fraud rate", domain=[0.56, 1.0], anchor="y", **rate),
            "yaxis": axis(range=[len(names) - 0.5, -0.5], dtick=1, **categories),
            "shapes": [rule(x=rounded(100 * overall), xref="x2")],
        }
    return Chart(
        slug=f"{result.data.name}-breakdown-{_slug(found.title)}",
        title=f"{found.title}: rows and fraud rate",
        caption="Bars: rows by class. Marks: share of the rows that are fraud, with its 95 % interval; "
        f"the dashed line is the share over all rows. {found.note}".rstrip(),
        summary=f"{found.title}: {formats.count(counted(len(table), found.categories))} values; the fraud rate "
        f"runs from {formats.percent(shares[low])} ({low}) to {formats.percent(shares[high])} ({high}), over all "
        f"{formats.percent(overall)}.",
        figure=figure([*counts, rates], barmode="stack", **axes),
        headers=(found.title, "Legitimate", "Fraud", "Fraud rate (%)", "95 % low (%)", "95 % high (%)"),
        rows=tuple(table),
        height=420 if upright else 130 + max(4, len(names)) * (17 if len(names) > MANY else 34),
        narrow={"yaxis.tickfont.size": 10} if not upright else {},
    )


def calendar(result: StudyResult) -> Chart:
    """Rows per calendar day, a column a week and a row a weekday; ValueError where the data has no dates."""
    found = result.data.calendar
    if found is None:
        raise ValueError(f"{result.data.name} has no dates, so no calendar")
    days = [date.fromisoformat(day) for day in found.dates]
    rows = dict(zip(days, found.rows, strict=True))
    mondays = sorted({day - timedelta(days=day.weekday()) for day in days})
    z = [[rows.get(monday + timedelta(days=k)) for monday in mondays] for k in range(7)]
    text = [[(monday + timedelta(days=k)).isoformat() for monday in mondays] for k in range(7)]
    empty, busiest = counted(sum(n == 0 for n in found.rows), found.rows), max(rows, key=rows.get)
    return Chart(
        slug=f"{result.data.name}-calendar",
        title="Transactions per day",
        caption="One cell a day, one column a week; the darker or brighter the cell, the more transactions.",
        summary=f"{formats.count(empty)} of {formats.count(counted(len(days), found.rows))} days between "
        f"{found.dates[0]} and {found.dates[-1]} have no transaction; the most are "
        f"{formats.count(rows[busiest])}, on {busiest}.",
        figure=figure(
            [{
                "type": "heatmap", "x": [monday.isoformat() for monday in mondays], "y": list(WEEKDAYS),
                "z": z,
                "text": text, "xgap": 1, "ygap": 1, "colorscale": [[0, "@neutral"], [1, "@accent"]],
                "zmin": 0,
                "colorbar": {"thickness": 12, "outlinewidth": 0, "title": {"text": "Rows"}, "nticks": 5},
                "hovertemplate": "%{text}: %{z} rows<extra></extra>",
            }],
            xaxis=axis("Week", type="date", showgrid=False, tickformat="%b %Y", nticks=7),
            yaxis=axis(autorange="reversed", showgrid=False),
        ),
        headers=("Date", "Weekday", "Transactions"),
        rows=tuple((day.isoformat(), WEEKDAYS[day.weekday()], n) for day, n in rows.items()),
        height=280,
    )  # fmt: skip


def anomaly(result: StudyResult, slug: str) -> Chart:
    """The bars of one data-quality finding."""
    found = _named(result.data.anomalies, "slug", slug)
    words = ANOMALIES[slug]
    labels = [words.labels.get(label, label) for label in found.labels]
    lying = max(map(len, labels)) > LONG
    label, value = ("y", "x") if lying else ("x", "y")
    order = {"autorange": "reversed"} if lying else {}
    return Chart(
        slug=f"{result.data.name}-anomaly-{slug}",
        title=words.said.title,
        caption=f"{words.y_title} by {words.x_title.lower()}.",
        summary=words.said.about(found.facts),
        figure=figure(
            [{
                "type": "bar", "orientation": "h" if lying else "v", label: labels,
                value: numbers(found.values), "marker": {"color": "@accent"}, "showlegend": False,
                "hovertemplate": f"%{{{label}}}: %{{{value}}}<extra></extra>",
            }],
            **{
                f"{label}axis": axis("" if lying else words.x_title, type="category", **order),
                f"{value}axis": axis(words.y_title, nticks=5),
            },
        ),
        headers=(words.x_title, words.y_title),
        rows=tuple(zip(labels, numbers(found.values), strict=True)),
        height=90 + 28 * len(labels) if lying else 300,
    )  # fmt: skip


def _sorted(found: Breakdown):
    numeric = all(c.category.isdecimal() for c in found.categories)
    if found.kind != "category" or numeric or len(found.categories) <= MANY:
        return found.categories
    return sorted(found.categories, key=lambda c: (-c.fraud / max(1, c.legitimate + c.fraud), c.category))


def _rates(category) -> tuple:
    """(category, legitimate, fraud, rate, low, high), the last three in percent and empty where no row is."""
    n = category.legitimate + category.fraud
    if not n:
        return category.category, 0, 0, "", "", ""
    rate = category.fraud / n
    shares = (rate, *wilson(rate, n))
    return category.category, category.legitimate, category.fraud, *(rounded(100 * s) for s in shares)


def _named(records, field: str, name: str):
    for record in records:
        if getattr(record, field) == name:
            return record
    raise ValueError(f"unknown {field} {name!r}; known: {', '.join(getattr(r, field) for r in records)}")


def _slug(text: str) -> str:
    return "-".join(text.lower().replace("_", " ").split())
