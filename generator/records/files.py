"""Where a study leaves what it found: one record a dataset, and beside it what is too large for a record."""

from pathlib import Path


def record_file(folder: Path, dataset: str) -> Path:
    """The record, JSON."""
    return folder / f"{dataset}.json"


def draws_file(folder: Path, dataset: str) -> Path:
    """Bootstrap draws of the rates, npz."""
    return folder / "draws" / f"{dataset}.npz"


def rows_file(folder: Path, dataset: str) -> Path:
    """Every row under every quoted model, gzipped CSV."""
    return folder / "rows" / f"{dataset}.csv.gz"


def weights_file(folder: Path, dataset: str) -> Path:
    """The models those rows were judged by, safetensors."""
    return folder / "rows" / f"{dataset}.safetensors"


def missing(folder: Path, dataset: str) -> list[Path]:
    """Which of them are not there."""
    kinds = (record_file, draws_file, rows_file, weights_file)
    return [path for kind in kinds if not (path := kind(folder, dataset)).exists()]
