"""The battery of attacks, what became of evading frauds, and the search on one transaction."""

from generator.figures.chart import Chart, percentages, rounded
from generator.figures.frame import axis, figure, filling, percent_axis, rule
from generator.findings.selection import leading, remark
from generator.notation import formats, palette
from generator.records.proofs import BatteryRow, LabelAware
from generator.records.results import StudyResult

OUTCOMES = {"proved": ("exact", "square"), "broken": ("fraud", "x"), "halved": ("muted", "circle-open")}
"""Outcome of a box -> its token and its mark."""
PLAIN, CROSSED = palette.attack("clean"), palette.attack("exact")
"""Looks that lend their strokes to parts of a bar: none, and crossing ones."""


def battery(result: StudyResult) -> Chart:
    """Accuracy left by each attack of the battery, beside what is proved; one view a model."""
    epsilon = result.spec.attack.headline_epsilon
    asked = result.proofs.battery
    every = palette.in_order({row.model for row in asked})
    drawn = leading(result, every)
    widest = max(row.rows for row in asked)
    data, rows, said, lines = [], [], [], []
    for name in every:
        view = palette.model(name).title
        found = sorted(
            (row for row in asked if row.model == name and row.kept is not None),
            key=lambda row: (row.attack == "exact", -row.kept / row.rows),
        )
        titles = [_named(row, widest) for row in found]
        shares = [row.kept / row.rows for row in found]
        rows += [
            (view, title, rounded(100 * share), row.rows, rounded(row.queries))
            for title, share, row in zip(titles, shares, found, strict=True)
        ]
        rows += [
            (view, palette.battery(row.attack), "not applicable", "", "")
            for row in asked
            if row.model == name and row.kept is None
        ]
        if name not in drawn:
            continue
        data.append({
            "type": "bar", "orientation": "h", "y": titles, "x": percentages(shares), "meta": {"view": view},
            "marker": {"color": ["@exact" if row.attack == "exact" else "@accent" for row in found]},
            "text": [formats.percent(share) for share in shares], "textposition": "auto", "name": view,
            "hovertemplate": "%{y}: %{x} %<extra></extra>", "showlegend": False,
        })  # fmt: skip
        lines.append(len(titles))
        said.append(_least(view, found, widest))
    trivial = result.model(result.roles.trivial).final.at("clean").accuracy.value
    return Chart(
        slug=f"{result.data.name}-battery",
        title="Accuracy after each attack, beside what is proved",
        caption=f"Accuracy after each attack at ε = {formats.epsilon(epsilon)}, one repetition, most at the "
        "top. An attack that is slow ran on the rows its name says. The dashed "
        "line is what approving everything scores." + remark(drawn, every),
        summary="; ".join(said) + ".",
        figure=figure(
            data, xaxis=percent_axis("Accuracy kept"), yaxis=axis(autorange="reversed"),
            shapes=[rule(x=rounded(100 * trivial), token=result.roles.trivial)],
        ),
        headers=("Model", "Attack", "Accuracy kept (%)", "Rows", "Model calls per row"),
        rows=tuple(rows),
        height=120 + 32 * max(lines),
        views=tuple(palette.model(name).title for name in drawn),
    )  # fmt: skip


def _named(row: BatteryRow, widest: int) -> str:
    title = palette.battery(row.attack)
    return title if row.rows == widest else f"{title}, {formats.count(row.rows)} rows"


def _least(view: str, found: list[BatteryRow], widest: int) -> str:
    """The single attack on all rows that leaves least, and what is proved."""
    single = [row for row in found if row.rows == widest and row.attack not in ("exact", "worst_case")]
    least = min(single, key=lambda row: row.kept)
    proved = [f", {formats.percent(row.kept / row.rows)} is proved" for row in found if row.attack == "exact"]
    share = formats.percent(least.kept / least.rows)
    return f"{view}: {palette.battery(least.attack)} leaves {share}{''.join(proved)}"


