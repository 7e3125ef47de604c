"""A model placed on a table says of its rows what it says of the columns that it would have been given."""

import numpy as np
import pytest
from tree_fixture import CODES, D, tiny_ensemble

from generator.models.placing import Column, given, placed
from generator.models.readers.layered import Encoding, Layered

INPUTS, PLACES = 4, 5


def _column(rng: np.random.Generator, source: int) -> Column:
    """Inputs 0 and 1 are numbers, 2 and 3 places: as they are, coded, one of several noughts and ones, in order."""
    if source < 2:
        return Column(source, missing=rng.choice([np.nan, -1.0, 0.0]))
    values = [
        np.arange(PLACES), rng.permutation(PLACES), rng.integers(-1, CODES + 1, PLACES),
        np.eye(PLACES)[rng.integers(PLACES)], np.cumsum(rng.integers(1, 3, PLACES)) - 2,
    ][rng.integers(5)].astype(float)  # fmt: skip
    return Column(source, values, missing=rng.choice([np.nan, 0.0]))


def _rows(rng: np.random.Generator) -> np.ndarray:
    x = np.column_stack((rng.integers(-8, 9, (200, 2)) / 2, rng.integers(0, PLACES, (200, 2))))
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


def test_trees_of_columns_are_trees_of_inputs_to_the_bit():
    """Thresholds are hit, zeros are missing, names are unknown, columns share an input."""
    sets = thresholds = 0
    for seed in range(600):
        rng = np.random.default_rng(seed)
        ensemble = tiny_ensemble(rng, category=bool(rng.random() < 0.5))
        sources = (
            [0, rng.integers(2, 4), rng.integers(2, 4)] if rng.random() < 0.5 else rng.permutation(INPUTS)[:D]
        )
        columns, x = [_column(rng, int(source)) for source in sources], _rows(rng)
        try:
            found = placed(ensemble, columns, INPUTS)
        except ValueError as error:
            assert "missing in two ways" in str(error) or "a name to the model" in str(error)  # noqa: PT017
            continue
        np.testing.assert_array_equal(
            found.margins_raw(x), ensemble.margins_raw(given(columns, x)), f"ensemble {seed}"
        )
        sets += (found.category_set >= 0).sum()
        thresholds += ((found.feature >= 2) & (found.category_set < 0)).sum()
    assert sets > 1_000
    assert thresholds > 300


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_of_columns_are_layers_of_inputs_to_the_bit(dtype):
    for seed in range(100):
        rng = np.random.default_rng(seed)
        m = 4
        tables = rng.normal(0, 1, (m, CODES + 2))
        encoding = Encoding(
            rng.integers(0, D, m).astype(np.int32), rng.random(m) < 0.4,
            rng.normal(size=m).astype(dtype), *rng.uniform(0.5, 2, (2, m)).astype(dtype),
            rng.normal(size=m).astype(dtype),
            tables,
        )  # fmt: skip
        weights = (rng.normal(size=(m, 3)).astype(dtype), rng.normal(size=(3, 1)).astype(dtype))
        model = Layered(encoding, weights, (np.zeros(3, dtype), np.zeros(1, dtype)), "relu", D)
        columns, x = [_column(rng, int(source)) for source in rng.permutation(INPUTS)[:D]], _rows(rng)
        np.testing.assert_array_equal(
            placed(model, columns, INPUTS).margins_raw(x), model.margins_raw(given(columns, x)), f"net {seed}"
        )
