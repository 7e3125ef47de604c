"""How we know: command, seeds, versions and hashes of a study, under every chart and in every workbook."""

import html
from collections.abc import Callable

from generator.notation import formats
from generator.notation.names import STATUSES
from generator.records.results import StudyResult
from generator.records.validation import ValidationResult

Found = StudyResult | ValidationResult

LIBRARIES = {"python": "Python", "torch": "torch", "adversarial-robustness-toolbox": "ART"}


def how_we_know(result: Found) -> str:
    """One paragraph of HTML."""
    spec, provenance = result.spec, result.provenance
    return (
        f'<p class="known"><code>{_command(result)}</code>, seed {formats.count(spec.seed)}, '
        f"{formats.count(spec.training.seeds)} repetitions{_folds(result, formats.count)}; "
        f"{html.escape(_versions(result))}; study key <code>{formats.sha(provenance.study_key)}</code>, data "
        f"<code>{formats.sha(provenance.data_sha256)}</code></p>"
    )


def known_apart(result: Found, attacker: str) -> dict[str, str]:
    """The same for a file that leaves the site, by what is said, with hashes whole and what its pages are headed by."""
    spec, provenance = result.spec, result.provenance
    repeated = f"{spec.training.seeds} repetitions{_folds(result, str)}"
    said = {
        "Attacker": attacker,
        "Data": _data(result),
        "Not for decisions": "a small study, made with QUICK=1" if spec.quick else "",
        "Made by": f"{_command(result)}, seed {spec.seed}, {repeated}",
        "Versions": _versions(result),
        "Study key": provenance.study_key,
        "Data SHA-256": provenance.data_sha256,
    }
    return {name: text for name, text in said.items() if text}


def _folds(result: Found, write: Callable[[int], str]) -> str:
    """Nothing where the study file says which rows train."""
    if isinstance(result, ValidationResult) and result.spec.split:
        return ""
    return f" of {write(result.spec.training.folds)} folds"


def _data(result: Found) -> str:
    if isinstance(result, ValidationResult):
        return f"{result.spec.title}: a table of one's own, {result.table.rows:,} rows"
    return f"{result.data.title}: {STATUSES[result.data.source.status]}, {result.data.n_rows:,} rows"


def _command(result: Found) -> str:
    if isinstance(result, ValidationResult):
        return f"{'QUICK=1 ' if result.spec.quick else ''}security-study all {result.name}.toml"
    return "QUICK=1 make study" if result.spec.quick else "make study"


def _versions(result: Found) -> str:
    known = result.provenance.versions
    return ", ".join(f"{title} {known[name]}" for name, title in LIBRARIES.items() if name in known)