def label_aware(result: StudyResult) -> Chart:
    """Of the frauds caught: not evaded, evaded and still a fraud by the rule, evaded and no longer one."""
    found = {
        row.model: row for row in result.proofs.rule.label_aware if row.tier == result.spec.threat.benchmark
    }
    every = palette.in_order(found)
    drawn = leading(result, every)
    parts = (
        ("Cannot get through", "exact", PLAIN, lambda r: r.frauds - r.evaded),
        (
            "Gets through, still a fraud by the rule",
            "fraud",
            palette.label_class("fraud"),
            lambda r: r.still_fraud,
        ),
        (
            "Gets through, but gave up its gain",
            "approve_everything",
            CROSSED,
            lambda r: r.evaded - r.still_fraud,
        ),
    )

    def share(row: LabelAware, count) -> float:
        return count(row) / max(row.frauds, 1)

    data = [
        {
            "type": "bar", "orientation": "h", "name": title, "y": [palette.model(n).title for n in drawn],
            "x": percentages(share(found[n], count) for n in drawn), "marker": filling(look, token),
            "hovertemplate": "%{y}: %{x} %",
        }
        for title, token, look, count in parts
    ]  # fmt: skip
    said = [
        f"{palette.model(n).title}: {formats.percent(found[n].evaded / max(found[n].frauds, 1))} get "
        f"through, {formats.percent(found[n].still_fraud / max(found[n].frauds, 1))} while still a fraud"
        for n in drawn
    ]
    return Chart(
        slug=f"{result.data.name}-label-aware",
        title="What becomes of the frauds that get through",
        caption="Of the frauds each model catches without attack: those that no attack gets through at ε = "
        f"{formats.epsilon(result.spec.attack.headline_epsilon)}, those with an example that gets through "
        "and is still a fraud by the labelling rule, and those whose example is no longer "
        "one." + remark(drawn, every),
        summary="; ".join(said) + ".",
        figure=figure(
            data, barmode="stack", xaxis=percent_axis("Share of the frauds caught before"),
            yaxis=axis(autorange="reversed"),
        ),
        headers=("Model", "Frauds caught before", *(f"{title} (%)" for title, *_ in parts)),
        rows=tuple(
            (palette.model(n).title, found[n].frauds,
             *(rounded(100 * share(found[n], c)) for *_, c in parts))
            for n in every
        ),
        height=150 + 44 * len(drawn),
        narrow_height=230 + 44 * len(drawn),
    )  # fmt: skip


def proof_walk(result: StudyResult) -> Chart:
    """The bound of every box of the search on one transaction, in the order of the search."""
    walk = result.proofs.walk
    numbered = list(enumerate(walk.steps, 1))
    data = [
        {
            "type": "scatter", "mode": "markers", "name": outcome.capitalize(),
            "x": [n for n, step in numbered if step.outcome == outcome],
            "y": [rounded(step.bound) for _, step in numbered if step.outcome == outcome],
            "marker": {"color": f"@{token}", "symbol": symbol, "size": 11, "line": {"width": 2}},
            "hovertemplate": "box %{x}: %{y}",
        }
        for outcome, (token, symbol) in OUTCOMES.items()
        if any(step.outcome == outcome for step in walk.steps)
    ]  # fmt: skip
    features = result.data.features
    first, last = walk.steps[0], walk.steps[-1]
    return Chart(
        slug=f"{result.data.name}-proof-walk",
        title="The search on one transaction, box by box",
        caption="Each mark is a box of inputs. The bound says how far the right answer stays ahead on the "
        "whole box, at least. Above zero the box is proved. Otherwise it is halved, and both halves come "
        "next.",
        summary=f"The first box has a bound of {formats.number(first.bound)}, the last one shown "
        f"{formats.number(last.bound)}; {formats.count(walk.boxes)} boxes in all.",
        figure=figure(
            data, xaxis=axis("Box, in the order of the search", rangemode="tozero",
            dtick=_tick(len(numbered))),
            yaxis=axis("Bound on the margin (logits)"), shapes=[rule(y=0)],
        ),
        headers=("Box", "Depth", "Bound (logits)", "Outcome",
                 *(f"{f.title} {end}" for f in features for end in ("from", "to"))),
        rows=tuple(
            (n, step.depth, rounded(step.bound), step.outcome,
             *(rounded(v) for pair in zip(step.lower, step.upper, strict=True) for v in pair))
            for n, step in numbered
        ),
        height=380,
    )  # fmt: skip


def _tick(steps: int) -> int:
    return max(1, steps // 10)
