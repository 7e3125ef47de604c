"""How we know, under every chart: command, seeds, versions and hashes of the study it shows, from the manifest."""

import html
import json
import re
from pathlib import Path

MANIFEST = "data/manifest.json"
SUMMARY = "<summary>Data table</summary>"
"""Begins the folded part of a figure."""
FIGURE = re.compile(rf'(data-chart="([^"]+)".*?){re.escape(SUMMARY)}', re.DOTALL)
DIGITS = 12
LIBRARIES = {"python": "Python", "torch": "torch", "adversarial-robustness-toolbox": "ART"}


def explain(site: Path):
    """Add the line to every figure below `site` that shows a study of the manifest."""
    manifest = site / MANIFEST
    studies = json.loads(manifest.read_text(encoding="utf-8"))["studies"] if manifest.exists() else {}
    lines = {name: line(study) for name, study in studies.items()}
    for path in sorted(site.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        if (explained := explained_in(text, lines)) != text:
            path.write_text(explained, encoding="utf-8", newline="\n")


def explained_in(text: str, lines: dict[str, str]) -> str:
    """The page `text` with the line of its study in each figure, by the name its slug begins with."""

    def add(found: re.Match) -> str:
        known = next((said for name, said in lines.items() if found[2].startswith(f"{name}-")), None)
        if known is None:
            return found[0]
        return f"{found[1]}<summary>Data table, and how we know</summary>{known}"

    return FIGURE.sub(add, text)


def line(study: dict) -> str:
    """One paragraph of HTML for a study of the manifest."""
    versions = ", ".join(
        f"{title} {study['versions'][name]}" for name, title in LIBRARIES.items() if name in study["versions"]
    )
    command = "QUICK=1 make study" if study["quick"] else "make study"
    return (
        f'<p class="known"><code>{command}</code>, seed {study["seed"]}, {study["seeds"]} repetitions of '
        f"{study['folds']} folds; {html.escape(versions)}; study key <code>{study['study_key'][:DIGITS]}</code>, data "
        f"<code>{study['data_sha256'][:DIGITS]}</code></p>"
    )
