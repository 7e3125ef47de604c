"""scikit-learn, asked through skops: objects are made only where no class in the file needs anybody's trust."""

import importlib
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from generator.models.deployed import TakenOver
from generator.models.libraries.asked import Margins, NotAskedError, named


def sklearn(module: ModuleType, taken: TakenOver, files: Mapping[str, bytes], name: str) -> Margins:
    """Raises: NotAskedError if skops is missing or trusts not all of it, or another scikit-learn wrote the file."""
    try:
        skops = importlib.import_module("skops.io")
    except ImportError:
        raise NotAskedError("scikit-learn is not asked, as skops is not installed") from None
    wrote = taken.file.library.rpartition(" ")[2]
    if wrote.split(".")[:2] != module.__version__.split(".")[:2]:
        raise NotAskedError(f"scikit-learn {module.__version__} is not asked, as {wrote} wrote the file")
    if untrusted := skops.get_untrusted_types(data=files[name]):
        raise NotAskedError(f"scikit-learn is not asked, as skops does not trust {untrusted[0]} by itself")
    model = skops.loads(files[name], trusted=[])
    last = model[-1] if hasattr(model, "steps") else model
    is_net = hasattr(last, "out_activation_")
    if is_net:
        last.out_activation_ = "identity"  # the score itself, of which a probability near 1 tells little
    nothing = None if any(each is None for held in _categories(model) for each in held) else np.nan

    def margins(given: np.ndarray) -> np.ndarray:
        columns = named(taken.file, given, lambda names: nothing)
        rows = _rows(taken.file.inputs, columns)
        return model.predict_proba(rows)[:, 1] if is_net else model.decision_function(rows)

    return margins


def _rows(names: tuple[str, ...], columns: list[np.ndarray]) -> Any:
    """A data frame where the model has names."""
    if not names:
        return np.column_stack(columns)
    import pandas

    # else pandas would make texts of objects, and NaN of None
    kept = (pandas.Series(column, dtype=column.dtype) for column in columns)
    return pandas.DataFrame(dict(zip(names, kept, strict=True)))


def _categories(step: Any) -> Iterator[Any]:
    """The lists of categories of all encoders in it."""
    yield from getattr(step, "categories_", ())
    for _, inner, *_ in (*getattr(step, "steps", ()), *getattr(step, "transformers_", ())):
        yield from _categories(inner)
