"""One integer seed per study; each stage draws under its own name, so adding a stage leaves the others alone."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


def stage_seed(seed: int, name: str) -> int:
    """A 63-bit seed for the stage called `name`: SHA-256 of both, so that names never collide by design."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def stage_rng(seed: int, name: str) -> np.random.Generator:
    """A generator of its own for the stage called `name`."""
    return np.random.default_rng(stage_seed(seed, name))


@contextmanager
def global_seed(seed: int, name: str) -> Iterator[None]:
    """Seed numpy's and torch's global state for a library that draws from it, and put the state back after."""
    import torch

    numpy_state, torch_state = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    np.random.seed(stage_seed(seed, name) % 2**32)  # noqa: NPY002
    torch.manual_seed(stage_seed(seed, name))
    try:
        yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        torch.set_rng_state(torch_state)
