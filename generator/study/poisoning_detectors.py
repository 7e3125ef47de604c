"""What looks for planted rows, on one replicate of each seed."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from generator.engine.cache import Arrays
from generator.engine.seeding import stage_rng
from generator.engine.stages import StageTask
from generator.models.folds import Folds
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import train_standard
from generator.records.metrics import rate_estimate
from generator.records.poisoning import Detector, PoisoningSpec
from generator.records.proofs import Estimate
from generator.records.spec import StudySpec, TrainingSpec
from generator.study.tasks import TRAINING_SOURCE, task_inputs
from generator.threats.poisoning import art_detectors, detectors, tables

DETECTORS_SOURCE = ("threats/poisoning", "study/poisoning_detectors.py", *TRAINING_SOURCE)
OURS = ("spectral_first_layer", "source_left_out", "source_left_out_spread")
ARTS = ("activation_defence", "spectral_signatures", "roni", "provenance")


def detectors_task(spec: StudySpec, folds: Folds, risky: Mapping[int, float], seed: int) -> StageTask:
    """Plant rows in the table of one seed's first replicate, and look for them."""
    asked = spec.poisoning
    inputs = task_inputs(
        DETECTORS_SOURCE, spec.training, spec.seed, seed, str(risky), asked.planted, asked.flagged_share, asked.sources,
        asked.suspects, folds=folds,
    )  # fmt: skip
    return StageTask(inputs, _found, (folds, seed, risky, asked, spec.training, spec.seed))


def _found(
    folds: Folds,
    number: int,
    risky: Mapping[int, float],
    asked: PoisoningSpec,
    training: TrainingSpec,
    seed: int,
) -> Arrays:
    """`<detector>/planted`, and `/clean`, (4,): rows flagged, rows looked at, planted rows flagged, planted rows."""
    one = folds.select(slice(number * folds.folds, number * folds.folds + 1))
    honest = tables.Rows.honest(one)
    rng = stage_rng(seed, f"poisoning/detectors/{number}")
    found: Arrays = {}
    for table, rows in (("planted", tables.planted(honest, asked.planted, risky, rng)), ("clean", honest)):
        learnt = tables.trained_on(rows, one)
        x, y, poisoned = learnt.train_x()[0], rows.y[0], rows.poisoned[0]
        net, _ = train_standard(
            x[None], y[None], training, stage_rng(seed, f"poisoning/detectors/net/{number}")
        )
        for name, flagged, of in _flagged(net, x, y, poisoned, asked, training, seed, f"{number}/{table}"):
            found[f"{name}/{table}"] = np.array(
                [flagged.sum(), len(flagged), flagged[poisoned[of]].sum(), poisoned[of].sum()]
            )
    return found


def _flagged(
    net: FraudNet,
    x: np.ndarray,
    y: np.ndarray,
    poisoned: np.ndarray,
    asked: PoisoningSpec,
    training: TrainingSpec,
    seed: int,
    stage: str,
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Detector, (k,) bool what it flags, and (k,) the rows that it looked at."""
    every = np.arange(len(y))
    yield (
        "spectral_first_layer",
        detectors.flagged(detectors.spectral_scores(detectors.first_hidden(net, x), y), asked.flagged_share),
        every,
    )
    for name, together in (("source_left_out", True), ("source_left_out_spread", False)):
        rng = stage_rng(seed, f"poisoning/sources/{stage}")
        source = detectors.dealt_sources(poisoned, asked.sources, together, rng)
        rng = stage_rng(seed, f"poisoning/left out/{stage}")
        if together or poisoned.any():  # where nobody planted rows, both are the same
            scores = detectors.left_out_scores(x, y, source, training, rng)
        yield name, detectors.flagged(scores, asked.flagged_share), every
    told = f"poisoning/art/{stage}"
    yield "activation_defence", art_detectors.activation_defence(net, x, y, seed, told), every
    yield "spectral_signatures", art_detectors.spectral_signatures(net, x, y), every
    mixed = stage_rng(seed, f"poisoning/suspects/{stage}").permutation(np.flatnonzero(~poisoned))
    suspects = np.concatenate((mixed[: asked.suspects], np.flatnonzero(poisoned)))
    others = mixed[asked.suspects : 2 * asked.suspects]
    trusted = x[others], y[others]
    yield "roni", art_detectors.roni(x[suspects], y[suspects], trusted, seed, told), suspects
    source = detectors.dealt_sources(
        poisoned[suspects], asked.sources, True, stage_rng(seed, f"poisoning/suspects' sources/{stage}")
    )
    yield (
        "provenance",
        art_detectors.provenance(x[suspects], y[suspects], source, trusted, seed, told),
        suspects,
    )


def detector_records(asked: PoisoningSpec, answers: Sequence[Arrays]) -> tuple[Detector, ...]:
    """What each detector flagged, added up over seeds."""

    def share(name: str, table: str) -> Estimate:
        flagged, rows = (sum(int(each[f"{name}/{table}"][k]) for each in answers) for k in (0, 1))
        return rate_estimate(flagged, rows // len(answers), len(answers))

    return tuple(
        Detector(
            name=name,
            by="art" if name in ARTS else "study",
            planted=sum(int(each[f"{name}/planted"][3]) for each in answers),
            found=sum(int(each[f"{name}/planted"][2]) for each in answers),
            flagged=share(name, "planted"),
            flagged_clean=share(name, "clean"),
        )
        for name in (*OURS, *ARTS)
    )
