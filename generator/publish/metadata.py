"""What tells programs about the site: `llms.txt`, schema of the records, citation, bill of materials, manifest."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from generator.program import PROGRAM
from generator.publish.manifest import write_manifest
from generator.publish.sbom import write_sbom
from generator.records.base import Record
from generator.records.results import StudyResult
from generator.records.validation import ValidationResult

SCHEMA = "results.schema.json"
OF_VALIDATIONS = "validation.schema.json"
GUIDE = "llms.txt"
CITATION = "CITATION.cff"
HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
OF_PAGES = re.compile(r"^\*\*([^*]+)\*\* (.+)$", re.MULTILINE)
MARKUP = re.compile(r"<[^>]+>|\{[^}]*\}")


def write_metadata(
    results: Sequence[StudyResult],
    docs: Path,
    root: Path = PROGRAM,
    validations: Sequence[ValidationResult] = (),
):
    """Write these files into `docs`, beside the pages rendered there; equal pages, equal bytes."""
    for name, kind in schemas(results, validations).items():
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **kind.model_json_schema()}
        _write(
            docs / name, json.dumps(schema, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"
        )
    _write(docs / GUIDE, guide(results, docs, validations))
    shutil.copyfile(root / CITATION, docs / CITATION)
    write_sbom(root, docs)
    write_manifest([*results, *validations], docs / "data", root)


def schemas(
    results: Sequence[StudyResult], validations: Sequence[ValidationResult]
) -> dict[str, type[Record]]:
    """The records that are published, by the file that describes them."""
    known = {SCHEMA: (StudyResult, results), OF_VALIDATIONS: (ValidationResult, validations)}
    return {name: kind for name, (kind, there) in known.items() if there}


def guide(results: Sequence[StudyResult], docs: Path, validations: Sequence[ValidationResult] = ()) -> str:
    """The site for a reader that is a program (llmstxt.org): what it says, and where everything is."""
    opening = (docs / "index.md").read_text(encoding="utf-8").partition("\n## ")[0]
    pages = "\n".join(
        f"- [{HEADING.search(text)[1]}]({page.stem}/)"
        if page.stem != "index"
        else f"- [{HEADING.search(text)[1]}](./)"
        for page in sorted(docs.glob("*.md"))
        if HEADING.search(text := page.read_text(encoding="utf-8"))
    )
    records = "\n".join(
        f"- [Record of {title}](data/{name}.json): settings, counts, figures at full precision"
        for name, title in (
            *((result.name, result.data.title) for result in results),
            *((result.name, result.spec.title) for result in validations),
        )
    )
    described = "\n".join(
        f"- [Schema of the records]({name}): JSON Schema" for name in schemas(results, validations)
    )
    said = "\n".join(f"> {_plain(name)} {_plain(text)}" for name, text in OF_PAGES.findall(opening))
    return (
        f"# Model security study\n\n{said}\n\n"
        "Every number comes from a record. Quote a number together with the study key in its record.\n\n"
        f"## Pages\n\n{pages}\n\n## Data\n\n{records}\n"
        f"{described}\n"
        "- [Ledger](data/ledger.json): each number on each page, and the places in the records it comes from\n"
        "- [Manifest](data/manifest.json): hashes of all data files, what each study depends on\n"
        f"- [How to cite]({CITATION})\n"
    )


def _plain(text: str) -> str:
    return MARKUP.sub("", text).strip()


def _write(path: Path, text: str):
    path.write_text(text, encoding="utf-8", newline="\n")
