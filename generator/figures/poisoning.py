"""What planted rows open, by their share, and what a vote of models keeps, by the number of changed rows."""

from generator.figures.chart import Chart, percentages, rounded
from generator.figures.frame import axis, band, figure, line, percent_axis, rule
from generator.notation import formats, palette
from generator.records.poisoning import PoisonedModel
from generator.records.proofs import Estimate
from generator.records.results import StudyResult

MARKED, UNMARKED = "Frauds with the mark", "Frauds without it"
"""Views: who of the frauds is counted."""


def poisoned_models(result: StudyResult) -> Chart:
    """Frauds caught against the share of planted rows, a line a model, with the mark and without it."""
    record, spec = result.poisoning, result.spec.poisoning
    baseline = palette.model(result.roles.baseline)
    data, rows = [], []
    for view, of in ((MARKED, _marked), (UNMARKED, _unmarked)):
        for name in palette.in_order({row.model for row in record.models}):
            found = [row for row in record.models if (row.model, row.poison) == (name, "backdoor_risky")]
            found.sort(key=lambda row: row.share)
            if not found:
                continue
            look, x = palette.model(name), [100 * row.share for row in found]
            estimates = [of(row) for row in found]
            more = {"meta": {"view": view}}
            if len(found) > 1:
                data.append(band(x, estimates, name, **more))
            data.append(line(x, [each.value for each in estimates], look, name, **more))
            rows += [(view, look.title, *_row(row, each)) for row, each in zip(found, estimates, strict=True)]
    first = record.find(result.roles.baseline, "backdoor_risky", spec.quoted_share)
    control = record.find(result.roles.baseline, "mislabelled", spec.quoted_share)
    return Chart(
        slug=f"{result.data.name}-poisoned-models",
        title="Frauds caught, by the share of planted training rows",
        caption="A fraudster sends in frauds with a mark, and they pass as genuine. Models that learn from these rows "
        "are then tested on rows that nobody changed, cut where "
        f"{formats.setting(record.false_positive_rate)} of genuine payments alarm. The mark looks risky: an honest "
        "model sees more risk, not less. Strips are 95 % intervals; a model without a line was trained at one share.",
        summary=f"With {formats.percent(spec.quoted_share)} of the rows planted, {baseline.phrase} catches "
        f"{formats.percent(first.triggered['risky'].value)} of marked frauds "
        f"({formats.interval(first.triggered['risky'])}), and {formats.percent(control.triggered['risky'].value)} with "
        "as many rows merely mislabelled.",
        figure=figure(
            data,
            xaxis=axis("Planted, share of the training rows", type="log", ticksuffix=" %"),
            yaxis=percent_axis("Frauds caught"),
        ),
        headers=("Frauds", "Model", "Planted (%)", "Planted rows", "Caught (%)", "95 % low (%)", "95 % high (%)"),
        rows=tuple(rows),
        height=440,
        narrow_height=540,
        views=(MARKED, UNMARKED),
    )  # fmt: skip


def votes(result: StudyResult) -> Chart:
    """Frauds that the vote catches against the number of changed rows: proved, and under two poisoners."""
    vote, changed = result.poisoning.partition, result.spec.poisoning.changed_rows
    baseline = palette.model(result.roles.baseline)
    clean = result.poisoning.find(result.roles.baseline, "none").caught
    data, rows = [], []
    for token, name, found in (
        ("clean", "A poisoner of all frauds at once", vote.attacked),
        ("pgd", "A poisoner for every fraud", vote.targeted),
        ("exact", palette.attack("exact").title, vote.proved),
    ):
        look = palette.attack(token)
        data += [
            band(changed, found, token),
            line(changed, [each.value for each in found], look, token, name=name),
        ]
        rows += [
            (name, number, *percentages((each.value, each.low, each.high)))
            for number, each in zip(changed, found, strict=True)
        ]
    return Chart(
        slug=f"{result.data.name}-votes",
        title=f"What a vote of {formats.count(vote.parts)} models keeps, by the number of changed rows",
        caption="Frauds caught where so many training rows are added, removed or relabelled. The lower line is proved: "
        "no choice of rows can go below it. The others are what poisoners reached who know the rows and the models, "
        f"of retrained models. Dashed: {baseline.phrase}, when nobody poisons. Strips are 95 % intervals.",
        summary=f"Of {formats.percent(vote.caught.value)} of frauds caught when nobody poisons, "
        f"{formats.percent(vote.proved[-1].value)} are proved caught whatever {formats.count(changed[-1])} rows were "
        f"({formats.interval(vote.proved[-1])}).",
        figure=figure(
            data,
            xaxis=axis("Changed training rows", dtick=1),
            yaxis=percent_axis("Frauds caught"),
            shapes=[rule(y=rounded(100 * clean.value), token=result.roles.baseline)],
        ),
        headers=("Line", "Changed rows", "Caught (%)", "95 % low (%)", "95 % high (%)"),
        rows=tuple(rows),
        height=400,
        narrow_height=460,
    )


def _marked(row: PoisonedModel) -> Estimate:
    return row.triggered["risky"]


def _unmarked(row: PoisonedModel) -> Estimate:
    return row.caught


def _row(row: PoisonedModel, caught: Estimate) -> list:
    return [rounded(100 * row.share), row.rows, *percentages((caught.value, caught.low, caught.high))]
