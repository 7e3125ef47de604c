"""What is measured on: the bank checks as the study trains on them."""

from generator.datasets import SourceOptions, dataset
from generator.models.folds import Folds, make_folds
from generator.records.spec import StudySpec


def checks() -> tuple[StudySpec, Folds]:
    """The study of the bank checks and its folds: 10 seeds x 5 folds, 4,000 training rows each."""
    known = dataset("checks")
    table = known.load(known.study, SourceOptions(offline=True))
    return known.study, make_folds(table.x, table.y, known.study.training, known.study.seed)
