"""The headline figures of a record, worked out again from the lines: counts exactly, shares to 1e-12."""

from collections.abc import Mapping

import numpy as np

from generator.audit.judgements import exact_places
from generator.audit.published import Published
from generator.records.base import Record
from generator.records.choices import fold_choices
from generator.records.metrics import confusion, rate_estimate
from generator.records.results import Evaluation


def check_figures(published: Published):
    """Check all figures that follow from the lines.

    Raises:
        AuditError: The record says another number; the message names its place.
    """
    rows, headline = published.rows, published.result.spec.attack.headline_epsilon
    roles = published.result.roles
    fraud = (rows.label == 1)[:, None, None]
    right = {
        ("clean", 0.0): (rows.margin > 0) == fraud,
        ("exact", headline): rows.outcome == "proved",
    }
    by_model = {
        model: {condition: kept[:, m].T for condition, kept in right.items()}
        for m, model in enumerate(rows.models)
    }
    nobody_stopped = np.tile(rows.label == 0, (rows.shape[2], 1))
    for model, kept in (by_model | {roles.trivial: dict.fromkeys(right, nobody_stopped)}).items():
        for condition, judged in kept.items():
            _evaluation(published, model, condition, judged)
    _comparisons(published, by_model)
    _tiers(published)
    _operating_point(published)
    _choices(published, by_model)
    _curves(published)
    _radii(published)


def _alike(published: Published, place: str, expected: Record, found: Record):
    for name in type(expected).model_fields:
        published.agree(f"{place}.{name}", getattr(expected, name), getattr(found, name))


def _evaluation(published: Published, model: str, condition: tuple[str, float], right: np.ndarray):
    """Counts and rates of one model, right (seeds, n)."""
    found: Evaluation = published.result.model(model).final.at(*condition)
    y, seeds = published.rows.label, len(right)
    place = f"{model}, {condition[0]} at {condition[1]:g}"
    counts = confusion(right, y)
    _alike(published, f"{place}: confusion", counts, found.confusion)
    frauds = int(y.sum())
    rates = {
        "accuracy": (counts.true_positives + counts.true_negatives, len(y)),
        "true_positive_rate": (counts.true_positives, frauds),
        "false_positive_rate": (counts.false_positives, len(y) - frauds),
    }
    for name, (hits, rows) in rates.items():
        _alike(published, f"{place}: {name}", rate_estimate(hits, rows, seeds), getattr(found, name))


def _comparisons(published: Published, by_model: Mapping[str, Mapping[tuple[str, float], np.ndarray]]):
    """Differences of a model and the baseline; their intervals need the draws of the study."""
    y, baseline = published.rows.label, published.result.roles.baseline
    chosen = {"accuracy": np.ones(len(y), bool), "true_positive_rate": y == 1, "false_positive_rate": y == 0}
    for each in published.result.comparisons:
        condition = each.attack, each.epsilon
        if each.model not in by_model or each.baseline != baseline or condition not in by_model[each.model]:
            continue
        rows = chosen[each.metric]
        ours, theirs = (by_model[name][condition][:, rows].mean() for name in (each.model, each.baseline))
        gap = theirs - ours if each.metric == "false_positive_rate" else ours - theirs
        place = f"{each.model} against {baseline}, {each.attack} at {each.epsilon:g}: {each.metric}"
        published.agree(place, float(gap), each.difference.value)


def _tiers(published: Published):
    """Frauds caught at the quoted operating point, nobody evading and under the quoted tier."""
    rows, spec = published.rows, published.result.spec
    asked = (rows.tier, spec.attack.headline_epsilon, spec.proof.quoted_false_positive_rate)
    baseline = published.result.roles.baseline
    frauds, proofs = rows.label == 1, published.result.proofs
    found = {t.model: t for t in proofs.tiers if (t.tier, t.epsilon, t.false_positive_rate) == asked}
    gaps = {
        c.model: c for c in proofs.tier_comparisons if (c.tier, c.epsilon, c.false_positive_rate) == asked
    }
    caught = (rows.tier_outcome == "proved")[frauds]
    for m, model in enumerate(rows.models):
        place = f"{model}, {rows.tier} at {asked[1]:g}"
        counts = {"caught_clean": rows.flagged[frauds, m], "caught_proved": caught[:, m]}
        for name, hits in counts.items():
            made = rate_estimate(int(hits.sum()), int(frauds.sum()), hits.shape[1])
            _alike(published, f"{place}: {name}", made, getattr(found[model], name))
        unresolved = int((rows.tier_outcome[:, m] == "unresolved").sum())
        published.agree(f"{place}: unresolved", unresolved, found[model].unresolved)
        if model in gaps and baseline in rows.models:
            gap = caught[:, m].mean() - caught[:, rows.models.index(baseline)].mean()
            published.agree(f"{place} against {baseline}", float(gap), gaps[model].difference.value)


