"""A stage result comes back as it went in, or not at all."""

import logging
import os
import pickle
import time
from pathlib import Path

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


def _truncate(path: Path):
    path.write_bytes(path.read_bytes()[:-1])


def _empty(path: Path):
    path.write_bytes(b"")


def _replace_by_pickle(path: Path):
    path.write_bytes(pickle.dumps(ARRAYS))


def _replace_by_folder(path: Path):
    path.unlink()
    path.mkdir()
    (path / "inside").write_bytes(b"something")


def _flip(where: float):
    def flip(path: Path):
        content = bytearray(path.read_bytes())
        content[int(where * (len(content) - 1))] ^= 1 << int(where * 7)
        path.write_bytes(content)

    flip.__name__ = f"flip_at_{where}"
    return flip


DAMAGES = [
    _truncate,
    _empty,
    _replace_by_pickle,
    _replace_by_folder,
    *map(_flip, (0.0, 0.1, 0.2, 0.5, 0.8, 1.0)),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_entry_is_reported_removed_and_counts_as_absent(cache, caplog, damage):
    cache.store("checks/train", INPUTS, ARRAYS)
    path = cache.path("checks/train", INPUTS)
    damage(path)
    with caplog.at_level(logging.WARNING):
        assert cache.load("checks/train", INPUTS) is None
    assert f"{path.name} is damaged; computing it again" in caplog.text
    assert not path.exists()
    aside = [each.read_bytes() for each in cache.folder.rglob("inside")]
    assert aside == ([b"something"] if damage is _replace_by_folder else [])


def test_an_entry_takes_the_place_of_a_folder_that_nobody_read(cache):
    cache.path("checks/train", INPUTS).mkdir(parents=True)
    StageCache(cache.folder, fresh=True).store("checks/train", INPUTS, ARRAYS)
    assert cache.load("checks/train", INPUTS)["steps"].tolist() == [7]


def test_equal_results_are_stored_as_equal_bytes(tmp_path):
    many = {f"input {i}": str(i) for i in range(20)}
    stored = []
    for folder in ("one", "other"):
        cache = StageCache(tmp_path / folder)
        cache.store("checks/train", many, ARRAYS)
        stored.append(cache.path("checks/train", many).read_bytes())
    assert stored[0] == stored[1]


def test_what_changed_is_told_by_the_nearest_entry_of_earlier_runs(cache):
    earlier = StageCache(cache.folder)
    earlier.store("checks/train", {"source": "a1", "lock": "b2", "x": "c3"}, ARRAYS)
    earlier.store("checks/train", {"source": "a0", "lock": "b0", "x": "c0"}, ARRAYS)
    earlier.store("kaggle/train", {"source": "a9", "lock": "b2", "x": "c3"}, ARRAYS)
    assert cache.changed("checks/train", {"source": "a9", "lock": "b2", "x": "c3"}) == ("source",)
    assert cache.changed("checks/train", {"source": "a1", "lock": "b2", "y": "c3"}) == ("x", "y")
    assert cache.changed("checks/harden", INPUTS) == ()


def test_what_this_run_used_tells_nothing_about_what_changed(cache):
    cache.store("checks/harden", {"recipe": "one"}, ARRAYS)
    assert cache.changed("checks/harden", {"recipe": "other"}) == ()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_entry_is_no_obstacle_to_saying_what_changed(cache, damage):
    earlier = StageCache(cache.folder)
    earlier.store("checks/train", INPUTS, ARRAYS)
    damage(cache.path("checks/train", INPUTS))
    cache.changed("checks/train", {"source": "a2", "lock": "b2"})


def _aged(cache: StageCache, name: str, age: float) -> Path:
    """An entry of some earlier run, last used `age` seconds ago."""
    StageCache(cache.folder).store(name, INPUTS, ARRAYS)
    path = cache.path(name, INPUTS)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_a_full_cache_loses_what_was_longest_not_used(cache):
    oldest, old, recent = (_aged(cache, name, age) for name, age in (("a", 300), ("b", 200), ("c", 100)))
    size = oldest.stat().st_size
    assert cache.trim(2 * size) == (1, size)
    assert [path.exists() for path in (oldest, old, recent)] == [False, True, True]


def test_what_no_run_stored_is_no_entry(cache):
    names = ("._a-0123456789abcdef0123.arrays", "mine.arrays", "notes.txt")
    cache.folder.mkdir()
    for name in names:
        (cache.folder / name).write_bytes(b"mine")
    (cache.folder / ".#a-0123456789abcdef0123.arrays").symlink_to("nowhere")
    assert cache.changed("a", INPUTS) == ()
    assert cache.trim(0) == (0, 0)
    assert all((cache.folder / name).exists() for name in names)


def test_reading_an_entry_makes_it_the_last_to_go(cache):
    read, unread = _aged(cache, "a", 300), _aged(cache, "b", 200)
    StageCache(cache.folder).load("a", INPUTS)
    cache.trim(read.stat().st_size)
    assert read.exists()
    assert not unread.exists()


def test_what_this_run_used_stays_whatever_the_limit(cache):
    _aged(cache, "a", 300)
    cache.load("a", INPUTS)
    cache.store("b", INPUTS, ARRAYS)
    assert cache.trim(0) == (0, 0)
    assert cache.load("b", INPUTS) is not None


def test_fresh_reads_nothing_and_still_writes(cache):
    cache.store("checks/train", INPUTS, ARRAYS)
    fresh = StageCache(cache.folder, fresh=True)
    assert fresh.load("checks/train", INPUTS) is None
    fresh.store("checks/train", INPUTS, {"steps": np.array([8])})
    assert cache.load("checks/train", INPUTS)["steps"].tolist() == [8]
