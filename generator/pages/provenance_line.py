"""How we know: command, seeds, versions and hashes of a study, under every chart and in every workbook."""

import html

from generator.notation import formats
from generator.notation.names import STATUSES
from generator.records.results import StudyResult

LIBRARIES = {"python": "Python", "torch": "torch", "adversarial-robustness-toolbox": "ART"}


def how_we_know(result: StudyResult) -> str:
    """One paragraph of HTML."""
    spec, provenance = result.spec, result.provenance
    return (
        f'<p class="known"><code>{_command(result)}</code>, seed {formats.count(spec.seed)}, '
        f"{formats.count(spec.training.seeds)} repetitions of {formats.count(spec.training.folds)} folds; "
        f"{html.escape(_versions(result))}; study key <code>{formats.sha(provenance.study_key)}</code>, data "
        f"<code>{formats.sha(provenance.data_sha256)}</code></p>"
    )


def known_apart(result: StudyResult, attacker: str) -> dict[str, str]:
    """The same for a file that leaves the site, by what is said, with hashes whole and what its pages are headed by."""
    spec, data, provenance = result.spec, result.data, result.provenance
    repeated = f"{spec.training.seeds} repetitions of {spec.training.folds} folds"
    said = {
        "Attacker": attacker,
        "Data": f"{data.title}: {STATUSES[data.source.status]}, {data.n_rows:,} rows",
        "Not for decisions": "a small study, made with QUICK=1" if spec.quick else "",
        "Made by": f"{_command(result)}, seed {spec.seed}, {repeated}",
        "Versions": _versions(result),
        "Study key": provenance.study_key,
        "Data SHA-256": provenance.data_sha256,
    }
    return {name: text for name, text in said.items() if text}


def _command(result: StudyResult) -> str:
    return "QUICK=1 make study" if result.spec.quick else "make study"


def _versions(result: StudyResult) -> str:
    known = result.provenance.versions
    return ", ".join(f"{title} {known[name]}" for name, title in LIBRARIES.items() if name in known)
