"""Copies that open from disk: the site as a zip, and one self-contained page a dataset for presentations."""

import html
import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from generator.engine.files import write_whole
from generator.records.results import StudyResult
from generator.report import formats
from generator.report.charts import registration, standalone, story
from generator.report.findings import Banners, DatasetFindings, banners, find
from generator.report.site import build_site

ARCHIVE = "model-security-study-offline.zip"
BUNDLE = "plotly-cartesian-4.1.1.min.js"
STYLES = ("palette.css", "extra.css", "standalone.css")
NEEDS_SERVER = ("sitemap.xml", "sitemap.xml.gz", "404.html")
"""Files of a site that mean nothing on a disk; the first two also hold the day of the build."""
TOO_LARGE = "data/rows/"
"""Start of the names of files that only the published site offers."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: equal sites give equal bytes."""


def export_offline(
    results: Sequence[StudyResult], docs_dir: Path, out_dir: Path, mkdocs_config: Path
) -> list[Path]:
    """Write the zip of the offline build and one page a dataset into `out_dir`, each whole or not at all.

    Returns:
        The files written.

    Raises:
        BuildError: MkDocs refused the pages.
    """
    written = [make_archive(mkdocs_config, out_dir)]
    for result in results:
        path = out_dir / f"{result.data.name}.html"
        write_whole(path, single_page(result, docs_dir / "assets").encode())
        written.append(path)
    return written


def make_archive(mkdocs_config: Path, out_dir: Path) -> Path:
    """Build the site of `mkdocs_config` and pack it, files in the order of their names."""
    out_dir.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory(dir=out_dir, prefix=".offline-") as folder:
        site = Path(folder) / "site"
        build_site(mkdocs_config, site)
        files = {path.relative_to(site).as_posix(): path for path in site.rglob("*") if path.is_file()}
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(files):
                if name in NEEDS_SERVER or name.startswith(TOO_LARGE) or name.endswith(".map"):
                    continue
                entry = zipfile.ZipInfo(f"model-security-study/{name}", EPOCH)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(entry, files[name].read_bytes())
    path = out_dir / ARCHIVE
    write_whole(path, packed.getvalue())
    return path


def single_page(result: StudyResult, assets: Path) -> str:
    """Every chart of one dataset with its headline in one HTML text that asks for nothing else."""
    found = find(result)
    chapters = story(result)
    charts = [chart for part in chapters.values() for chart in part]
    body = "\n".join(
        f"<h2>{heading}</h2>\n" + "\n".join(standalone(chart) for chart in part)
        for heading, part in chapters.items()
    )
    style = "\n".join((assets / name).read_text(encoding="utf-8") for name in STYLES)
    scripts = [(assets / name).read_text(encoding="utf-8") for name in (BUNDLE, "charts.js")]
    scripts.append("".join(registration(chart) for chart in charts))
    title = html.escape(f"{result.data.title}: model security study")
    return "\n".join([
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<title>{title}</title>\n<link rel="icon" href="data:,">\n<style>\n{style}\n</style>\n</head>',
        f'<body class="md-typeset">\n<main>\n<h1>{title}</h1>',
        _banners(banners([result])),
        _headline(found),
        body,
        _provenance(found),
        "</main>",
        *(f"<script>{_inline(script)}</script>" for script in scripts),
        "</body>\n</html>\n",
    ])  # fmt: skip


def _banners(said: Banners) -> str:
    texts = []
    if said.stand_in:
        texts.append(
            ("standin", "STAND-IN DATA.", "Simulated from a published description; not the real file.")
        )
    if said.quick:
        texts.append(("quick", "QUICK RUN, NOT FOR DECISIONS.", "A small study with little training."))
    return "\n".join(
        f'<div class="banner {kind}" role="note"><p><strong>{start}</strong> {text}</p></div>'
        for kind, start, text in texts
    )


def _headline(found: DatasetFindings) -> str:
    said = found.headline
    lines = (said.clean, said.attacked, said.hardened, found.best_sentence, said.claims)
    items = "".join(f"<li>{html.escape(text)}</li>" for text in lines)
    cards = "".join(
        f'<div class="kpi"><div class="kpi-value">{html.escape(card.value)}</div>'
        f'<div class="kpi-label">{html.escape(card.label)}</div>'
        f'<div class="kpi-interval">{html.escape(card.interval)}</div></div>'
        for card in said.cards
    )
    return (
        f'<div class="verdict"><p><strong>{html.escape(said.answer)}</strong></p><ul>{items}</ul></div>\n'
        f'<div class="kpis">{cards}</div>'
    )


def _provenance(found: DatasetFindings) -> str:
    spec, provenance = found.result.spec, found.result.provenance
    return (
        f'<p class="provenance">{html.escape(found.result.data.source.origin)}. Study key '
        f"{formats.sha(provenance.study_key)}, data {formats.sha(provenance.data_sha256)}, seed "
        f"{spec.seed}.</p>"
    )


def _inline(script: str) -> str:
    """A script that cannot end its own element."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
