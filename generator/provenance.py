"""What a study's numbers depend on, and the one key that stands for all of it."""

import json
import platform
from functools import cache
from importlib.metadata import version

from generator.engine.files import sha256_of, sha256_of_sources
from generator.program import PACKAGE, PROGRAM
from generator.records.results import Provenance
from generator.records.spec import StudySpec

LOCK = PROGRAM / "requirements.txt"

STUDY_SIDE = ("study", "datasets", "models", "threats", "proofs", "impact/costs.py", "engine", "records")
"""Everything that can change a number. Prose, charts and styles are not in it, nor the words of a study file."""

LIBRARIES = (
    "adversarial-robustness-toolbox",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "torch",
)


def lock_sha256() -> str:
    return sha256_of(LOCK.read_bytes())


@cache
def versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


@cache
def environment() -> dict[str, str]:
    """What the answers of the source in this process depend on besides their arguments, wherever it runs.

    Asked once: the files may change under a process that has long read them.
    """
    return {"source": sha256_of_sources(PACKAGE, STUDY_SIDE), "lock file": lock_sha256()} | versions()


def provenance(spec: StudySpec, data_sha256: str) -> Provenance:
    """The provenance of a study of `spec` on the data with that canonical hash, run by this source."""
    source, lock = sha256_of_sources(PACKAGE, STUDY_SIDE), lock_sha256()
    installed = versions()
    key = sha256_of(source, spec.computing(), data_sha256, lock, json.dumps(installed, sort_keys=True))
    return Provenance(
        study_key=key,
        source_sha256=source,
        lock_sha256=lock,
        data_sha256=data_sha256,
        asked_sha256=sha256_of(spec.to_json()),
        versions=installed,
    )
