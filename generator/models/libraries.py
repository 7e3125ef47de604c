"""Models in use, asked through the libraries that wrote their files, where these are installed.

A reader repeats the arithmetic of a library; here the library itself answers, which shares nothing with the reader. Of
scikit-learn and ONNX no library is asked: their files are read again.
"""

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import numpy as np

from generator.models.deployed import TakenOver

Margins = Callable[[np.ndarray], np.ndarray]
"""(n,) the library's own score, of what it is given (n, columns)."""

ROUNDED = 1e-12
"""By which CatBoost may differ, relative above 1: it reads the last digit of some numbers in its own JSON wrongly."""


@dataclass(frozen=True)
class Library:
    """One that is installed here, with a model of its own."""

    name: str
    """With its version."""
    margins: Margins
    tolerance: float
    """Largest difference of margins from those of the reader, relative where above 1."""


def library_of(taken: TakenOver, content: bytes) -> Library | None:
    """The library that wrote a file; None where it is not installed, or cannot be asked.

    Args:
        content: Of the file.
    """
    name = re.match(r"\w*", taken.file.library)[0]
    if name not in ASKED or taken.spec.fraud is not None:  # its score may be that of the other class
        return None
    try:
        module = importlib.import_module(name.lower())
    except ImportError:
        return None
    tolerance = max(taken.file.tolerance, ROUNDED if name == "CatBoost" else 0.0)
    return Library(f"{name} {module.__version__}", ASKED[name](module, taken, content), tolerance)


def _xgboost(xgboost: ModuleType, taken: TakenOver, content: bytes) -> Margins:
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(content))
    best, trees = booster.attr("best_iteration"), len(booster.get_dump())
    rounds = (0, 0) if best is None or len(taken.file.model.roots) == trees else (0, int(best) + 1)

    def margins(given: np.ndarray) -> np.ndarray:
        rows = xgboost.DMatrix(
            given, feature_names=booster.feature_names, feature_types=booster.feature_types, enable_categorical=True
        )  # fmt: skip
        return booster.predict(rows, output_margin=True, iteration_range=rounds).astype(np.float64)

    return margins


def _lightgbm(lightgbm: ModuleType, taken: TakenOver, content: bytes) -> Margins:
    # given codes, it must not look for names
    text = content.decode().partition("\npandas_categorical:")[0]
    booster = lightgbm.Booster(model_str=f"{text}\npandas_categorical:null\n")
    divisor = len(taken.file.model.roots) if "\naverage_output" in text else 1
    return lambda given: booster.predict(given, raw_score=True, num_threads=1) / divisor


def _catboost(catboost: ModuleType, taken: TakenOver, content: bytes) -> Margins:
    with TemporaryDirectory() as folder:  # it reads JSON from files alone
        path = Path(folder) / "model.json"
        path.write_bytes(content)
        model = catboost.CatBoost().load_model(str(path), format="json")
    return lambda given: model.predict(given, prediction_type="RawFormulaVal", thread_count=1)


ASKED: dict[str, Callable[[ModuleType, TakenOver, bytes], Margins]] = {
    "XGBoost": _xgboost, "LightGBM": _lightgbm, "CatBoost": _catboost,
}  # fmt: skip
"""By name, as readers call it."""
