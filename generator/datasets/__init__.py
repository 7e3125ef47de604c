"""The datasets of the study: what is asked stands in a study file, what computes in the folder here that it names."""

import importlib
from collections.abc import Sequence
from pathlib import Path

from generator.datasets.study_file import StudyFileError, is_validation, read_study, read_validation
from generator.datasets.table import (
    DataError,
    Dataset,
    FreshRows,
    LabelledTable,
    Rule,
    SourceOptions,
    check_learnable,
)
from generator.program import STUDIES

__all__ = [
    "DataError",
    "Dataset",
    "FreshRows",
    "LabelledTable",
    "Rule",
    "SourceOptions",
    "StudyFileError",
    "check_learnable",
    "dataset",
    "datasets",
    "is_validation",
    "read_validation",
]


def datasets(folder: Path = STUDIES, names: Sequence[str] = ()) -> list[Dataset]:
    """The datasets whose study files lie in `folder`, by name; those that are named, if any are.

    Study files of a validation are none of them.

    Raises:
        StudyFileError: There is none of that name, or a file cannot be used.
    """
    files = {path.stem: path for path in sorted(folder.glob("[!.]*.toml"))}
    known = [name for name, path in files.items() if name not in names and not is_validation(path)]
    for name in names:
        if name not in files:
            raise StudyFileError(
                f"unknown dataset {name!r}; known: {', '.join(known) or f'none in {folder}'}"
            )
        if is_validation(files[name]):
            raise StudyFileError(
                f"{files[name]}: it is a validation of a table of one's own, no dataset of this project"
            )
    return [_dataset(files[name]) for name in (names or known)]


def dataset(name: str) -> Dataset:
    """The dataset of this project called `name`."""
    return datasets(names=[name])[0]


def _dataset(path: Path) -> Dataset:
    study = read_study(path)
    tables = sorted(each.parent.name for each in Path(__file__).parent.glob("[!.]*/dataset.py"))
    if study.table not in tables:
        raise StudyFileError(f"{path}: table: found {study.table!r}; known: {', '.join(tables)}")
    made = importlib.import_module(f"{__name__}.{study.table}.dataset")
    return Dataset(study, made.load, made.summarise, made.fresh)
