"""Files beside the tiny results from which the playground can be made: invented rows, networks of full size, trees."""

from pathlib import Path

import numpy as np
from safetensors.numpy import save

from generator.engine.files import write_whole
from generator.models.trees.boosting import train_trees
from generator.proofs.relu.network import from_arrays, margins
from generator.proofs.verdicts import BROKEN, PROVED
from generator.proofs.verifiers import VERIFIERS
from generator.records.boxes import Boxes
from generator.records.files import rows_file, weights_file
from generator.records.results import StudyResult
from generator.records.rows import Rows, rows_bytes
from generator.records.spec import ProofSpec, TreesSpec
from generator.tools.playground import make_offers
from generator.tools.playground.making import playable
from generator.tools.playground.offer import Offer

ROWS, FOLDS = 90, 3
TREES = {"boosted_trees": 0, "monotone_trees": 1}
"""Models of the fixture that are trees, and the sign they are held to in every input."""
WORDS = {PROVED: "proved", BROKEN: "broken"}


IDS = tuple(f"ROW{i:04d}" for i in range(ROWS))


def tiny_offers(results, folder: Path, ids: tuple[str, ...] = IDS) -> dict[str, Offer]:
    """The offers of results without files, from files that are made up in `folder`; trees are among the models."""
    results = [with_trees(result) for result in results]
    for number, result in enumerate(results):
        write_files(result, folder, np.random.default_rng(7 + number), ids)
    return make_offers(results, folder)


def with_trees(result: StudyResult) -> StudyResult:
    """The result with `TREES` among its leading models, which found what its standard model found."""
    standard, spec = result.model(result.roles.baseline), result.spec
    models = (standard.model_copy(update={"name": name, "kind": "trees"}) for name in TREES)
    radii = (
        each.model_copy(update={"model": name})
        for name in TREES
        for each in result.proofs.radii
        if each.model == standard.name
    )
    proof = spec.proof.model_copy(update={"leading": (*spec.proof.leading, *TREES)})
    return result.model_copy(
        update={
            "models": (*result.models, *models),
            "spec": spec.model_copy(update={"proof": proof}),
            "proofs": result.proofs.model_copy(update={"radii": (*result.proofs.radii, *radii)}),
        }
    )


def stack(
    rng: np.random.Generator, inputs: int, replicates: int, scale: float = 1.0
) -> dict[str, np.ndarray]:
    """Weights of untrained networks 32-16, larger by `scale` than PyTorch draws them; margins around zero."""
    arrays = {}
    for layer, (fan_in, fan_out) in enumerate(((inputs, 32), (32, 16), (16, 2))):
        size = scale / np.sqrt(fan_in)
        arrays[f"weights.{layer}"] = rng.uniform(-size, size, (replicates, fan_in, fan_out)).astype(
            np.float32
        )
        arrays[f"biases.{layer}"] = rng.uniform(-size, size, (replicates, 1, fan_out)).astype(np.float32)
    return arrays


def write_files(result: StudyResult, folder: Path, rng: np.random.Generator, ids: tuple[str, ...] = IDS):
    """Rows and weights of every replicate, all alike but for the fold; what is found is found by the proofs."""
    features, models, seeds = result.data.features, playable(result), result.spec.training.seeds
    means, scales = np.array(
        [[getattr(f, each) for f in features] for each in ("mean", "standard_deviation")]
    )
    low, high = np.array([[getattr(f, each) for f in features] for each in ("low", "high")])
    raw = np.clip(means + scales * rng.normal(0, 1, (ROWS, len(features))), low, high)
    raw = np.array([[round(v, f.decimals) for v, f in zip(row, features, strict=True)] for row in raw])
    x = ((raw - means) / scales).astype(np.float32).astype(np.float64)
    replicates, spec = seeds * FOLDS, ProofSpec()
    arrays = {"means": np.tile(means, (replicates, 1)), "scales": np.tile(scales, (replicates, 1))}
    boxes = Boxes(raw, x, x - 0.35, x + 0.35, np.zeros(len(features), bool), means, scales)
    label, found = None, []
    for number, model in enumerate(models):
        kind = result.model(model).kind
        one = _trees(model, raw, label) if kind == "trees" else _network(rng, x, 2.5 - number / 2)
        verifier = VERIFIERS[kind]
        subject = verifier.read(one, 0)
        margin = verifier.margins(subject, boxes)
        label = (margin > 0).astype(int) if label is None else label
        verdicts = verifier.decide(subject, boxes, label, spec)
        found.append((margin, verdicts, verifier.radius(subject, boxes, label, 1.0, spec)))
        arrays |= {f"{model}/{name}": np.repeat(value, replicates, 0) for name, value in one.items()}
        arrays[f"{model}/cuts"] = np.full(replicates, np.quantile(margin[label == 0], 0.9))

    def each(values) -> np.ndarray:
        """(models, n, ...) to (n, models, seeds, ...)."""
        values = np.moveaxis(np.array(values), 0, 1)
        return np.repeat(values[:, :, None], seeds, 2)

    margin = each([m for m, _, _ in found])
    outcome = each([[WORDS[o] for o in v.outcome] for _, v, _ in found])
    witness = each([v.witness for _, v, _ in found])
    rows = Rows(
        features=tuple(f.name for f in features), models=models, tier=result.spec.threat.quoted,
        ids=np.array(ids), label=label, x=raw,
        fold=np.tile((np.arange(ROWS) % FOLDS)[:, None], (1, seeds)), margin=margin.astype(np.float32),
        radius_proved=each([r.proved for _, _, r in found]), radius_broken=each([r.broken for _, _, r in found]),
        outcome=outcome, witness=witness, flagged=margin > 0,
        tier_outcome=np.full(outcome.shape, ""), tier_witness=np.full(witness.shape, np.nan),
    )  # fmt: skip
    name = result.data.name
    write_whole(rows_file(folder, name), rows_bytes(rows))
    write_whole(weights_file(folder, name), save({k: np.ascontiguousarray(v) for k, v in arrays.items()}))


def _network(rng: np.random.Generator, x: np.ndarray, scale: float) -> dict[str, np.ndarray]:
    one = stack(rng, x.shape[1], 1, scale)
    one["biases.2"][0, 0, 1] -= np.float32(np.quantile(margins(from_arrays(one, 0), x), 0.6))
    return one


def _trees(model: str, raw: np.ndarray, label: np.ndarray) -> dict[str, np.ndarray]:
    spec = TreesSpec(rounds=20, depths=(3,), learning_rates=(0.1,), smallest_leaf=4)
    return train_trees([raw], [label], spec, monotone=[TREES[model]] * raw.shape[1]).arrays()
