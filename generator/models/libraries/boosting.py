"""The libraries of boosted trees, each given its own file."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import numpy as np

from generator.models.deployed import TakenOver
from generator.models.libraries.asked import Margins


def xgboost(module: ModuleType, taken: TakenOver, files: Mapping[str, bytes], name: str) -> Margins:
    booster = module.Booster({"nthread": 1})
    booster.load_model(bytearray(files[name]))
    best, trees = booster.attr("best_iteration"), len(booster.get_dump())
    rounds = (0, 0) if best is None or len(taken.file.model.roots) == trees else (0, int(best) + 1)

    def margins(given: np.ndarray) -> np.ndarray:
        rows = module.DMatrix(
            given, feature_names=booster.feature_names, feature_types=booster.feature_types, enable_categorical=True
        )  # fmt: skip
        return booster.predict(rows, output_margin=True, iteration_range=rounds).astype(np.float64)

    return margins


def lightgbm(module: ModuleType, taken: TakenOver, files: Mapping[str, bytes], name: str) -> Margins:
    # given codes, it must not look for names
    text = files[name].decode().partition("\npandas_categorical:")[0]
    booster = module.Booster(model_str=f"{text}\npandas_categorical:null\n")
    divisor = len(taken.file.model.roots) if "\naverage_output" in text else 1
    return lambda given: booster.predict(given, raw_score=True, num_threads=1) / divisor


def catboost(module: ModuleType, taken: TakenOver, files: Mapping[str, bytes], name: str) -> Margins:
    with TemporaryDirectory() as folder:  # it reads JSON from files alone
        path = Path(folder) / "model.json"
        path.write_bytes(files[name])
        model = module.CatBoost().load_model(str(path), format="json")
    return lambda given: model.predict(given, prediction_type="RawFormulaVal", thread_count=1)
