"""Files are data of strangers: how large and how deep they may be, and JSON within these limits."""

import json
from typing import Any

from generator.models.readers.deployed import ModelFileError

LARGEST_FILE = 2**30
"""Bytes; also of what is packed in one."""
MOST_NODES = 20_000_000
"""Of all trees together."""
DEEPEST = 200
"""Objects and lists within each other, in a format that nests."""


def refuse_large(size: int):
    """Pass if a file of `size` bytes may be read.

    Raises:
        ModelFileError: It is larger.
    """
    if size > LARGEST_FILE:
        raise ModelFileError(
            f"has {size:,} bytes, more than {LARGEST_FILE:,}; save the model alone, without training data"
        )


def from_json(data: bytes) -> Any:
    """Its value; numbers as Python has them.

    Raises:
        ModelFileError: It is no JSON, or nested too deeply.
    """
    try:
        return json.loads(data)
    except RecursionError:
        raise ModelFileError("nests deeper than any model; save it again with its own library") from None
    except ValueError as error:
        raise ModelFileError(
            f"is no JSON ({error}); save the model again with its own library, in full"
        ) from None
