"""Downloading the table of a study file that says where it is to be had; only ever on request."""

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from pathlib import Path

from generator.datasets.at_odds import PARQUET
from generator.datasets.complaints import bad_file
from generator.datasets.own.files import BLOCK, other_file
from generator.engine.files import write_whole
from generator.records.validation import ValidationSpec

SECONDS = 20.0
"""A server may be silent for."""
MOST_SECONDS = 600.0
"""A download may take."""
LARGEST = 500_000_000
"""Bytes of a download, which is held in memory until it is whole."""


def fetch(spec: ValidationSpec, folder: Path, *, offline: bool = False) -> Path:
    """The table of `spec` in `folder`, downloaded from `reading.address` if it is not there yet.

    The file is written when it is whole and, where `reading.sha256` pins it, the right one; a file that is there is
    never replaced.

    Raises:
        DataError: It is not to be had; the message says where to download it from and where to put it.
    """
    path = folder / spec.tables[0]
    if path.exists():
        return path
    address = spec.reading.address
    if not address or len(spec.tables) > 1:
        raise bad_file(
            path, "there is no such file, and the study file gives no reading.address", "put it there"
        )
    by_hand = f"download it from {address} by hand, and put it there"
    if offline:
        raise bad_file(path, "there is no such file, and nothing is downloaded offline", by_hand)
    content = _downloaded(path, address, by_hand)
    if path.suffix.lower() != PARQUET and (what := other_file(content[:BLOCK])):
        raise bad_file(path, f"what was downloaded is {what}, no table", by_hand)
    sha256 = hashlib.sha256(content).hexdigest()
    if spec.reading.sha256 not in ("", sha256):
        raise bad_file(
            path,
            f"what was downloaded has sha256 {sha256}, and reading.sha256 is {spec.reading.sha256}",
            "it was changed since: check it, and pin what you checked",
        )
    write_whole(path, content)
    return path


def _downloaded(path: Path, address: str, by_hand: str) -> bytes:
    until, parts, size = time.monotonic() + MOST_SECONDS, [], 0
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            while part := answer.read1(BLOCK):
                parts.append(part)
                size += len(part)
                if size > LARGEST or time.monotonic() > until:
                    what = (
                        f"more than {LARGEST:,} bytes"
                        if size > LARGEST
                        else f"longer than {MOST_SECONDS:.0f} s"
                    )
                    raise bad_file(path, f"the download is {what}", by_hand)
            if answer.length:
                raise bad_file(path, f"the download broke off after {size:,} bytes", by_hand)
    except urllib.error.HTTPError as error:
        error.close()
        raise bad_file(path, f"{address} answers {error.code} {error.reason}", by_hand) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise bad_file(path, f"it could not be downloaded ({reason})", by_hand) from None
    return b"".join(parts)
