"""What a validation leaves on disk: the record, and what stays with the owner of the table, in a folder of its own."""

import gzip
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from generator.engine.cache import Arrays
from generator.engine.files import write_whole
from generator.proofs.verdicts import PROVED
from generator.records.files import (
    OF_VALIDATION,
    private_folder,
    proofs_file,
    record_file,
    rows_file,
    sums,
    sums_file,
)
from generator.records.spreadsheet import disarmed
from generator.study.tier_tasks import quoted_point
from generator.study.validation import Validation


def write_validation(validation: Validation, folder: Path):
    """Write the proofs of the rows into the private folder, then the record; each file whole or not at all."""
    name, result = validation.result.name, validation.result
    proofs = proofs_file(folder, name)
    private_folder(folder)
    write_whole(proofs, _packed(validation.private))
    rows_file(folder, name).unlink(missing_ok=True)  # of an earlier run that published them
    if result.spec.publish_rows:
        write_whole(rows_file(folder, name), gzip.compress(_rows(validation), mtime=0))
    write_whole(record_file(folder, name), result.to_json().encode())
    write_whole(sums_file(folder, name), sums(folder, name, OF_VALIDATION).encode())


def _rows(validation: Validation) -> bytes:
    """CSV of the rows judged: every column of the table, and of each model the share of seeds in which it flags the
    row, and in which a fraud is provably caught in the quoted tier, at the quoted point and budget."""
    spec, frame = validation.result.spec, validation.sample.frame.copy()
    point, e = quoted_point(spec.proof), spec.proof.epsilons.index(spec.attack.headline_epsilon)
    for model in validation.result.models:
        flagged = validation.private[f"{model.name}/flagged"][:, :, point]
        proved = validation.private[f"{model.name}/{spec.threat.quoted}"][:, :, e, point] == PROVED
        frame[f"{model.name}: flagged"] = flagged.mean(axis=0)
        frame[f"{model.name}: proved"] = proved.mean(axis=0)
    texts = frame.select_dtypes(exclude=["number", "datetime", "bool"]).columns
    frame[texts] = frame[texts].map(disarmed, na_action="ignore")
    return frame.rename(columns=disarmed).to_csv(index=False, lineterminator="\n").encode()


def _packed(arrays: Mapping[str, np.ndarray] | Arrays) -> bytes:
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    return packed.getvalue()
