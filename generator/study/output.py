"""What a finished study leaves on disk; the hashes come last, so that where they hold, all of it is there."""

import io
from pathlib import Path

import numpy as np

from generator.engine.files import write_whole
from generator.records.files import draws_file, record_file, sums, sums_file
from generator.records.results import StudyResult
from generator.study.rows import write_rows
from generator.study.run import Study


def write_study(study: Study, folder: Path):
    """Write the record and what stands beside it into `folder`, each file whole or not at all."""
    name = study.result.data.name
    packed = io.BytesIO()
    np.savez(packed, **study.draws)
    write_whole(draws_file(folder, name), packed.getvalue())
    write_rows(
        study.result, study.table, study.folds, study.weights, study.settled,
        study.proved.tiers, study.proved.radii, folder,
    )  # fmt: skip
    write_record(study.result, folder)


def write_record(result: StudyResult, folder: Path):
    """Write the record alone, beside what stands there of the same study."""
    name = result.data.name
    write_whole(record_file(folder, name), result.to_json().encode())
    write_whole(sums_file(folder, name), sums(folder, name).encode())
