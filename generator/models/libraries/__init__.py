"""Models in use, asked through the libraries that wrote their files or run them, where these are installed.

A reader repeats the arithmetic of a library; here the library itself answers, which shares nothing with the reader.
"""

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.models.deployed import TakenOver
from generator.models.libraries.asked import Ask, Margins, NotAskedError
from generator.models.libraries.boosting import catboost, lightgbm, xgboost
from generator.models.libraries.pipelines import sklearn
from generator.models.libraries.runtime import onnx

__all__ = ["ASKED", "Library", "Margins", "NotAskedError", "library_of"]

ROUNDED = 1e-12
"""By which CatBoost may differ, relative above 1: it reads the last digit of some numbers in its own JSON wrongly."""

ASKED: dict[str, tuple[str, str, Ask]] = {
    "XGBoost": ("XGBoost", "xgboost", xgboost),
    "LightGBM": ("LightGBM", "lightgbm", lightgbm),
    "CatBoost": ("CatBoost", "catboost", catboost),
    "ONNX": ("ONNX Runtime", "onnxruntime", onnx),
    "scikit-learn": ("scikit-learn", "sklearn", sklearn),
}
"""By library, as readers call it: the one that is asked, its package, and how."""


@dataclass(frozen=True)
class Library:
    """One that is installed here, with a model of its own."""

    name: str
    """With its version."""
    margins: Margins
    tolerance: float
    """Largest difference of margins from those of the reader, relative where above 1."""


def library_of(taken: TakenOver, files: Mapping[str, bytes]) -> Library | None:
    """The library that answers for a model; None where it is not installed.

    Args:
        files: Name -> content, of the file of the model and of what it was read with.

    Raises:
        NotAskedError: It is installed, and cannot be asked about this model.
    """
    name = re.match(r"[\w-]*", taken.file.library)[0]
    if name not in ASKED:
        return None
    called, package, ask = ASKED[name]
    try:
        module = importlib.import_module(package)
    except ImportError:
        return None
    if taken.spec.fraud is not None:  # its score may be that of the other class
        raise NotAskedError(f"{called} is not asked, as the study file says which class is fraud")
    margins = ask(module, taken, files, Path(taken.spec.file).name)
    tolerance = max(taken.file.tolerance, ROUNDED if name == "CatBoost" else 0.0)
    return Library(f"{called} {module.__version__}", margins, tolerance)
