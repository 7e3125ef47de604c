"""The per-row file and the weights behind it: what a reader needs to check the headline figures without the study."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from generator.datasets import LabelledTable
from generator.engine.cache import Arrays
from generator.engine.files import write_whole
from generator.models.folds import Folds
from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED
from generator.records.choices import fold_choices
from generator.records.files import rows_file, weights_file
from generator.records.results import StudyResult
from generator.records.rows import Rows, rows_bytes
from generator.study.tier_tasks import quoted_point

WORDS = {PROVED: "proved", BROKEN: "broken", UNRESOLVED: "unresolved"}


def write_rows(
    result: StudyResult,
    table: LabelledTable,
    folds: Folds,
    weights: Mapping[str, Arrays],
    settled: Mapping[str, Arrays],
    tiers: Mapping[str, Arrays],
    radii: Mapping[str, Sequence[Arrays]],
    folder: Path,
) -> tuple[Path, Path]:
    """Write `rows/<dataset>.csv.gz` and `rows/<dataset>.safetensors` below `folder`, each whole or not at all.

    Args:
        weights: By model, of its last state.
        settled: By model, as `settle_task` gives it, all seeds.
        tiers: By model, as `tier_task` gives it, all seeds.
        radii: By model that has any, as `radius_task` gives it, one a seed from the first on.
    """
    fold = folds.held_out()
    models = published(result, settled, tiers, table.y, fold)
    rows = gather(result, table, fold, models, settled, tiers, radii)
    point = quoted_point(result.spec.proof)
    arrays = {"means": folds.means, "scales": folds.scales}
    for model in models:
        arrays[f"{model}/cuts"] = tiers[model]["cuts"][:, point]
        arrays |= {f"{model}/{name}": value for name, value in weights[model].items()}
    paths = rows_file(folder, table.name), weights_file(folder, table.name)
    write_whole(paths[0], rows_bytes(rows))
    write_whole(paths[1], save({name: np.ascontiguousarray(value) for name, value in arrays.items()}))
    return paths


def published(
    result: StudyResult,
    settled: Mapping[str, Arrays],
    tiers: Mapping[str, Arrays],
    y: np.ndarray,
    fold: np.ndarray,
) -> tuple[str, ...]:
    """The models whose figures the Summary quotes: the leading ones, and every recipe that some fold chose."""
    place, point, tier = _headline(result), quoted_point(result.spec.proof), result.spec.threat.quoted
    recipes = [model for model in settled if model != result.spec.roles.baseline]
    measures = (
        (np.stack([settled[m]["outcome"][:, :, place] == PROVED for m in recipes]), np.ones(len(y), bool)),
        (np.stack([tiers[m][tier][:, :, place, point] == PROVED for m in recipes]), y == 1),
    )
    wanted = set(result.spec.proof.leading)
    if result.choices:
        for kept, rows in measures:
            wanted |= {recipes[i] for i in np.unique(fold_choices(kept, rows, fold).chosen)}
    return tuple(model for model in settled if model in wanted)


def gather(
    result: StudyResult,
    table: LabelledTable,
    fold: np.ndarray,
    models: Sequence[str],
    settled: Mapping[str, Arrays],
    tiers: Mapping[str, Arrays],
    radii: Mapping[str, Sequence[Arrays]],
) -> Rows:
    """The arrays of the stages, by row, model and seed."""
    place, point, tier = _headline(result), quoted_point(result.spec.proof), result.spec.threat.quoted

    def by_row(part) -> np.ndarray:
        """(seeds, n, ...) of each model to (n, models, seeds, ...)."""
        return np.moveaxis(np.stack([part(model) for model in models]), 2, 0)

    brackets = {
        m: _brackets(settled[m], radii.get(m, ()), table.y, result.spec.proof.epsilons) for m in models
    }
    tier_outcome = _words(by_row(lambda m: tiers[m][tier][:, :, place, point]))
    return Rows(
        features=tuple(feature.name for feature in table.features),
        models=tuple(models),
        tier=tier,
        ids=table.ids,
        label=table.y,
        x=table.x,
        fold=fold.T,
        margin=by_row(lambda m: settled[m]["margin"]).astype(np.float32),
        radius_proved=by_row(lambda m: brackets[m][0]),
        radius_broken=by_row(lambda m: brackets[m][1]),
        outcome=_words(by_row(lambda m: settled[m]["outcome"][:, :, place])),
        witness=by_row(lambda m: settled[m]["witness"]),
        flagged=by_row(lambda m: tiers[m]["flagged"][:, :, point]),
        tier_outcome=np.where((table.y == 1)[:, None, None], tier_outcome, ""),
        tier_witness=by_row(lambda m: tiers[m][f"witness/{tier}"]),
    )


def _headline(result: StudyResult) -> int:
    return result.spec.proof.epsilons.index(result.spec.attack.headline_epsilon)


def _words(outcome: np.ndarray) -> np.ndarray:
    return np.select([outcome == code for code in WORDS], list(WORDS.values()), "")


def _brackets(
    settled: Arrays, exact: Sequence[Arrays], y: np.ndarray, epsilons: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """(largest budget proved, smallest broken), each (seeds, n): exact for the first seeds, then from the budgets."""
    outcome, budgets = settled["outcome"], np.array(epsilons)
    proved = np.where(outcome == PROVED, budgets, 0.0).max(2)
    broken = np.where(outcome == BROKEN, budgets, np.inf).min(2)
    broken[(settled["margin"] > 0) != (y == 1)] = 0.0
    for seed, found in enumerate(exact):
        proved[seed], broken[seed] = found["proved"][0], found["broken"][0]
    return proved, broken
