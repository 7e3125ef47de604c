"""What each line says is so: scalers, margins, cuts, examples and radii, each made again from the files alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generator.audit.published import AuditError, Published
from generator.records.files import weights_file
from generator.records.rows import tier_column
from generator.records.threat import Intervals, surface

SLACK = 1e-6
"""Standardised units by which rounding to float32 may carry an example over the face of its box; grows with
the value."""
CLOSE = 1e-4
"""Logits by which two float32 pipelines may differ. An example that comes this near the cut touches it."""
EXACT = 1e-9
"""Relative rounding of a mean or a spread worked out in another order."""


@dataclass(frozen=True)
class Replayed:
    """How many examples of one model were judged again, and how many of them only touch the cut."""

    model: str
    lines: int
    examples: int
    touching: int
    tier_examples: int
    """Of frauds, within the reach of the quoted tier."""
    tier_touching: int


def check_judgements(published: Published) -> tuple[Replayed, ...]:
    """Check every line; what was replayed.

    Raises:
        AuditError: A line is not what the weights make of its transaction.
    """
    _scalers(published)
    _margins(published)
    _cuts(published)
    plain, touching = _examples(published)
    tier, tier_touching = _tier_examples(published)
    _radii(published, plain & ~touching)
    n, _, s = published.rows.shape
    return tuple(
        Replayed(model, n * s, *(int(each[:, m].sum()) for each in (plain, touching, tier, tier_touching)))
        for m, model in enumerate(published.rows.models)
    )


def _scalers(published: Published):
    """Mean and spread of each replicate are those of the rows its fold does not hold out.

    Of a large table only what is judged is published, not what else trained: there nothing follows.
    """
    if published.result.sampled:
        return
    rows, replicate = published.rows, published.replicate
    for place in range(len(published.arrays["means"])):
        seed = place // published.result.spec.training.folds
        training = rows.x[replicate[:, seed] != place]
        spread = training.std(0)
        for name, made in (("means", training.mean(0)), ("scales", np.where(spread == 0, 1.0, spread))):
            found = published.arrays[name][place]
            _same_array(published, f"{name}[{place}]", made, found, EXACT * spread)


def _same_array(published: Published, name: str, made: np.ndarray, found: np.ndarray, slack: np.ndarray):
    if not (np.abs(made - found) <= slack + EXACT * np.abs(made)).all():
        raise AuditError(
            f"{_weights(published)}, {name}: expected {made.tolist()} from the lines, found {found.tolist()}"
        )


def _weights(published: Published) -> str:
    return weights_file(Path(), published.result.data.name).as_posix()


def _near(margin: np.ndarray) -> np.ndarray:
    return CLOSE * np.maximum(1, np.abs(margin))


def _margins(published: Published):
    said, made = published.rows.margin, published.judge(published.rows.x[:, None, None])
    # written so that what is not a number fails
    published.hold(np.abs(said - made) <= _near(made), "margin", "what the weights give", said)


def _cuts(published: Published):
    """At each cut at most the quoted share of a replicate's genuine rows is stopped, and no lower cut would do."""
    rows, rate = published.rows, published.result.spec.proof.quoted_false_positive_rate
    genuine = rows.label == 0
    for m, model in enumerate(rows.models):
        for place, cut in enumerate(published.arrays[f"{model}/cuts"]):
            seed = place // published.result.spec.training.folds
            margin = rows.margin[genuine & (published.replicate[:, seed] == place), m, seed]
            allowed, near = np.floor(rate * len(margin)), _near(cut)
            if not (margin > cut + near).sum() <= allowed < (margin >= cut - near).sum():
                raise AuditError(
                    f"{_weights(published)}, {model}/cuts[{place}]: expected a "
                    f"cut that stops {allowed:g} of {len(margin)} genuine rows, found {cut}"
                )
    cuts = published.cuts()
    stopped = rows.margin > cuts
    sure = np.abs(rows.margin - cuts) > _near(cuts)
    published.hold(
        ~sure | (rows.flagged == stopped), "flagged", "whether the margin exceeds the cut", rows.flagged
    )


# ---------------------------------------------------------------- examples


def plain_box(published: Published) -> tuple[np.ndarray, np.ndarray]:
    """Around every row, the headline budget in all inputs both ways: lower and upper (n, 1, s, d), standardised."""
    epsilon = published.result.spec.attack.headline_epsilon
    return published.centre - epsilon, published.centre + epsilon


def tier_box(published: Published) -> tuple[np.ndarray, np.ndarray, Intervals]:
    """What the quoted tier reaches of every row with the headline budget; and what it may do to each input."""
    result, centre = published.result, published.centre
    reach = surface(result.data.features, result.spec.threat.tier(published.rows.tier)).intervals
    down, up = (result.spec.attack.headline_epsilon * side for side in (reach.down, reach.up))
    lower = np.maximum(centre - down, np.minimum(published.scaled(reach.low), centre))
    upper = np.minimum(centre + up, np.maximum(published.scaled(reach.high), centre))
    return lower, upper, reach


