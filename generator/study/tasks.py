"""The slow stages of a study as tasks: pure functions from arrays to arrays, so that each can be kept on disk.

Workers import only this module's functions; torch and ART arrive with them.
"""

from collections.abc import Mapping

import numpy as np

from generator.engine.cache import Arrays
from generator.engine.files import sha256_of, sha256_of_sources
from generator.engine.seeding import stage_rng
from generator.engine.stages import StageTask
from generator.models.folds import Folds
from generator.models.fraudnet.hardening import harden
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import train_standard
from generator.provenance import PACKAGE, lock_sha256, versions
from generator.records.base import Record
from generator.records.spec import AttackSpec, BatterySpec, HardeningSpec, Recipe, StudySpec, TrainingSpec
from generator.threats import battery
from generator.threats.evasion import evaluate

TRAINING_SOURCE = (
    "models", "study/tasks.py", "engine/compiling.py", "engine/seeding.py", "engine/parallel.py"
)  # fmt: skip
ATTACK_SOURCE = ("threats", *TRAINING_SOURCE)


def task_inputs(
    sources: tuple[str, ...], *parts: Record | str | float, **data: Folds | np.ndarray | Arrays
) -> Mapping[str, str]:
    """What the answer of a task depends on, by name."""
    return {
        "source": sha256_of_sources(PACKAGE, sources),
        "lock": lock_sha256(),
        "versions": str(versions()),
        "settings": sha256_of(*(p.to_json() if isinstance(p, Record) else str(p) for p in parts)),
    } | {name: _digest(each) for name, each in data.items()}


def _digest(data: Folds | np.ndarray | Arrays) -> str:
    if isinstance(data, Folds):
        return data.digest
    return hash_of(_flat(data) if isinstance(data, dict) else data)


def hash_of(*arrays: np.ndarray) -> str:
    return sha256_of(*(part for a in arrays for part in (str(a.dtype), str(a.shape), a.tobytes())))


def _flat(arrays: Arrays) -> np.ndarray:
    """All values in one row, by name: a file gives its arrays back in any order."""
    return np.concatenate([arrays[name].ravel() for name in sorted(arrays)])


def train_task(spec: StudySpec, folds: Folds) -> StageTask:
    """Train the standard models of all replicates."""
    inputs = task_inputs(TRAINING_SOURCE, spec.training, spec.seed, folds=folds)
    return StageTask(inputs, _train, (folds, spec.training, spec.seed))


def _train(folds: Folds, training: TrainingSpec, seed: int) -> Arrays:
    net, steps = train_standard(folds.train_x(), folds.train_y(), training, stage_rng(seed, "train"))
    return net.to_arrays() | {"gradient_steps": np.array([steps])}


def harden_task(spec: StudySpec, folds: Folds, standard: Arrays, recipe: Recipe) -> StageTask:
    """Harden the standard models of all replicates by one recipe."""
    settings = spec.hardening.model_copy(update={"recipes": (recipe,), "followed": ()})
    inputs = task_inputs(
        TRAINING_SOURCE, spec.training, settings, spec.seed,
        folds=folds, standard=standard,
    )  # fmt: skip
    return StageTask(inputs, _harden, (folds, standard, recipe, spec.training, settings, spec.seed))


def _harden(
    folds: Folds, standard: Arrays, recipe: Recipe, training: TrainingSpec, spec: HardeningSpec, seed: int
) -> Arrays:
    rounds = harden(
        recipe, as_net(standard), folds.train_x(), folds.train_y(), training, spec, stage_rng(seed, recipe)
    )
    return {
        f"{state.round}/{name}": array
        for state in rounds
        for name, array in (
            state.net.to_arrays()
            | {
                "gradient_steps": np.array([state.gradient_steps]),
                "training_rows": np.array([state.training_rows]),
            }
        ).items()
    }


def round_arrays(hardened: Arrays, number: int) -> Arrays:
    """The arrays of one round out of what hardening returned."""
    prefix = f"{number}/"
    arrays = {name.removeprefix(prefix): a for name, a in hardened.items() if name.startswith(prefix)}
    return arrays | {"round": np.array([number])}


def only_weights(arrays: Arrays) -> Arrays:
    """The weights among the arrays of a training or hardening result."""
    return {n: a for n, a in arrays.items() if n.startswith(("weights.", "biases."))}


def as_net(arrays: Arrays) -> FraudNet:
    """The stack among the arrays of a training or hardening result."""
    return FraudNet.from_arrays(only_weights(arrays))


def attack_task(spec: StudySpec, folds: Folds, state: Arrays, epsilons: tuple[float, ...]) -> StageTask:
    """Attack one state of the models at the given budgets."""
    settings = spec.attack.model_copy(
        update={"epsilons": epsilons, "round_epsilons": (), "headline_epsilon": 0.0}
    )
    weights = only_weights(state)
    inputs = task_inputs(
        ATTACK_SOURCE, settings, spec.training, spec.seed,
        folds=folds, weights=weights,
    )  # fmt: skip
    return StageTask(inputs, _attack, (folds, weights, settings))


def _attack(folds: Folds, weights: Arrays, settings: AttackSpec) -> Arrays:
    return evaluate(FraudNet.from_arrays(weights), folds, settings, settings.epsilons).to_arrays()


def battery_task(spec: StudySpec, folds: Folds, state: Arrays) -> StageTask:
    """Every attack of the battery against the first seed's models of one state."""
    weights, epsilon = only_weights(state), spec.attack.headline_epsilon
    inputs = task_inputs(
        ATTACK_SOURCE, spec.battery, spec.training, spec.seed, epsilon, folds=folds, weights=weights
    )
    return StageTask(inputs, _battery, (folds, weights, epsilon, spec.battery, spec.seed))


def _battery(folds: Folds, weights: Arrays, epsilon: float, spec: BatterySpec, seed: int) -> Arrays:
    return battery.to_arrays(
        battery.run_battery(FraudNet.from_arrays(weights), folds, 0, epsilon, spec, seed)
    )
