"""From the published files of a study to what the playground is given."""

import base64
import csv
import gzip
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from generator.notation import formats, palette
from generator.notation.names import CONTROLS, MODELS
from generator.program import STUDY
from generator.records.base import RecordError
from generator.records.files import rows_file, weights_file
from generator.records.results import StudyResult
from generator.records.rows import header
from generator.records.spreadsheet import armed
from generator.records.threat import Tier, surface
from generator.tools.playground.offer import (
    Cut,
    Example,
    Found,
    Offer,
    PlayFeature,
    PlayModel,
    PlayTier,
    Transaction,
)

REPLICATE = 0
"""The first one: its radii are exact."""
OFFERED = 20
"""Transactions of each class."""
CONSTANTS = ("start", "divisor", "scale", "bias", "cut")
"""Of a tree ensemble, in the order in which the browser reads them."""
BOX_LIMIT = 200_000
"""Boxes after which a browser gives up: about a second; the hardest of these models need some hundreds."""


def available(result: StudyResult, records: Path) -> bool:
    """Whether the files that the playground is made of are beside the record, and it has two models to compare."""
    files = (rows_file(records, result.data.name), weights_file(records, result.data.name))
    return all(file.exists() for file in files) and len(playable(result)) > 1


def make_offer(result: StudyResult, records: Path) -> Offer:
    """The offer of one study.

    Args:
        records: Folder of the record and of the files beside it.

    Raises:
        RecordError: A file is damaged, or holds none of the models or rows that are needed.
    """
    spec, data, weights = result.spec, result.data, _arrays(result, records)
    models = playable(result)
    seed, fold = divmod(REPLICATE, spec.training.folds)
    transactions = _transactions(result, records, models)
    cuts = (
        Cut(name="own", title="each model's own cut", margins=dict.fromkeys(models, 0.0)),
        Cut(
            name="matched",
            title=f"{formats.setting(spec.proof.quoted_false_positive_rate)} false alarms",
            margins={model: float(weights[f"{model}/cuts"][REPLICATE]) for model in models},
        ),
    )
    opening, witness = _opening(transactions, models)
    offered = offered_of([row for row, _ in transactions], opening, models)
    return Offer(
        dataset=data.name, title=data.title, study_key=result.provenance.study_key, origin=data.source.origin,
        licence=data.source.licence, stand_in=data.source.status == "stand_in",
        replicate=REPLICATE, seed=seed, fold=fold, replicates=spec.training.replicates,
        widths=(len(data.features), *spec.training.hidden),
        means=tuple(map(float, weights["means"][REPLICATE])),
        scales=tuple(map(float, weights["scales"][REPLICATE])),
        features=tuple(
            PlayFeature(
                **{name: getattr(feature, name) for name in ("name", "title", "unit", "decimals", "integer")},
                low=feature.low, high=feature.high, control=CONTROLS[feature.control],
            )
            for feature in data.features
        ),
        tiers=tuple(tier_of(result, tier) for tier in spec.threat.tiers),
        cuts=cuts,
        models=tuple(_model(name, result.model(name).kind, weights) for name in models),
        exact={
            name: any(radius.model == name and seed < radius.seeds for radius in result.proofs.radii)
            for name in models
        },
        largest=max(spec.proof.epsilons), headline=spec.attack.headline_epsilon,
        pgd_steps=spec.attack.pgd_steps, pgd_share=spec.attack.pgd_relative_step,
        tau=spec.proof.tau, tolerance=spec.proof.radius_tolerance, box_limit=BOX_LIMIT,
        transactions=tuple(offered),
        example=Example(
            transaction=opening, hardened=models[1], tier=spec.threat.benchmark, cut="own",
            epsilon=spec.attack.headline_epsilon, attack="pgd", witness=witness,
        ),
    )  # fmt: skip


def playable(result: StudyResult) -> tuple[str, ...]:
    """The standard model, the recipe chosen against the plain box, the one made for the real threat, leading trees.

    Of these only kinds that the browser runs.
    """
    roles, kinds = result.roles, {model.name: model.kind for model in result.models}
    trees = (name for name in result.spec.proof.leading if kinds.get(name) == "trees")
    named = dict.fromkeys(filter(None, (roles.baseline, roles.recommended, roles.matched, *trees)))
    return tuple(name for name in named if kinds[name] in PACKED)


def tier_of(result: StudyResult, tier: Tier) -> PlayTier:
    """What `tier` may reach, feature by feature."""
    reach = surface(result.data.features, tier).intervals
    return PlayTier(
        name=tier.name, title=tier.title, down=tuple(reach.down.tolist()), up=tuple(reach.up.tolist()),
        limited=tier.bounded, frauds_only=tier.moves == "frauds",
    )  # fmt: skip