def _examples(published: Published) -> tuple[np.ndarray, np.ndarray]:
    """(n, m, s) each: whether a line has an example in the plain box, and whether that only touches zero."""
    rows = published.rows
    fraud = (rows.label == 1)[:, None, None]
    right = (rows.margin > 0) == fraud
    has = _complete(published, "witness", rows.witness, right & (rows.outcome == "broken"))
    _within(published, "witness", rows.witness, *plain_box(published))
    margin = published.judge(rows.witness)
    wrong = (margin > 0) != fraud
    published.hold(~has | wrong | (np.abs(margin) <= CLOSE), "witness", "an input that is misjudged", margin)
    return has, has & ~wrong


def _tier_examples(published: Published) -> tuple[np.ndarray, np.ndarray]:
    """The same for frauds in the reach of the quoted tier at the quoted cut."""
    rows = published.rows
    outcome, kind = (tier_column(rows.tier, name) for name in ("outcome", "witness"))
    fraud = (rows.label == 1)[:, None, None]
    published.hold(
        (rows.tier_outcome != "") == fraud, outcome, "an outcome for frauds alone", rows.tier_outcome
    )
    missed = fraud & ~rows.flagged
    published.hold(
        ~missed | (rows.tier_outcome == "broken"),
        outcome,
        "broken, as the fraud is not flagged",
        rows.tier_outcome,
    )
    has = _complete(
        published, kind, rows.tier_witness, fraud & rows.flagged & (rows.tier_outcome == "broken")
    )
    lower, upper, reach = tier_box(published)
    _within(published, kind, rows.tier_witness, lower, upper)
    for j in np.flatnonzero(reach.whole & reach.movable):
        value = rows.tier_witness[..., j]
        whole = np.abs(value - np.round(value)) <= SLACK
        published.hold(~has | whole, f"{kind}_{rows.features[j]}", "a whole number", value)
    margin, cuts = published.judge(rows.tier_witness), published.cuts()
    through = margin <= cuts
    near = np.abs(margin - cuts) <= CLOSE
    published.hold(~has | through | near, kind, "an input that is not flagged", margin)
    return has, has & ~through


def _complete(published: Published, kind: str, witness: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(n, m, s): there is an example exactly where one is wanted, with a value for every feature."""
    for j, name in enumerate(published.rows.features):
        value = witness[..., j]
        published.hold(
            np.isfinite(value) | ~wanted, f"{kind}_{name}", "an example, as the line says broken", value
        )
        published.hold(
            np.isnan(value) | wanted, f"{kind}_{name}", "nothing, as there is nothing to break", value
        )
    return wanted


def _within(published: Published, kind: str, witness: np.ndarray, lower: np.ndarray, upper: np.ndarray):
    value = published.scaled(witness)
    slack = SLACK * np.maximum(1, np.abs(published.centre))
    inside = np.isnan(value) | ((value >= lower - slack) & (value <= upper + slack))
    for j, name in enumerate(published.rows.features):
        published.hold(inside[..., j], f"{kind}_{name}", "a value within the budget", witness[..., j])


# ---------------------------------------------------------------- radii


def _radii(published: Published, fooled: np.ndarray):
    """Brackets agree with outcomes and examples; fooled (n, m, s) is where an example is misjudged beyond doubt."""
    rows, spec = published.rows, published.result.spec
    proved, broken, headline = rows.radius_proved, rows.radius_broken, spec.attack.headline_epsilon
    exact = exact_places(published)
    budgets = np.array((0.0, *spec.proof.epsilons, np.inf))
    hold = published.hold
    for name, value in (("radius_proved", proved), ("radius_broken", broken)):
        hold(value >= 0, name, "a radius of zero or more", value)
        hold(exact | np.isin(value, budgets), name, "one of the settled budgets", value)
    hold(proved <= broken, "radius_broken", "no less than radius_proved", broken)
    reached = proved == max(spec.attack.epsilons)
    hold(
        ~exact | np.isfinite(broken) | reached,
        "radius_proved",
        "the largest budget, as none breaks it",
        proved,
    )
    wrong = (rows.margin > 0) != (rows.label == 1)[:, None, None]
    hold(~wrong | (proved == 0), "radius_proved", "zero, as the row is wrong to begin with", proved)
    hold(~wrong | (broken == 0), "radius_broken", "zero, as the row is wrong to begin with", broken)
    hold(
        ~((rows.outcome == "proved") & (broken <= headline)), "outcome", "not proved, as radius_broken says",
        rows.outcome,
    )  # fmt: skip
    hold(
        ~((rows.outcome == "broken") & (proved >= headline)), "outcome", "not broken, as radius_proved says",
        rows.outcome,
    )  # fmt: skip
    said = np.where(proved >= headline, "proved", np.where(broken <= headline, "broken", "unresolved"))
    hold(exact | (said == rows.outcome), "outcome", "what the radii say", rows.outcome)
    distance = np.abs(published.scaled(rows.witness) - published.centre).max(-1)
    hold(
        ~fooled | (proved <= distance + SLACK), "radius_proved", "no more than the way to the example", proved
    )
    hold(
        exact | ~fooled | (distance <= broken + 2 * SLACK), "radius_broken", "the way to the example", broken
    )


def exact_places(published: Published) -> np.ndarray:
    """(1, m, s) bool: where the bracket is that of the exact radius, not of the settled budgets."""
    seeds = {radius.model: radius.seeds for radius in published.result.proofs.radii}
    first = np.arange(published.rows.shape[2])
    return np.stack([first < seeds.get(model, 0) for model in published.rows.models])[None]
