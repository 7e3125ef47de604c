"""Extraction in a study: which models are stolen, and the record of what the copies are worth."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from sklearn.metrics import roc_auc_score

from generator.engine.cache import Arrays
from generator.engine.seeding import stage_rng
from generator.engine.stages import Engine
from generator.models.cuts import matched_cut
from generator.models.folds import Folds
from generator.proofs.verdicts import PROVED
from generator.records.extraction import (
    Answers,
    BoxAgreement,
    Copy,
    Defence,
    ExtractionResult,
    ExtractionSpec,
    Stolen,
    Thief,
    Transfer,
)
from generator.records.metrics import Resamples, wilson
from generator.records.proofs import Estimate
from generator.records.spec import StudySpec
from generator.records.validation import FEWEST, ValidationSpec
from generator.study.extraction_tasks import (
    AGREE,
    DEFENCES,
    DISAGREE,
    OPEN,
    copy_task,
    first_replicates,
    use_task,
)
from generator.study.tasks import State
from generator.threats.extraction import questions
from generator.threats.extraction.answers import answered, probabilities
from generator.threats.extraction.evading import attack_name
from generator.threats.extraction.thieves import THIEVES


def extract(
    spec: StudySpec,
    folds: Folds,
    states: Mapping[str, list[State]],
    settled: Mapping[str, Arrays],
    resamples: Resamples,
    engine: Engine,
    name: str,
) -> ExtractionResult | None:
    """Steal the models asked for, of the first seeds; None where nothing is asked.

    Args:
        settled: Model -> as `proof_tasks.settle_task` gives it, all seeds, budgets those of the proof.
        resamples: Of all seeds, for differences.
        name: The table's.
    """
    asked = spec.extraction
    if asked is None:
        return None
    seeds = min(asked.seeds, folds.seeds)
    some = folds.first_seeds(seeds)
    wanted = {model: first_replicates(states[model][-1], some) for model in asked.models if model in states}
    victims = {model: state for model, state in wanted.items() if state.kind in THIEVES}
    copied = engine.run(
        name, "extraction", [copy_task(spec, asked, some, state) for state in victims.values()]
    )
    used = engine.run(
        name, "extraction_use",
        [use_task(spec, asked, some, s, arrays) for s, arrays in zip(victims.values(), copied, strict=True)],
    )  # fmt: skip
    parts = questions.part(some, spec.seed)
    resamples = resamples.among(seeds, stage_rng(spec.seed, "extraction: resamples"))
    stolen = tuple(
        Stolen(
            model=model,
            kind=state.kind,
            constant=_share(~_flagged(copies, parts), seeds),
            copies=tuple(_copies(asked, copies, parts, some)),
            boxes=tuple(_boxes(asked, uses, seeds)),
            transfer=_transfer(spec, state, uses, some, settled[model]["outcome"]),
            defences=tuple(_defences(spec, asked, copies["margin"], some, resamples)),
        )
        for (model, state), copies, uses in zip(victims.items(), copied, used, strict=True)
    )
    return ExtractionResult(
        real_rows=parts.asked.shape[1],
        judged_rows=parts.judged.size // seeds,
        stolen=stolen,
        not_applicable=tuple(model for model in wanted if model not in victims),
    )


def extract_trained(
    spec: ValidationSpec, folds: Folds, states: Mapping[str, State], deployed: Collection[str], engine: Engine
) -> ExtractionResult | None:
    """Steal what a validation trained itself, by answers alone: no boxes, evasions and defences. None if not asked.

    Args:
        deployed: Models in use, which nobody steals here: whether they can be stolen is for their owner to try.
    """
    asked = spec.extraction
    if asked is None:
        return None
    seeds = min(asked.seeds, folds.seeds)
    some = folds.first_seeds(seeds)
    victims = {
        model: first_replicates(states[model], some)
        for model in asked.models
        if model in states and model not in deployed
    }
    copied = engine.run(
        spec.dataset, "extraction", [copy_task(spec, asked, some, state) for state in victims.values()]
    )
    parts = questions.part(some, spec.seed)
    return ExtractionResult(
        real_rows=parts.asked.shape[1],
        judged_rows=parts.judged.size // seeds,
        stolen=tuple(
            Stolen(
                model=model, kind=state.kind, constant=_share(~_flagged(copies, parts), seeds),
                copies=tuple(_copies(asked, copies, parts, some, FEWEST)), boxes=(), transfer=None, defences=(),
            )
            for (model, state), copies in zip(victims.items(), copied, strict=True)
        ),
        not_applicable=tuple(model for model in states if model in deployed),
    )  # fmt: skip


def _share(hits: np.ndarray, seeds: int) -> Estimate:
    """The share of `hits`, any shape, of so many seeds; the interval counts the rows of one seed, which are sampled."""
    rows = max(1, round(hits.size / seeds))
    low, high = wilson(float(hits.mean()), rows)
    return Estimate(value=float(hits.mean()), low=low, high=high, n=rows, seeds=seeds, method="wilson")


def _flagged(copied: Arrays, parts: questions.Parts) -> np.ndarray:
    """(replicates, judged) bool, what the model says of the rows on which copies are judged."""
    return np.take_along_axis(copied["margin"], parts.judged, axis=1) > 0


def _copies(
    asked: ExtractionSpec, copied: Arrays, parts: questions.Parts, folds: Folds, fewest: int = 1
) -> Sequence[Copy]:
    """All copies of one model, ART's behind ours; what it flags has a share where that are `fewest` rows of a seed."""
    told: list[tuple[Thief, Answers, int]] = [("own", "scores", count) for count in asked.queries]
    told += [("own", answers, asked.compared_queries) for answers in DEFENCES]
    told += [("knockoff_nets", "labels", count) for count in asked.queries]
    flagged = _flagged(copied, parts)
    found = []
    for thief, answers, count in told:
        key = f"{answers if thief == 'own' else thief}/{count}"
        if key not in copied:
            continue
        model = flagged if thief == "own" else flagged[:: folds.folds]
        same = copied[key] == model
        found.append(
            Copy(
                thief=thief,
                answers=answers,
                queries=count,
                drawn=max(0, count - parts.asked.shape[1]),
                agreement=_share(same, folds.seeds),
                on_flagged=_share(same[model], folds.seeds) if model.sum() >= fewest * folds.seeds else None,
            )
        )
    return found