def offered_of(rows: Sequence[Transaction], opening: Transaction, models: Sequence[str]) -> list[Transaction]:
    """`OFFERED` of each class, in the order of the rows: spread evenly over how far each model holds, and `opening`."""
    chosen = {opening.id}
    for label in ("fraud", "genuine"):
        mine = [row for row in rows if row.label == label]
        taken = [row for row in mine if row.id in chosen]
        for turn, model in enumerate(models):
            left = [row for row in mine if row.id not in chosen]
            left.sort(key=lambda row: (row.found[model].proved, abs(row.found[model].margin), row.id))
            share = min(len(left), (OFFERED - len(taken)) // (len(models) - turn))
            places = {round(place) for place in np.linspace(0, len(left) - 1, share)} if share else set()
            new = [left[place] for place in sorted(places)]
            taken += new
            chosen.update(row.id for row in new)
    return [row for row in rows if row.id in chosen]


def _opening(
    transactions: Sequence[tuple[Transaction, tuple[float, ...] | None]], models: Sequence[str]
) -> tuple[Transaction, tuple[float, ...] | None]:
    """The fraud that shows most: both models catch it, the standard one loses it, the hardened one holds it longest."""

    def tells(entry) -> tuple:
        row, _ = entry
        standard, hardened = (row.found[model] for model in models[:2])
        caught = standard.margin > 0 and hardened.margin > 0
        return (
            row.label == "fraud" and caught,
            standard.outcome == "broken" and hardened.outcome == "proved",
            standard.outcome == "broken",
            hardened.broken is not None,  # so that its limit can be seen
            hardened.proved,
            standard.proved,
        )

    return max(transactions, key=tells)


def _model(name: str, kind: str, weights: Mapping[str, np.ndarray]) -> PlayModel:
    part, look = f"{name}/", palette.model(name)
    own = {key.removeprefix(part): each[REPLICATE] for key, each in weights.items() if key.startswith(part)}
    return PlayModel(
        name=name, kind=kind, title=look.title, phrase=MODELS[name].phrase, light=look.light, dark=look.dark,
        weights=base64.b64encode(PACKED[kind](own)).decode(),
    )  # fmt: skip


# ---------------------------------------------------------------- models as bytes, little-endian


def _network(arrays: Mapping[str, np.ndarray]) -> bytes:
    """float32: of each layer the weights (fan_in, fan_out), then the biases."""
    layers = sum(key.startswith("weights.") for key in arrays)
    parts = [arrays[f"{part}.{layer}"].ravel() for layer in range(layers) for part in ("weights", "biases")]
    return np.concatenate(parts).astype("<f4").tobytes()


def _trees(arrays: Mapping[str, np.ndarray]) -> bytes:
    """float64: `CONSTANTS`, then a number a node; int8: an input a node, -1 in leaves; as `Trees.arrays` has them.

    Raises:
        RecordError: The browser knows less than they ask for: numbers, compared and summed as the study trains them.
    """
    more = ("strict", "single_inputs", "single_sum", "missing", "category_set")
    if any(arrays[name].any() for name in more) or arrays["feature"].dtype.itemsize > 1:
        raise RecordError("the playground runs trees of the study only, which compare and sum in float64")
    leaf = arrays["feature"] < 0
    open_ends = np.cumsum(np.where(leaf, -1, 1))  # each tree ends one lower than the one before it
    nodes = 1 + int(np.argmax(open_ends == -int(arrays["trees"])))
    numbers = (*(arrays[name] for name in CONSTANTS), *arrays["number"][:nodes])
    return np.array(numbers, "<f8").tobytes() + arrays["feature"][:nodes].astype("i1").tobytes()


PACKED: dict[str, Callable[[Mapping[str, np.ndarray]], bytes]] = {"relu": _network, "trees": _trees}
"""By kind of model: one replicate as the browser reads it. A kind that is not here is not offered."""


# ---------------------------------------------------------------- the files


def _arrays(result: StudyResult, records: Path) -> dict[str, np.ndarray]:
    path = weights_file(records, result.data.name)
    try:
        return load(path.read_bytes())
    except SafetensorError as error:
        raise RecordError(f"{path}: damaged ({error}); run `{STUDY}` to write it again") from None


def _transactions(
    result: StudyResult, records: Path, models: Sequence[str]
) -> list[tuple[Transaction, tuple[float, ...] | None]]:
    """Every test row of the replicate, in the order of the file, with what breaks the standard model.

    Only its lines are parsed, one in as many as there are replicates: pages are rendered often.
    """
    path, names = rows_file(records, result.data.name), [f.name for f in result.data.features]
    try:
        first, *lines = gzip.decompress(path.read_bytes()).decode().split("\n")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise RecordError(f"{path}: damaged ({error}); run `{STUDY}` to write it again") from None
    if first != ",".join(header(names, result.spec.threat.quoted)):
        raise RecordError(f"{path}, line 1: it has other columns; run `{STUDY}` to write it again")
    seed, fold = divmod(REPLICATE, result.spec.training.folds)
    wanted = [f",{model},{seed},{fold}," for model in models]
    found: dict[str, dict[str, dict[str, str]]] = {}
    place = f",{seed},{fold},"  # few lines have it, and fewer of these the name of another model before it
    mine = (line for line in lines if place in line and any(each in line for each in wanted))
    for line in csv.DictReader(mine, header(names, result.spec.threat.quoted)):
        # an id may hold what looks like another part of the line
        if line["model"] in models and (line["seed"], line["fold"]) == (str(seed), str(fold)):
            found.setdefault(armed(line["id"]), {})[line["model"]] = line
    rows = [
        _transaction(by_model, names, models) for by_model in found.values() if len(by_model) == len(models)
    ]
    if not rows:
        raise RecordError(f"{path}: expected lines of {', '.join(models)} for seed {seed}, fold {fold}")
    return rows


def _transaction(
    by_model: dict[str, dict[str, str]], names: Sequence[str], models: Sequence[str]
) -> tuple[Transaction, tuple[float, ...] | None]:
    line = by_model[models[0]]
    witness = [line[f"witness_{name}"] for name in names]
    return (
        Transaction(
            id=armed(line["id"]),
            label="fraud" if line["label"] == "1" else "genuine",
            raw=tuple(float(line[f"input_{name}"]) for name in names),
            found={model: _found(by_model[model]) for model in models},
        ),
        tuple(map(float, witness)) if all(witness) else None,
    )


def _found(line: dict[str, str]) -> Found:
    return Found(
        margin=float(line["margin"]),
        outcome=line["outcome"],
        proved=float(line["radius_proved"]),
        broken=float(line["radius_broken"]) if line["radius_broken"] else None,
    )
