"""The tiny study as it is published, and ways to alter it as somebody might who hopes that nobody looks."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save

from generator.engine.files import write_whole
from generator.records.files import record_file, rows_file, weights_file
from generator.study.rows import write_rows

Lines = list[dict[str, str]]


def publish_rows(study, folder: Path) -> tuple[Path, Path]:
    """The per-row file and the weights of a finished study."""
    return write_rows(
        study.result, study.table, study.folds, study.weights, study.settled, study.proved.tiers,
        study.proved.radii, folder,
    )  # fmt: skip


def publish(study, folder: Path):
    """The record with the files beside it."""
    publish_rows(study, folder)
    write_whole(record_file(folder, study.result.data.name), study.result.to_json().encode())


def lines_of(folder: Path) -> Lines:
    """The lines of the per-row file, by column, as a stranger would read them."""
    text = gzip.decompress(rows_file(folder, "checks").read_bytes()).decode()
    return list(csv.DictReader(io.StringIO(text)))


def alter_lines(folder: Path, change: Callable[[Lines], None]):
    lines = lines_of(folder)
    change(lines)
    text = io.StringIO()
    writer = csv.DictWriter(text, lines[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    rows_file(folder, "checks").write_bytes(gzip.compress(text.getvalue().encode()))


def alter_weights(folder: Path, change: Callable[[dict[str, np.ndarray]], None]):
    path = weights_file(folder, "checks")
    arrays = {name: array.copy() for name, array in load(path.read_bytes()).items()}
    change(arrays)
    path.write_bytes(save(arrays))


def alter_record(folder: Path, change: Callable[[dict], None]):
    path = record_file(folder, "checks")
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record, sort_keys=True, indent=1) + "\n")
