"""The study in one picture: what models catch when nobody evades, what an attack says, and what is proved."""

from collections.abc import Iterator, Mapping

from generator.figures.chart import Chart, percentages, rounded
from generator.figures.frame import axis, error_bar, figure, marker, percent_axis
from generator.findings.kinds import LEFT_OUT, best, results
from generator.notation import formats, palette
from generator.records.proofs import Estimate, TierResult
from generator.records.results import StudyResult

PLAIN = "boosted_trees"
"""The kind of model that most banks deploy, without a defence."""
WIDE = 0.1
"""A gap of this share of frauds is named in the drawing."""
CLOSE = 0.08
"""Marks within this share of frauds have no room for a label each."""


def story(result: StudyResult, tier: str = "") -> Chart:
    """A row for each model that the argument needs, under `tier` or the quoted one."""
    tier = tier or result.spec.threat.quoted
    found = results(result, tier)
    shown = {name: found[name] for name in _models(result, tier, found)}
    titles = {name: palette.model(name).title for name in shown}
    rate, epsilon = result.spec.proof.quoted_false_positive_rate, result.spec.attack.headline_epsilon
    at = f"{formats.setting(rate)} false alarms"
    baseline = shown[result.roles.baseline]
    named, _ = best(result, tier, found)
    return Chart(
        slug=f"{result.data.name}-story",
        title="Frauds caught: nobody evades, FGSM says, proved",
        caption=f"Each model alarms at {formats.setting(rate)} of genuine payments. Filled circles: nobody "
        "evades. Open circles: "
        f"{result.spec.threat.tier(tier).attacker} takes one step of FGSM. Squares: whatever that attacker does "
        f"within ε = {formats.epsilon(epsilon)}, proved. A model without an open circle has no gradient to follow. "
        "Arms are 95 % intervals.",
        summary=f"Under {tier} at {at}, {palette.model(result.roles.baseline).title} catches "
        f"{formats.percent(baseline.caught_clean.value)} of frauds when nobody evades and provably "
        f"{formats.percent(baseline.caught_proved.value)}; {palette.model(named).title} "
        f"{formats.percent(shown[named].caught_clean.value)} and {formats.percent(shown[named].caught_proved.value)}.",
        figure=figure(
            [*_gaps(shown, titles), *_marks(shown, titles)],
            xaxis=percent_axis("Frauds caught", range=[0, 118], tickvals=[0, 20, 40, 60, 80, 100]),
            yaxis=axis(autorange="reversed", categoryorder="array", categoryarray=list(titles.values())),
        ),
        headers=("Tier", "Model", "What", "Frauds caught (%)", "95 % low (%)", "95 % high (%)"),
        rows=tuple(row for each in result.spec.threat.names for row in _rows(result, each)),
        height=70 + 62 * len(shown),
        narrow_height=70 + 66 * len(shown),
    )  # fmt: skip


def _models(result: StudyResult, tier: str, found: Mapping[str, TierResult]) -> list[str]:
    """The undefended model, the original's hardening, the best recipe, plain trees, the model to take, the simplest."""
    roles, recipes = result.roles, [name for name in result.spec.hardening.recipes if name in found]
    hardened = max(recipes, key=lambda name: found[name].caught_proved.value) if recipes else ""
    wanted = (roles.baseline, roles.original, hardened, PLAIN, best(result, tier, found)[0], LEFT_OUT)
    return [name for name in dict.fromkeys(wanted) if name in found]


def _gaps(shown: Mapping[str, TierResult], titles: Mapping[str, str]) -> Iterator[dict]:
    """What evasion takes from each model; where the attack misses much of it, that part is drawn heavier and named."""
    for name, row in shown.items():
        y = [titles[name]] * 2
        yield _line(y, row.caught_proved, row.caught_clean, "@muted", 2)
        said = row.caught_fgsm
        if said and said.value - row.caught_proved.value > WIDE:
            yield _line(y, row.caught_proved, said, "@fgsm", 5)
            yield {
                "type": "scatter", "mode": "text", "showlegend": False, "hoverinfo": "skip", "y": y[:1],
                "x": percentages([(said.value + row.caught_proved.value) / 2]), "textposition": "top center",
                "text": [f"FGSM misses {formats.loss(said.value - row.caught_proved.value)}"],
            }  # fmt: skip


def _line(y: list[str], low: Estimate, high: Estimate, colour: str, width: int) -> dict:
    return {
        "type": "scatter", "mode": "lines", "showlegend": False, "hoverinfo": "skip", "y": y,
        "x": percentages((low.value, high.value)), "line": {"color": colour, "width": width},
    }  # fmt: skip


def _marks(shown: Mapping[str, TierResult], titles: Mapping[str, str]) -> Iterator[dict]:
    """The marks with their shares; those of the first model say what they are."""
    first = next(iter(shown))
    for what, token, words in (
        ("caught_clean", "clean", "nobody evades"),
        ("caught_fgsm", "fgsm", "FGSM says"),
        ("caught_proved", "exact", "proved"),
    ):
        marked = {name: estimate for name, row in shown.items() if (estimate := getattr(row, what))}
        if not marked:
            continue
        texts = {name: formats.percent(estimate.value) for name, estimate in marked.items()}
        if first in texts:
            texts[first] = f"{words} {texts[first]}"
        if what == "caught_fgsm":
            texts = {name: "" if _close(shown[name]) else text for name, text in texts.items()}
        elif what == "caught_proved" and _close(shown[first]):
            texts[first] += f", FGSM says {formats.percent(shown[first].caught_fgsm.value)}"
        yield {
            "type": "scatter", "mode": "markers+text", "orientation": "h", "name": words, "showlegend": False,
            "y": [titles[name] for name in marked], "x": percentages(e.value for e in marked.values()),
            "error_x": error_bar(list(marked.values()), 100) | {"color": f"@{token}"},
            "marker": marker(palette.attack(token), token, 11), "hovertemplate": "%{y}: %{x} %",
            "text": list(texts.values()), "textposition": [_side(what, shown[name], name == first) for name in marked],
        }  # fmt: skip


def _close(row: TierResult) -> bool:
    """Whether what FGSM says stands too near what is proved for two labels."""
    return bool(row.caught_fgsm) and row.caught_fgsm.value - row.caught_proved.value < CLOSE


def _side(what: str, row: TierResult, worded: bool) -> str:
    """Where the share of a mark stands, so that no two of a row meet."""
    if what == "caught_clean":
        close = row.caught_clean.value - row.caught_proved.value < 0.05
        return "top left" if worded else "top center" if close else "middle right"
    if what == "caught_proved":
        return "bottom left" if row.caught_proved.value > 0.25 else "bottom right"
    return "bottom left" if row.caught_fgsm.value - row.caught_proved.value > 0.3 else "bottom right"


def _rows(result: StudyResult, tier: str) -> Iterator[tuple]:
    found = results(result, tier)
    for name in _models(result, tier, found) if found else ():
        row = found[name]
        for what, estimate in (
            ("nobody evades", row.caught_clean),
            ("FGSM says", row.caught_fgsm),
            ("proved", row.caught_proved),
        ):
            if estimate:
                shares = (estimate.value, estimate.low, estimate.high)
                yield tier, palette.model(name).title, what, *(rounded(100 * share) for share in shares)
