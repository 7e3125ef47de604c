"""What every model of a validation catches when nobody evades, and what is proved once a fraudster does."""

from collections.abc import Iterator, Mapping

from generator.figures.chart import Chart, percentages, rounded
from generator.figures.frame import axis, error_bar, figure, marker, percent_axis, ring, rule
from generator.figures.svg.text import literal
from generator.findings.validation import baseline, best, phrase, shown, titled
from generator.findings.validation.models import at_tier, attacked, in_order
from generator.notation import formats, palette
from generator.notation.marks import plain
from generator.records.proofs import Estimate, TierResult
from generator.records.threat import Tier
from generator.records.validation import ValidatedModel, ValidationResult

CLEAN = ("Model", "False alarms (%)", "Caught, no evasion (%)", "95 % low (%)", "95 % high (%)")
PROVED = ("Attacker", "Budget (σ)", "Proved (%)", "Proved low (%)", "Proved high (%)", "Left open")
"""Headers of the table of the chart; the second ones where somebody can attack."""


def validation(result: ValidationResult, models: str = "all") -> Chart:
    """A row a model, two marks and the gap between them; one view a tier, the quoted one first.

    With `models` "quotable" without those that may have been trained on the rows judged.
    """
    spec, quoted, evaded = result.spec, result.spec.threat.quoted, attacked(result)
    tiers = sorted(shown(result), key=lambda tier: tier.name != quoted) or [spec.threat.tier(quoted)]
    views = tuple(_view(tier) for tier in tiers) if len(tiers) > 1 else ()
    drawn = [model for model in in_order(result) if models == "all" or model.quotable]
    titles = {model.name: literal(titled(model)) for model in drawn}
    most = max(
        row.caught_clean.high for row in result.tiers if row.model in titles and _is_quoted(result, row)
    )
    data = []
    for tier in tiers:
        place = {"meta": {"view": _view(tier)}} if views else {}
        found = {name: row for name, row in at_tier(result, tier.name).items() if name in titles}
        data += [_gap(row, titles[name]) | place for name, row in found.items() if evaded]
        data += [trace | place for trace in _marks(found, titles, most)][: 2 if evaded else 1]
    shows = "what is left of each model when fraudsters evade" if evaded else "what each model catches"
    proved = (
        "Square: proved, whatever the fraudster does within reach; above them, both shares. "
        if evaded
        else ""
    )
    rate, own = formats.setting(spec.proof.quoted_false_positive_rate), baseline(result)
    return Chart(
        slug=f"{result.name}-validation{'' if models == 'all' else f'-{models}'}",
        title=f"{spec.title}: {shows}",
        caption=f"Share of frauds caught, every model at {rate} false alarms. Circle: nobody evades. {proved}Arms are "
        "95 % intervals. The dashed line is what alarms drawn by lot would catch.",
        summary=_summary(result, own),
        figure=figure(
            data,
            xaxis=percent_axis("Frauds caught", range=[0, rounded(105 * most)], nticks=5),
            yaxis=axis(autorange="reversed", categoryorder="array", categoryarray=[*titles.values()]),
            shapes=[rule(x=rounded(100 * spec.proof.quoted_false_positive_rate), layer="below")],
        ),
        headers=CLEAN + PROVED if evaded else CLEAN,
        rows=tuple(row for tier in tiers for model in drawn for row in _rows(result, model, tier, evaded)),
        height=110 + 42 * len(drawn),
        narrow_height=130 + 46 * len(drawn),
        views=views,
    )  # fmt: skip


def _is_quoted(result: ValidationResult, row: TierResult) -> bool:
    asked = (result.spec.attack.headline_epsilon, result.spec.proof.quoted_false_positive_rate)
    return (row.epsilon, row.false_positive_rate) == asked


def _view(tier: Tier) -> str:
    return f"{tier.name}: {tier.short}"


def _gap(row: TierResult, title: str) -> dict:
    return {
        "type": "scatter", "mode": "lines", "showlegend": False, "hoverinfo": "skip", "y": [title, title],
        "x": percentages((row.caught_proved.value, row.caught_clean.value)),
        "line": {"color": "@muted", "width": 2},
    }  # fmt: skip


def _marks(found: Mapping[str, TierResult], titles: Mapping[str, str], most: float) -> Iterator[dict]:
    """Circles and squares with their intervals, and above them both shares, or the one that both are."""
    for field, token, name, look in (
        ("caught_clean", "clean", "Nobody evades", ring(palette.attack("clean"))),
        ("caught_proved", "exact", "Proved", palette.attack("exact")),
    ):
        estimates = [getattr(row, field) for row in found.values()]
        trace = {
            "type": "scatter", "mode": "markers", "orientation": "h", "name": name,
            "y": [titles[model] for model in found], "x": percentages(e.value for e in estimates),
            "error_x": error_bar(estimates, 100) | {"color": f"@{token}"},
            "marker": marker(look, token, 11), "hovertemplate": "%{y}: %{x} %",
        }  # fmt: skip
        if field == "caught_clean":
            far = [estimate.value > most / 2 for estimate in estimates]
            trace |= {
                "mode": "markers+text", "text": [_shares(row) for row in found.values()],
                "textposition": [f"top {'left' if each else 'right'}" for each in far],
            }  # fmt: skip
        yield trace


def _shares(row: TierResult) -> str:
    clean, proved = (formats.percent(each.value) for each in (row.caught_clean, row.caught_proved))
    return clean if plain(clean) == plain(proved) else f"{clean} → {proved}"


def _summary(result: ValidationResult, own: str) -> str:
    quoted = result.spec.threat.quoted
    found, (named, _) = at_tier(result, quoted), best(result, quoted)
    names = [name for name in dict.fromkeys((own, named)) if name and result.model(name).quotable]
    said = [
        f"{phrase(result, name)} catches {formats.percent(found[name].caught_clean.value)} of frauds when nobody evades"
        for name in names
    ]
    if not attacked(result):
        return f"Nothing can be attacked: {'; '.join(said)}." if said else ""
    said = [
        f"{clean}, and provably {formats.percent(found[name].caught_proved.value)}"
        for name, clean in zip(names, said, strict=True)
    ]
    return f"Against {result.spec.threat.tier(quoted).attacker}: {'; '.join(said)}." if said else ""


def _rows(result: ValidationResult, model: ValidatedModel, tier: Tier, evaded: bool) -> Iterator[tuple]:
    """Every rate and budget of one model against one tier; where nobody can attack, every rate."""
    for row in result.tiers:
        if (row.model, row.tier) != (model.name, tier.name):
            continue
        clean = (titled(model), rounded(100 * row.false_positive_rate), *_percents(row.caught_clean))
        if evaded:
            yield (*clean, tier.name, row.epsilon, *_percents(row.caught_proved), row.unresolved)
        elif row.epsilon == result.spec.attack.headline_epsilon:
            yield clean


def _percents(estimate: Estimate) -> list[float]:
    return percentages((estimate.value, estimate.low, estimate.high))
