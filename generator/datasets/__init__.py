"""The datasets of the study. To add one: a file here that makes a `Dataset`, and its name in DATASETS."""

from generator.datasets.checks import dataset as checks
from generator.datasets.kaggle import dataset as kaggle
from generator.datasets.table import (
    DataError,
    Dataset,
    FreshRows,
    LabelledTable,
    Rule,
    SourceOptions,
    check_learnable,
)

DATASETS = (checks.DATASET, kaggle.DATASET)

__all__ = [
    "DATASETS",
    "DataError",
    "Dataset",
    "FreshRows",
    "LabelledTable",
    "Rule",
    "SourceOptions",
    "check_learnable",
    "dataset",
]


def dataset(name: str) -> Dataset:
    """The dataset called `name`.

    Raises:
        DataError: There is none; the message names the known ones.
    """
    for candidate in DATASETS:
        if candidate.name == name:
            return candidate
    known = ", ".join(candidate.name for candidate in DATASETS)
    raise DataError(f"unknown dataset {name!r}; known: {known}")
