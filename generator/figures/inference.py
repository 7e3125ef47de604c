"""What models give away about their training rows: all beside a coin, and one of them while it is trained on."""

from generator.figures.chart import Chart, percentages, rounded
from generator.figures.frame import axis, band, error_bar, figure, line, marker, percent_axis, rule
from generator.findings.inference import COIN, INSTRUMENTS, against_coin, in_order
from generator.notation import formats, palette
from generator.notation.palette import Look
from generator.records.proofs import Estimate
from generator.records.results import StudyResult

RATIO = Look("Likelihood ratio", "", "")
LIBRARY = Look("ART's attack: a floor", "", "", symbol="square-open")
CHANCE = "Members told from strangers"
KNOWS = (
    "The attacker knows a payment and its right label, sees its score, and can train models of the same kind."
)


def membership(result: StudyResult) -> Chart:
    """A row a model, and below them the forests that are known to remember."""
    found = result.inference
    models = in_order(found)
    titles = [palette.model(each.model).title for each in models]
    areas = [each.membership.auc for each in models]
    forests = [each for each in found.instruments if each.least is not None]
    checks = [INSTRUMENTS[each.name][0] for each in forests]
    shown = [*areas, *(each.auc for each in forests)]
    top = max(zip(areas, titles, strict=True), key=lambda each: each[0].value)
    standard = found.of(result.roles.baseline).membership.auc
    return Chart(
        slug=f"{result.data.name}-membership",
        title="Who was in the training data? Every model beside a coin",
        caption=f"{KNOWS} Given one payment that the model was trained on and one that it was not, this is how often "
        "he picks the right one. Dashed: a coin. Circles: a likelihood ratio; squares: ART's own attack. The forests "
        "at the end are no models of this study: they are known to remember, so the instrument has to find it. Arms "
        "are 95 % intervals.",
        summary=f"Most is given away by {top[1]}: {formats.percent(top[0].value)} ({formats.interval(top[0])}); by the "
        f"standard model {formats.percent(standard.value)} ({formats.interval(standard)}), "
        f"{against_coin(standard)}.",
        figure=figure(
            [
                _dots([*titles, *checks], shown, RATIO, "accent"),
                _dots(titles, [each.library_auc for each in models], LIBRARY, "muted"),
            ],
            xaxis=percent_axis(CHANCE, range=[42, 2 + max(rounded(100 * each.high) for each in shown)]),
            yaxis=axis(autorange="reversed", categoryorder="array", categoryarray=[*titles, *checks]),
            shapes=[rule(x=100 * COIN)],
        ),
        headers=("Model", "Likelihood ratio (%)", "95 % low (%)", "95 % high (%)", "ART (%)", "ART low (%)",
                 "ART high (%)"),
        rows=(
            *(
                (title, *_percents(each.membership.auc), *_percents(each.library_auc))
                for title, each in zip(titles, models, strict=True)
            ),
            *((title, *_percents(each.auc), "", "", "") for title, each in zip(checks, forests, strict=True)),
        ),
        height=130 + 28 * len(shown),
        narrow_height=150 + 32 * len(shown),
    )  # fmt: skip


def membership_epochs(result: StudyResult) -> Chart:
    """One model against the passes over its training rows."""
    rows = [each for each in result.inference.epochs if each.epochs]
    name = result.roles.baseline
    look, epochs = palette.model(name), [each.epochs for each in rows]
    areas = [each.membership.auc for each in rows]
    own = result.spec.training.epochs
    return Chart(
        slug=f"{result.data.name}-membership-epochs",
        title="Does training longer give more away?",
        caption=f"{KNOWS} How often he picks the payment that {look.phrase} was trained on, against the passes over "
        "the training rows. The strip is the 95 % interval. Dashed: a coin.",
        summary=f"After {formats.count(epochs[-1])} passes {formats.percent(areas[-1].value)} "
        f"({formats.interval(areas[-1])}), {against_coin(areas[-1])}; the study trains for {formats.count(own)}.",
        figure=figure(
            [
                line(epochs, [each.value for each in areas], look, name),
                band(epochs, areas, name),
            ],
            xaxis=axis("Passes over the training rows"),
            yaxis=percent_axis(CHANCE, range=[47, 3 + max(rounded(100 * each.high) for each in areas)]),
            shapes=[rule(y=100 * COIN)],
        ),
        headers=(
            "Passes", "Accuracy on training rows (%)", "On others (%)", "Members told (%)", "95 % low (%)",
            "95 % high (%)",
        ),
        rows=tuple(
            (
                each.epochs,
                *percentages((each.accuracy_members, each.accuracy_others)),
                *_percents(each.membership.auc),
            )
            for each in result.inference.epochs
        ),
        height=320,
    )  # fmt: skip


def _dots(titles: list[str], estimates: list[Estimate], look: Look, token: str) -> dict:
    return {
        "type": "scatter", "mode": "markers", "orientation": "h", "name": look.title, "y": titles,
        "x": percentages(each.value for each in estimates),
        "error_x": error_bar(estimates, 100) | {"color": f"@{token}"},
        "marker": marker(look, token, 8), "hovertemplate": "%{y}: %{x} %",
    }  # fmt: skip


def _percents(estimate: Estimate) -> list[float]:
    return percentages((estimate.value, estimate.low, estimate.high))
