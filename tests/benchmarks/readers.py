"""Readers of models against older libraries than the lock has, each in an environment that is thrown away.

The older library trains and saves; the reader chooses rows that hit its thresholds; the older library scores them.
`python -m tests.benchmarks.readers`, a few minutes, mostly of installing.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from generator.models.readers import read
from generator.models.readers.deployed import Asked

ONNX = ("scikit-learn==1.4.2", "skl2onnx==1.16.0", "onnx==1.15.0", "onnxruntime==1.17.3", "protobuf==4.25.8")
OLDER = {
    "xgboost": ("model.json", ("xgboost-cpu==2.1.4",)),
    "lightgbm": ("model.txt", ("lightgbm==3.3.5",)),
    "catboost": ("model.json", ("catboost==1.2.5", "six")),
    "scikit-learn": ("model.skops", ("scikit-learn==1.4.2", "skops==0.10.0")),
    "forest": ("model.skops", ("scikit-learn==1.4.2", "skops==0.10.0")),
    "onnx": ("model.onnx", ONNX),
    "onnx-trees": ("model.onnx", ONNX),
    "onnx-histogram": ("model.onnx", ONNX),
}
"""By library: the file that it saves, and what is installed."""
SHARED = ("numpy==1.26.4", "scipy==1.13.1", "pandas==2.2.3")
ROWS = 20_000


def measure() -> dict[str, dict]:
    """By library: what was installed, rows, labels that differ, margins whose bits do, and by how much at most."""
    return {name: _compared(name, *OLDER[name]) for name in OLDER}


def _compared(name: str, file: str, packages: tuple[str, ...]) -> dict:
    with tempfile.TemporaryDirectory(prefix="readers-") as made:
        folder = Path(made)
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        python = folder / "venv" / "bin" / "python"
        quiet = ("--quiet", "--disable-pip-version-check", "--no-cache-dir")
        subprocess.run([python, "-m", "pip", "install", *quiet, *packages, *SHARED], check=True)
        older = [python, Path(__file__).with_name("older.py")]
        subprocess.run([*older, "train", name, folder], check=True)
        gaps = not file.endswith(".onnx")
        deployed = read(folder / file, asked=Asked(categories={"4": range(5)} if gaps else {}))
        x = _rows(deployed.model, np.load(folder / "sample.npy"))
        x = x if gaps else np.nan_to_num(x).astype(np.float32).astype(float)
        np.save(folder / "rows.npy", x)
        subprocess.run([*older, "score", name, folder], check=True)
        with np.load(folder / "scores.npz") as answered:
            own, scores = deployed.margins_raw(x), answered["scores"]
            return {
                "installed": list(packages),
                "said": deployed.library,
                "rows": len(x),
                "flagged": int((answered["labels"] > 0).sum()),
                "labels_differ": int(((deployed.margins(x) > 0) != (answered["labels"] > 0)).sum()),
                "bits_differ": int((own != scores).sum()),
                "largest_difference": float(np.abs(own - scores).max()),
            }


def _rows(trees, sample: np.ndarray) -> np.ndarray:
    """Rows of the table with most numbers on a threshold, or one float beside it, and categories of no code."""
    rng = np.random.default_rng(2)
    x = sample[rng.integers(0, len(sample), ROWS)]
    if not hasattr(trees, "threshold"):
        return x
    for place in range(x.shape[1]):
        own = trees.threshold[(trees.feature == place) & np.isfinite(trees.threshold)]
        singles = own.astype(np.float32)
        with np.errstate(over="ignore"):  # the border of CatBoost beyond which nothing lies
            near = [np.nextafter(of, side) for of in (own, singles) for side in (-np.inf, np.inf)]
        near = np.concatenate((own, *near))
        near = near[np.abs(near) <= np.finfo(np.float32).max]
        if len(near):
            hit = rng.random(ROWS) < 0.7
            x[hit, place] = rng.choice(near, hit.sum())
        x[rng.random(ROWS) < 0.1, place] = np.nan
    if (trees.category_set >= 0).any():
        x[:, 4] = rng.choice([-1, 0, 1, 2, 3, 4, 5, 7, np.nan], ROWS)
    return x


if __name__ == "__main__":
    for name, found in measure().items():
        print(name, found)
