"""Tiny runs that differ in a chosen way, and folders of their records."""

from pathlib import Path

from generator.records.results import StudyResult


def later(result: StudyResult, key: str = "6", **changes) -> StudyResult:
    """The result as another study: its key, its source, and what `changes` says."""
    origin = result.provenance.model_copy(update={"study_key": key * 64, "source_sha256": key * 64})
    return result.model_copy(update={"provenance": origin, **changes})


def with_cut(result: StudyResult, cut: float) -> StudyResult:
    rule = result.data.rule.model_copy(update={"cut": cut})
    return result.model_copy(update={"data": result.data.model_copy(update={"rule": rule})})


def write(folder: Path, *results: StudyResult) -> Path:
    folder.mkdir(exist_ok=True)
    for result in results:
        (folder / f"{result.data.name}.json").write_text(result.to_json())
    return folder
