"""What several test modules share: one small table, its folds, one tiny study run end to end, and its built site."""

import os
import pickle
import zipfile
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: tests run side by side
# the servers of tests are on this machine, where no proxy leads
os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost"

from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from study_fixture import Recorder, StudyRun, store

from generator.records.features import Feature
from generator.records.spec import (
    AttackSpec,
    BatterySpec,
    HardeningSpec,
    ProofSpec,
    StudySpec,
    TrainingSpec,
)

FIRST = (
    "browser/test_budgets.py", "test_audit.py", "test_ledger.py", "test_one_place.py", "test_kept.py",
    "browser/test_circumstances.py", "browser/test_calculator.py", "test_faults.py", "test_hostile.py", "test_study.py",
)  # fmt: skip
"""What takes longest begins, and what each of the first needs is made by it alone: the site, the study, nothing."""


def pytest_collection_modifyitems(items: list[pytest.Item]):
    """Files of tests in the order in which workers are to take them."""
    place = {Path(__file__).parent / name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: place.get(item.path, len(FIRST)))


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """A function that gives the folder of a name, made by whichever worker of this run asks first; to be read only."""
    own = tmp_path_factory.getbasetemp()
    common = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def made(name: str, make: Callable[[Path], object]) -> Path:
        with FileLock(common / f"{name}.lock"):
            if not (common / name).exists():
                making = tmp_path_factory.mktemp(name)
                make(making)
                making.rename(common / name)
        return common / name

    return made


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="session")
def tiny_spec() -> StudySpec:
    """300 checks, 2 seeds x 3 folds, few epochs, rounds, budgets and queries."""
    from generator.datasets import dataset

    study = dataset("checks").study
    asked = dict(
        rows=300,
        beside=(),  # models of other kinds have studies of their own
        extraction=None,  # and so have the other threats
        inference=None,
        training=TrainingSpec(seeds=2, folds=3, epochs=2),
        attack=AttackSpec(epsilons=(0.0, 0.1, 0.35, 1.0), round_epsilons=(0.1, 0.35), pgd_steps=2),
        hardening=HardeningSpec(rounds=2, epochs_per_round=1, pgd_steps=2),
        proof=ProofSpec(
            epsilons=(0.1, 0.35, 1.0), radius_tolerance=0.05, radius_seeds=1, cross_checked_rows=2,
            population_rows=2_000,
        ),
        battery=BatterySpec(
            pgd_steps=3, restarts=1, apgd_steps=3, apgd_restarts=1, boundary_steps=3, search_queries=20,
            noise_draws=5, hop_skip_jump_rows=2, hop_skip_jump_steps=2, hop_skip_jump_queries=500,
            zoo_rows=2, zoo_steps=2, tree_copy_rows=4,
        ),
        poisoning=None,  # as above
        bootstrap=100,
    )  # fmt: skip
    return StudySpec.model_validate(dict(study) | asked)


@pytest.fixture(scope="session")
def tiny_study(tiny_spec, shared) -> StudyRun:
    """The tiny study, run with one worker; its stages are computed once."""
    from generator.datasets import SourceOptions, dataset
    from generator.engine.cache import StageCache
    from generator.engine.stages import Engine
    from generator.provenance import provenance
    from generator.study.run import run_study

    known = dataset("checks")
    table = known.load(tiny_spec, SourceOptions(offline=True))
    origin = provenance(tiny_spec, table.source.canonical_sha256)

    def run(cache: Path, recorder: Recorder):
        return run_study(tiny_spec, known, table, origin, Engine(StageCache(cache), 1, recorder))

    def make(folder: Path):
        told = Recorder()
        run(folder / "stages", told)
        (folder / "told").write_bytes(pickle.dumps(told))

    folder = shared("study", make)
    told, cache = pickle.loads((folder / "told").read_bytes()), folder / "stages"
    return StudyRun(tiny_spec, known, table, origin, cache, told, run(cache, Recorder()))


@pytest.fixture
def stored(tiny_study, tmp_path) -> Path:
    """A folder with all that the tiny study leaves."""
    store(tiny_study, tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def project(shared) -> Path:
    """A project of both tiny results: docs/, the site in site/, its copies in build/, and their zip in unpacked/."""
    from report_fixture import tiny_project

    from generator.publish.export import export_offline
    from generator.publish.site import build_site

    def make(folder: Path):
        tiny_project(folder)
        rows = folder / "docs" / "data" / "rows" / "checks.csv.gz"
        rows.parent.mkdir()
        rows.write_bytes(b"too large for a copy")
        build_site(folder / "mkdocs.yml", folder / "site")
        archive, _ = export_offline(folder / "docs", folder / "build", folder / "mkdocs.offline.yml")
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder / "unpacked")

    return shared("project", make)


@pytest.fixture(scope="session")
def tiny_docs(project) -> Path:
    """The pages of both tiny results, rendered once; to be read, not changed."""
    return project / "docs"


@pytest.fixture(scope="session")
def small_table(tiny_spec):
    """The 300 checks of the tiny study."""
    from generator.datasets import SourceOptions, dataset

    return dataset("checks").load(tiny_spec, SourceOptions(offline=True))


@pytest.fixture(scope="session")
def small_folds(small_table, tiny_spec):
    """2 seeds x 3 folds of the small table."""
    from generator.models.folds import make_folds

    return make_folds(small_table.x, small_table.y, tiny_spec.training, tiny_spec.seed)


@pytest.fixture(scope="session")
def small_models(small_folds, tiny_spec):
    """Standard models of the small table, trained long enough to have some skill."""
    from generator.study.tasks import standard_state, train_task

    training = tiny_spec.training.model_copy(update={"epochs": 15})
    task = train_task(tiny_spec.model_copy(update={"training": training}), small_folds)
    return standard_state(task.function(*task.arguments))


@pytest.fixture(scope="session")
def toy_table() -> tuple[np.ndarray, np.ndarray]:
    """40 rows of three features in unlike raw units, 12 of them fraud."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal((40, 3)) * (1.0, 50.0, 2000.0) + (0.0, 10.0, 5000.0)
    return x, np.array([1] * 12 + [0] * 28)


@pytest.fixture(scope="session")
def toy_folds(toy_table):
    """2 seeds x 3 folds of the toy table; 40 rows do not divide by 3, so some folds are filled up."""
    from generator.models.folds import make_folds

    return make_folds(*toy_table, TrainingSpec(seeds=2, folds=3), seed=5)


@pytest.fixture(scope="session")
def toy_features() -> tuple[Feature, ...]:
    """What is known of the columns of the toy table."""
    shared = {"unit": "", "decimals": 0, "control": "free", "helps": "both", "note": ""}
    measured = {"low": 0, "high": 1, "mean": 0, "standard_deviation": 1}
    return tuple(
        Feature(name=name, title=name, **shared, **measured) for name in ("amount", "age", "balance")
    )


@pytest.fixture
def linear_stack(toy_folds):
    """A stack without hidden layers, one linear model a replicate: logits x @ w + b."""
    import torch

    from generator.models.fraudnet.network import FraudNet

    net = FraudNet(toy_folds.replicates, 3, hidden=())
    return net.initialise(torch.Generator().manual_seed(3)).requires_grad_(False)


@pytest.fixture
def random_stack(toy_folds):
    """A stack of untrained FraudNets, one a replicate."""
    import torch

    from generator.models.fraudnet.network import FraudNet

    net = FraudNet(toy_folds.replicates, 3)
    return net.initialise(torch.Generator().manual_seed(4)).requires_grad_(False)
