"""A stage result comes back as it went in, or not at all."""

import logging
import pickle

import numpy as np
import pytest

from generator.engine.cache import StageCache

ARRAYS = {
    "weights": np.arange(6, dtype=np.float32).reshape(2, 3),
    "right": np.array([[True, False]]),
    "steps": np.array([7]),
    "turned": np.arange(6.0).reshape(2, 3).T,
}
INPUTS = {"source": "a1", "lock": "b2"}


@pytest.fixture
def cache(tmp_path) -> StageCache:
    return StageCache(tmp_path / "cache")


def test_a_result_comes_back_with_its_values_shapes_and_types(cache):
    cache.store("checks/train", INPUTS, ARRAYS)
    loaded = cache.load("checks/train", INPUTS)
    assert set(loaded) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert loaded[name].dtype == array.dtype
        np.testing.assert_array_equal(loaded[name], array)


def test_what_was_never_stored_is_absent(cache):
    assert cache.load("checks/train", INPUTS) is None


@pytest.mark.parametrize(
    ("stage", "inputs"),
    [
        ("checks/harden", INPUTS),
        ("kaggle/train", INPUTS),
        ("checks/train", {"source": "a1", "lock": "b3"}),
        ("checks/train", {"source": "a1"}),
        ("checks/train", {"source": "b2", "lock": "a1"}),
    ],
)
def test_another_stage_or_other_inputs_have_another_place(cache, stage, inputs):
    cache.store("checks/train", INPUTS, ARRAYS)
    assert cache.path(stage, inputs) != cache.path("checks/train", INPUTS)
    assert cache.load(stage, inputs) is None


def test_the_order_in_which_inputs_are_named_does_not_matter(cache):
    assert cache.path("s", INPUTS) == cache.path("s", dict(reversed(INPUTS.items())))


def _truncate(data: bytes) -> bytes:
    return data[:-1]


def _alter(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def _empty(data: bytes) -> bytes:
    return b""


def _replace_by_pickle(data: bytes) -> bytes:
    return pickle.dumps(ARRAYS)


@pytest.mark.parametrize("damage", [_truncate, _alter, _empty, _replace_by_pickle])
def test_a_damaged_file_is_reported_removed_and_counts_as_absent(cache, caplog, damage):
    cache.store("checks/train", INPUTS, ARRAYS)
    path = cache.path("checks/train", INPUTS)
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert cache.load("checks/train", INPUTS) is None
    assert f"{path.name} is damaged; computing it again" in caplog.text
    assert not path.exists()


def test_fresh_reads_nothing_and_still_writes(cache):
    cache.store("checks/train", INPUTS, ARRAYS)
    fresh = StageCache(cache.folder, fresh=True)
    assert fresh.load("checks/train", INPUTS) is None
    fresh.store("checks/train", INPUTS, {"steps": np.array([8])})
    assert cache.load("checks/train", INPUTS)["steps"].tolist() == [8]