def _operating_point(published: Published):
    """The rates that the impact model starts from, at the quoted operating point."""
    rows, spec, rates = published.rows, published.result.spec, published.result.rates
    if rates is None:
        return
    (point,) = (
        i
        for i, each in enumerate(rates.points)
        if each.false_positive_rate == spec.proof.quoted_false_positive_rate
    )
    budget, fraud = rates.epsilons.index(spec.attack.headline_epsilon), rows.label == 1
    for m, model in enumerate(rows.models):
        found = rates.of(model)
        for name, made, there in (
            ("false_positive_rate", rows.flagged[~fraud, m], found.false_positive_rate[point]),
            ("caught_clean", rows.flagged[fraud, m], found.caught_clean[point]),
            ("caught", rows.tier_outcome[fraud, m] == "proved", found.caught[rows.tier][budget][point]),
        ):
            published.agree(f"rates of {model}: {name}", float(made.mean()), there)


def _choices(published: Published, by_model: Mapping[str, Mapping[tuple[str, float], np.ndarray]]):
    """The model each fold's other rows choose among those published, and what it keeps of the fold.

    Of tiers, the rows hold the quoted one alone.
    """
    rows, headline = published.rows, published.result.spec.attack.headline_epsilon
    recipes = [model for model in rows.models if model != published.result.roles.baseline]
    proved = {
        "robust_accuracy": [by_model[model]["exact", headline] for model in recipes],
        "caught_proved": [(rows.tier_outcome[:, rows.models.index(m)] == "proved").T for m in recipes],
    }
    counted = {"robust_accuracy": np.ones(len(rows.label), bool), "caught_proved": rows.label == 1}
    for choice in published.result.choices:
        if choice.measure == "caught_proved" and choice.tier != rows.tier:
            continue
        which = counted[choice.measure]
        made = fold_choices(np.stack(proved[choice.measure]), which, rows.fold.T)
        place = f"choice against {choice.tier}"
        published.agree(f"{place}: model", recipes[made.favourite], choice.model)
        published.agree(f"{place}: agreeing", int((made.chosen == made.favourite).sum()), choice.agreeing)
        published.agree(f"{place}: folds", made.chosen.size, choice.folds)
        estimate = rate_estimate(made.hits, int(which.sum()), rows.shape[2])
        _alike(published, f"{place}: validated", estimate, choice.validated)


def _curves(published: Published):
    """Rows kept at every settled budget, from the brackets; a bracket of an exact radius may hold a budget."""
    rows, exact = published.rows, exact_places(published)
    for m, model in enumerate(rows.models):
        for epsilon in published.result.spec.proof.epsilons:
            found = published.result.model(model).final.at("exact", epsilon)
            kept, broken = rows.radius_proved[:, m] >= epsilon, rows.radius_broken[:, m] <= epsilon
            place = f"{model}, exact at {epsilon:g}"
            between = ~kept & ~broken
            if int((between & ~exact[:, m]).sum()) > found.unresolved:
                published.agree(f"{place}: unresolved", int(between.sum()), found.unresolved)
            for name, of in (("true_positives", rows.label == 1), ("true_negatives", rows.label == 0)):
                count, low = getattr(found.confusion, name), int(kept[of].sum())
                if not low <= count <= int((~broken[of]).sum()):
                    published.agree(f"{place}: {name}", low, count)


def _radii(published: Published):
    """Counts, medians and the widest bracket of the exact radii."""
    rows = published.rows
    for found in published.result.proofs.radii:
        m = rows.models.index(found.model)
        held, broken = (r[:, m, : found.seeds] for r in (rows.radius_proved, rows.radius_broken))
        bounded, place = np.isfinite(broken), f"radii of {found.model}"
        for label, name in enumerate(("legitimate", "fraud")):
            mine = (rows.label == label)[:, None]
            counts = np.histogram(held[bounded & mine], found.edges)[0]
            published.agree(f"{place}: {name}", tuple(counts.tolist()), getattr(found, name))
            median = float(np.median(held[rows.label == label]))
            published.agree(f"{place}: median_{name}", median, getattr(found, f"median_{name}"))
        published.agree(f"{place}: beyond", int((~bounded).sum()), found.beyond)
        widest = float((broken - held)[bounded].max(initial=0.0))
        published.agree(f"{place}: widest_bracket", widest, found.widest_bracket)
