"""Finding the Kaggle file: given, in data/raw, downloaded, or simulated in its place."""

import hashlib
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from generator.datasets.canonical import canonical_sha256
from generator.datasets.complaints import bad_file, visible
from generator.datasets.kaggle import standin as kaggle_standin
from generator.datasets.kaggle.file import read_csv
from generator.datasets.kaggle.parquet import SUFFIX as PARQUET
from generator.datasets.kaggle.parquet import read_parquet
from generator.datasets.kaggle.schema import DECIMALS
from generator.datasets.opening import opened
from generator.datasets.table import DataError, SourceOptions
from generator.records.results import DataSource

log = logging.getLogger(__name__)

FILE = "bank_transactions_data_2.csv"
HANDLE = "valakhorasani/bank-transaction-dataset-for-fraud-detection"
CANONICAL_SHA256 = "c9266394ac3686b9ef0c6cf6ba0be86d772bae806f2ca22633ba2671343e14aa"
LICENCE = "listed as Apache-2.0 on Kaggle; check before relying on it"
DOWNLOAD_SECONDS = 20.0

LARGEST_DOWNLOAD = 100_000_000
"""Bytes a file may have while it is written, packed or unpacked; some hundreds of times the published file."""

_DOWNLOAD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
import kagglehub
print(kagglehub.dataset_download(sys.argv[1], path=sys.argv[2]))
"""


def obtain(options: SourceOptions) -> tuple[pd.DataFrame, DataSource]:
    """The canonical Kaggle table and where it came from.

    Searched in this order: the file given, data/raw, a download, the stand-in.

    Raises:
        DataError: The file given does not exist, or a file given or put in data/raw cannot be used.
    """
    if options.kaggle_csv is not None:
        return _from_file(options.kaggle_csv)
    kept = options.raw_dir / FILE
    if os.path.lexists(kept):  # a link that leads nowhere is refused, too
        return _from_file(kept)
    if not options.offline and (found := _download(kept)) is not None:
        return found
    log.warning(
        "kaggle: no file given, none at %s, none downloaded; using a STAND-IN simulated from the published "
        "schema, not the Kaggle file",
        kept,
    )
    frame = kaggle_standin.simulate()
    return frame, DataSource(
        status="stand_in",
        origin="simulated by this study from the published schema and marginals; not the Kaggle file",
        file_sha256="",
        canonical_sha256=canonical_sha256(frame, DECIMALS),
        licence="Apache-2.0, as this study",
    )


def _from_file(path: Path) -> tuple[pd.DataFrame, DataSource]:
    with opened(path) as file:
        frame = (read_parquet if path.suffix == PARQUET else read_csv)(file, path)
        file.seek(0)
        file_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    sha256 = canonical_sha256(frame, DECIMALS)
    verified = sha256 == CANONICAL_SHA256
    return frame, DataSource(
        status="kaggle_verified" if verified else "kaggle_columns",
        origin=f"Kaggle, {HANDLE}" if verified else "a different file with the columns of the Kaggle table",
        file_sha256=file_sha256,
        canonical_sha256=sha256,
        licence=LICENCE if verified else "unknown; ask whoever made the file",
    )


def _download(kept: Path) -> tuple[pd.DataFrame, DataSource] | None:
    """The table from Kaggle, kept as `kept` for the next run; None, with the reason logged, if that fails.

    A process of its own, since a network that swallows packets holds the library far longer than the bound.
    """
    with tempfile.TemporaryDirectory(prefix="kaggle-") as scratch:
        try:
            done = subprocess.run(
                [sys.executable, "-c", _DOWNLOAD, HANDLE, FILE, str(LARGEST_DOWNLOAD)],
                env={**os.environ, "KAGGLEHUB_CACHE": scratch},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=DOWNLOAD_SECONDS,
            )
        except subprocess.TimeoutExpired:
            log.info("kaggle: no download within %.0f s", DOWNLOAD_SECONDS)
            return None
        lines = done.stdout.strip().splitlines()
        if done.returncode != 0 or not lines:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            log.info("kaggle: not downloaded: %s", visible(reason, 200))
            return None
        downloaded = Path(lines[-1])
        try:
            if not downloaded.resolve().is_relative_to(Path(scratch).resolve()):
                raise bad_file(downloaded, "it lies outside of the folder for the download")
            found = _from_file(downloaded)
            _keep(downloaded, kept)
        except DataError as error:
            log.warning("kaggle: what was downloaded cannot be used: %s", error)
            return None
        except OSError as error:
            log.warning("kaggle: the download could not be kept at %s: %s", kept, error.strerror)
        return found


def _keep(downloaded: Path, kept: Path) -> None:
    """Copy so that `kept` never exists in part."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=kept.parent, prefix=".download-", delete=False) as part:
        part.write(downloaded.read_bytes())
        part.flush()
        os.fsync(part.fileno())
    os.replace(part.name, kept)