def _boxes(asked: ExtractionSpec, used: Arrays, seeds: int) -> Sequence[BoxAgreement]:
    found = []
    for epsilon in asked.epsilons:
        verdict, same = used[f"box/{epsilon}"], used[f"points/{epsilon}"]
        agree, disagree, left = (_share(verdict == outcome, seeds) for outcome in (AGREE, DISAGREE, OPEN))
        found.append(
            BoxAgreement(
                epsilon=epsilon, agree=agree, disagree=disagree, open=left,
                points=int((verdict == AGREE).sum()) * asked.points,
                points_agreeing=int(same[verdict == AGREE].sum()),
            )
        )  # fmt: skip
    return found


def _transfer(
    spec: StudySpec, state: State, used: Arrays, folds: Folds, outcome: np.ndarray
) -> Transfer | None:
    """None where the model catches none of the frauds judged.

    Args:
        outcome: (seeds, n, budgets of the proof) int8 of all seeds, each row by its own label in the plain box.
    """
    caught, epsilon = used["caught"], spec.attack.headline_epsilon
    if not caught.any():
        return None
    place = spec.proof.epsilons.index(epsilon)
    seed = np.arange(folds.replicates)[:, None] // folds.folds
    proved = outcome[seed, folds.test_rows, place] == PROVED
    share = {
        name: _share(used[name][caught], folds.seeds) for name in ("from_copy", "by_chance", "white_box")
    }
    return Transfer(
        attack=attack_name(state.model(folds)),
        epsilon=epsilon,
        **share,
        not_proved=_share(~proved[caught], folds.seeds),
        past_proof=int((caught & proved & (used["from_copy"] | used["white_box"] | used["by_chance"])).sum()),
    )


def _defences(
    spec: StudySpec, asked: ExtractionSpec, margin: np.ndarray, folds: Folds, resamples: Resamples
) -> Sequence[Defence]:
    """What each sort of answers costs, where the cut is set on the answers themselves; margin (replicates, n_test)."""
    fraud, rate = folds.y == 1, spec.proof.quoted_false_positive_rate
    counted = np.arange(margin.shape[1]) < folds.test_counts[:, None]
    found: list[Defence] = []
    plain = None
    for answers in ("scores", *DEFENCES):
        told = answered(probabilities(margin), answers, asked)
        genuine = counted & (folds.test_y() == 0)
        cuts = np.array([matched_cut(p, rows, rate) for p, rows in zip(told, genuine, strict=True)])
        caught = folds.to_rows(told > cuts[:, None])
        plain = caught if plain is None else plain
        ranking = [
            roc_auc_score(y[rows], p[rows]) for y, p, rows in zip(folds.test_y(), told, counted, strict=True)
        ]
        found.append(
            Defence(
                answers=answers,
                ranking=float(np.mean(ranking)),
                caught=_share(caught[:, fraud], folds.seeds),
                difference=resamples.difference(caught, plain, fraud),
            )
        )
    return found
