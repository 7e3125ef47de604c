"""What tells programs about the site: `llms.txt`, schema of the records, citation, bill of materials, manifest."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from generator.program import PROGRAM
from generator.publish.manifest import write_manifest
from generator.publish.sbom import write_sbom
from generator.records.results import StudyResult

SCHEMA = "results.schema.json"
GUIDE = "llms.txt"
CITATION = "CITATION.cff"
HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
OF_PAGES = re.compile(r"^\*\*([^*]+)\*\* (.+)$", re.MULTILINE)
MARKUP = re.compile(r"<[^>]+>|\{[^}]*\}")


def write_metadata(results: Sequence[StudyResult], docs: Path, root: Path = PROGRAM):
    """Write these files into `docs`, beside the pages rendered there; equal pages, equal bytes."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **StudyResult.model_json_schema()}
    _write(
        docs / SCHEMA, json.dumps(schema, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"
    )
    _write(docs / GUIDE, guide(results, docs))
    shutil.copyfile(root / CITATION, docs / CITATION)
    write_sbom(root, docs)
    write_manifest(results, docs / "data", root)


def guide(results: Sequence[StudyResult], docs: Path) -> str:
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
        f"- [Record of {result.data.title}](data/{result.data.name}.json): settings, counts, figures at full precision"
        for result in results
    )
    said = "\n".join(f"> {_plain(name)} {_plain(text)}" for name, text in OF_PAGES.findall(opening))
    return (
        f"# Model security study\n\n{said}\n\n"
        "Every number comes from a record. Quote a number together with the study key in its record.\n\n"
        f"## Pages\n\n{pages}\n\n## Data\n\n{records}\n"
        f"- [Schema of the records]({SCHEMA}): JSON Schema\n"
        "- [Ledger](data/ledger.json): each number on each page, and the places in the records it comes from\n"
        "- [Manifest](data/manifest.json): hashes of all data files, what each study depends on\n"
        f"- [How to cite]({CITATION})\n"
    )


def _plain(text: str) -> str:
    return MARKUP.sub("", text).strip()


def _write(path: Path, text: str):
    path.write_text(text, encoding="utf-8", newline="\n")
