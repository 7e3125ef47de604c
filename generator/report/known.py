"""How we know, under every chart: command, seeds, versions and hashes of the study it shows."""

import html

from generator.records.results import StudyResult
from generator.report import formats

LIBRARIES = {"python": "Python", "torch": "torch", "adversarial-robustness-toolbox": "ART"}


def how_we_know(result: StudyResult) -> str:
    """One paragraph of HTML."""
    spec, provenance = result.spec, result.provenance
    versions = ", ".join(
        f"{title} {provenance.versions[name]}"
        for name, title in LIBRARIES.items()
        if name in provenance.versions
    )
    command = "QUICK=1 make study" if spec.quick else "make study"
    return (
        f'<p class="known"><code>{command}</code>, seed {formats.count(spec.seed)}, '
        f"{formats.count(spec.training.seeds)} repetitions of {formats.count(spec.training.folds)} folds; "
        f"{html.escape(versions)}; study key <code>{formats.sha(provenance.study_key)}</code>, data "
        f"<code>{formats.sha(provenance.data_sha256)}</code></p>"
    )
