"""Templates and records in, `docs/` out: gathered first, then swapped in; a failure changes nothing."""

import os
import shutil
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import jinja2

from generator.records.results import StudyResult
from generator.report import palette
from generator.report.charts import CHARTS, Chart, embed, write
from generator.report.findings import Banners, DatasetFindings, banners, find
from generator.report.findings.evaluations import MASKING_POINTS
from generator.report.findings.names import MODELS, ORIGINAL, ModelName
from generator.report.formats import FILTERS, LEVEL

SUFFIX = ".md.j2"
KEPT = "assets"
"""The one entry of docs/ that is written by hand; all others are generated and may be replaced."""


class PageError(Exception):
    """A template asks for something that is not there; the message names template and line."""


class PageContext(TypedDict):
    """What every template sees."""

    results: Sequence[StudyResult]
    findings: Sequence[DatasetFindings]
    """One for each result, in the same order."""
    banners: Banners
    recipes: Sequence[ModelName]
    """Every recipe that any result holds, in the order of the palette."""
    original: str
    """Name of the recipe taken for the original's."""
    masking: float
    """Distance of FGSM from the stronger attack above which the pages warn."""
    level: str
    """Confidence of every interval."""
    ci: str
    """The same, as the name of the interval."""


def render_pages(results: Sequence[StudyResult], templates: Path, docs: Path) -> list[Path]:
    """Render every template, its charts and the downloadable records into `docs`; equal input, equal bytes.

    `docs/assets` is left alone; whatever else an earlier run left in `docs` is replaced or removed.

    Returns:
        The pages written, by name.

    Raises:
        PageError: A template is misspelt, or asks for an unknown field, filter or chart.
    """
    charts: dict[str, Chart] = {}
    pages = _render(results, templates, charts)
    docs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=docs.parent, prefix=".docs-") as folder:
        fresh = Path(folder)
        data = fresh / "data"
        data.mkdir()
        for name, text in pages.items():
            (fresh / name).write_text(text, encoding="utf-8", newline="\n")
        for slug in sorted(charts):
            write(charts[slug], data)
        for result in results:
            (data / f"{result.data.name}.json").write_text(result.to_json(), encoding="utf-8", newline="\n")
        _swap(fresh, docs)
    return [docs / name for name in pages]


def environment(templates: Path) -> jinja2.Environment:
    """The Jinja environment of the pages: a missing field is an error, never an empty place."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        # The output is Markdown, where HTML escaping would damage quotes and signs. Text that comes from data
        # (ids, categories, file names) passes the `md` filter instead, which disarms HTML and Markdown alike.
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters.update({each.__name__: each for each in FILTERS})
    return env


def _context(results: Sequence[StudyResult]) -> PageContext:
    findings = [find(result) for result in results]
    found = {row.name for each in findings for row in each.recipes}
    return PageContext(
        results=results,
        findings=findings,
        banners=banners(results),
        recipes=[MODELS[name] for name in palette.in_order(found)],
        original=ORIGINAL,
        masking=MASKING_POINTS,
        level=LEVEL,
        ci=f"{LEVEL} interval",
    )


def _render(results: Sequence[StudyResult], templates: Path, charts: dict[str, Chart]) -> dict[str, str]:
    """Page name -> Markdown, in the order of names; the charts the pages ask for are put into `charts`."""
    context = _context(results)

    def chart(name: str, result: StudyResult, **options) -> str:
        if name not in CHARTS:
            raise jinja2.UndefinedError(f"unknown chart {name!r}; known: {', '.join(CHARTS)}")
        drawn = CHARTS[name](result, **options)
        if charts.setdefault(drawn.slug, drawn) != drawn:
            raise jinja2.UndefinedError(f"two different charts share the slug {drawn.slug!r}")
        return embed(drawn)

    env = environment(templates)
    env.globals["chart"] = chart
    pages = {}
    for path in sorted(templates.glob(f"[!_]*{SUFFIX}")):
        try:
            text = env.get_template(path.name).render(context)
        except jinja2.TemplateSyntaxError as error:
            raise PageError(f"{error.name}, line {error.lineno}: {error.message}") from None
        except jinja2.UndefinedError as error:
            raise PageError(f"{_place(error, templates)}: {error.message}") from None
        pages[path.name.removesuffix(".j2")] = text
    return pages


def _place(error: jinja2.UndefinedError, templates: Path) -> str:
    """Template and line of the innermost frame that lies in a template."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).parent == templates
    ]
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}"


def _swap(fresh: Path, docs: Path) -> None:
    """Put every entry of `fresh` into `docs`, each by one rename, and drop what `docs` has beyond them."""
    old = fresh / ".old"
    old.mkdir()
    names = {entry.name for entry in fresh.iterdir()} - {old.name}
    for entry in docs.iterdir():
        if entry.is_dir() and entry.name != KEPT:
            os.replace(entry, old / entry.name)
        elif entry.is_file() and entry.name not in names:
            entry.unlink()
    for name in sorted(names):
        os.replace(fresh / name, docs / name)
    shutil.rmtree(old)
