"""Templates and records in, `docs/` out: gathered first, then swapped in; a failure changes nothing.

Every number on a page is traced on the way (`ledger`); one without a source, and a digit typed in a template, end
the build.
"""

import filecmp
import json
import re
import shutil
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypedDict

import jinja2

from generator.engine.files import scratch_folder, visible_files
from generator.engine.made import in_the_way, move_in, names_below, some
from generator.figures import (
    CHARTS,
    FOLLOWING,
    QUOTED,
    WHOSE,
    Chart,
    Place,
    Told,
    by_budget,
    embed,
    variants,
    write,
)
from generator.findings import Banners, DatasetFindings, at_tier, banners, find
from generator.findings.anomaly_words import ANOMALIES, AnomalyWords
from generator.findings.evaluations import MASKING_POINTS
from generator.findings.evidence import Evidence, evidence
from generator.notation import formats, marks, palette
from generator.notation.attackers import Attacker, Attackers, at_budget, attackers, named, whose
from generator.notation.formats import FILTERS, LEVEL
from generator.notation.names import MODELS, ModelName
from generator.notation.tracing import CONSTANTS, REPORT, length, traced
from generator.pages import following, levels
from generator.pages import typed_digits as prose
from generator.pages.ledger import Book, LedgerError
from generator.pages.provenance_line import how_we_know, known_apart
from generator.records.results import StudyResult

SUFFIX = ".md.j2"
BOXES = "td|th|tr|thead|caption|legend|label|optgroup|option|select|button"
GLUED = re.compile(rf"(?<=>)(?=<small)|(</(?:{BOXES})>)(?=<[a-z])")
"""Where the search, which knows neither cells nor boxes, would take two words for one. Elements `div` are left out, as
Markdown would begin a paragraph between them; they stand on lines of their own."""
WORKBOOK = ".xlsx"
"""End of the name of what a reader opens in Excel."""
STYLE = "assets/extra.css"
"""The style in docs/ whose part on drawings goes into their files."""
AT_ONCE = 4
"""Figures whose drawing is in the page itself; those further down come when a reader comes near."""
FEWER = {"hardening": 2, "impact": 0}
"""The same on pages that are heavy without them."""


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
    anomaly_words: Mapping[str, AnomalyWords]
    """What to say of each oddity of a dataset, by its slug."""
    evidence: Evidence
    """The register of limitations and the frameworks of the crosswalk."""
    follows: bool
    """Whether there are other attackers for parts of the pages to follow."""


@dataclass
class Prepared:
    """Records made ready for templates: what stays the same however often a page is rendered."""

    documents: Mapping[str, Any]
    """Whatever numbers may come from, by name."""
    results: Sequence[StudyResult]
    """Traced."""
    context: Mapping[str, Any]
    """What templates see."""
    book: Book
    charts: dict[str, Chart] = field(default_factory=dict)
    """Those drawn so far, by slug."""
    unwritten: dict[str, Told] = field(default_factory=dict)
    """Those of them whose files are still to come, and what their workbooks tell."""
    asked: dict[tuple, tuple[Chart, Mapping[str, Any]]] = field(default_factory=dict)
    """What was asked for --> the chart, and its options: an object that lives on is known by its id."""


def prepare(
    results: Sequence[StudyResult],
    documents: Mapping[str, Any] = MappingProxyType({}),
    extras: Callable[[Sequence[StudyResult]], Mapping[str, Any]] = lambda results: {},
) -> Prepared:
    """Find all there is to say about the records; see `render_pages`."""
    known = {result.data.name: result for result in results} | dict(documents)
    with marks.recording() as recorded:
        ready = [traced(each, each.data.name) for each in results]
        book = Book(recorded, {**known, REPORT: CONSTANTS})
        return Prepared(known, ready, {**_context(ready), **extras(ready)}, book)


def render_page(prepared: Prepared, page: str, templates: Path, docs: Path):
    """Render one page again, its charts and what is known of its numbers, as the study quotes it.

    For a preview of a changed template: the ledger, the downloads and what follows other attackers stay as the last
    `render_pages` has left them, and a chart that was drawn is kept. Only files that differ are touched, the page last:
    whoever watches builds once.

    Raises:
        PageError: As `render_pages`.
    """
    with marks.recording(prepared.book.marks):
        texts, _ = _render(prepared, templates, only=page)
    with scratch_folder(docs) as fresh:
        _write_charts(prepared, docs, fresh)
        _write_texts(texts, prepared.book, fresh)
        _refuse_in_the_way(fresh, docs)
        made = [name for name in names_below(fresh) if not _kept(fresh / name, docs / name)]
        move_in(fresh, docs, sorted(made, key=lambda name: name.endswith(".md")), whole=False)


def render_pages(
    results: Sequence[StudyResult],
    templates: Path,
    docs: Path,
    *,
    files: Mapping[str, Path] = MappingProxyType({}),
    documents: Mapping[str, Any] = MappingProxyType({}),
    extras: Callable[[Sequence[StudyResult]], Mapping[str, Any]] = lambda results: {},
    moving: Callable[[Sequence[StudyResult], Attacker], Mapping[str, Any]] = lambda results, attacker: {},
    beside: Callable[[Path], None] = lambda fresh: None,
) -> Prepared:
    """Render every template, its charts, the ledger and the downloads into `docs`; equal input, equal bytes.

    What an earlier run left in `docs` is replaced or removed. All other files there are somebody's own and stay.

    Args:
        files: Further downloads: name below `docs/data` to the file that is copied there.
        documents: Further records that numbers on pages may come from, by the name below `docs/data` without
            its suffix; each is published like a result.
        extras: From the traced results to what templates see beside `PageContext`.
        moving: The part of it that follows the attacker, for one that is not quoted.
        beside: Writes further files into the folder of the new pages, before it takes the place of the old ones.

    Returns:
        What `render_page` takes to render one of them again.

    Raises:
        PageError: A template is misspelt, asks for an unknown field, filter or chart, types a digit, or places a
            number that cannot be traced; or somebody's own file is in the way. `docs` is as it was.
        WriteError: The disk is full. `docs` is as it was.
    """
    _refuse_digits(templates)
    prepared = prepare(results, documents, extras)
    with marks.recording(prepared.book.marks):
        pages, scripts = _render(prepared, templates, moving)
    with scratch_folder(docs) as fresh:
        docs.mkdir(exist_ok=True)
        try:
            _write_pages(pages, prepared.book, fresh)
            for name, text in scripts.items():
                _write(fresh / "data" / name, text)
        except LedgerError as error:
            raise PageError(str(error)) from None
        _write_charts(prepared, docs, fresh)
        for name, record in prepared.documents.items():
            _write(fresh / "data" / f"{name}.json", record.to_json())
        for name, source in files.items():
            (fresh / "data" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, fresh / "data" / name)
        beside(fresh)
        _refuse_in_the_way(fresh, docs)
        move_in(fresh, docs, sorted(names_below(fresh)), whole=True)
    return prepared


def _write_pages(pages: Mapping[str, str], book: Book, fresh: Path):
    """The pages, and beside them what is known of the numbers on them."""
    _write_texts(pages, book, fresh)
    _write(fresh / "data" / f"{REPORT}.json", json.dumps(CONSTANTS, sort_keys=True, indent=1) + "\n")
    _write(fresh / "data" / "ledger.json", book.to_json())
    _write(fresh / "data" / "ledger-at.json", book.elsewhere_to_json())


def _write_texts(pages: Mapping[str, str], book: Book, folder: Path):
    for name, text in pages.items():
        _write(folder / name, GLUED.sub(r"\1 ", text))
        page = name.removesuffix(".md")
        if book.pages[page].shown:
            _write(folder / "data" / f"claims-{page}.js", book.script(page))


def _write_charts(prepared: Prepared, docs: Path, folder: Path):
    """The files of charts that have none yet, into `data` of the folder; the style of drawings is that in `docs`."""
    sheet = docs / STYLE
    style = sheet.read_text(encoding="utf-8") if sheet.exists() else ""
    for slug, told in prepared.unwritten.items():
        write(prepared.charts[slug], folder / "data", style, told)
    prepared.unwritten.clear()


def _write(path: Path, text: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


@lru_cache(maxsize=4)
def environment(templates: Path) -> jinja2.Environment:
    """The Jinja environment of the pages: a missing field is an error, never an empty place.

    It is kept with the templates it has compiled; one whose file changes is compiled again.
    """
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        # The output is Markdown, where HTML escaping would damage quotes and signs. Text that comes from data
        # (ids, categories, file names) passes the `md` filter instead, which disarms HTML and Markdown alike.
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_placed,
    )
    env.filters.update({each.__name__: each for each in (*FILTERS, length)})
    return env


def _placed(value: Any) -> Any:
    """What an expression of a template puts on the page: a number only with its source."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = marks.mark("number", str(value), value)
    if isinstance(value, str) and (wrong := marks.untraced(value)):
        raise jinja2.UndefinedError(wrong)
    return value


def _context(results: Sequence[StudyResult], epsilon: float | None = None) -> PageContext:
    """What templates see, with the parts that follow the attacker at budget `epsilon`."""
    findings = [find(at_budget(result, epsilon) if epsilon else result, result) for result in results]
    found = {row.name for each in findings for row in each.recipes}
    return PageContext(
        results=results,
        findings=findings,
        banners=banners(results),
        recipes=[MODELS[name] for name in palette.in_order(found)],
        masking=MASKING_POINTS,
        level=LEVEL,
        ci=f"{LEVEL} interval",
        anomaly_words=ANOMALIES,
        evidence=evidence(results),
        follows=bool(attackers(results)),
    )


def _refuse_digits(templates: Path):
    if typed := prose.typed_digits(templates):
        raise PageError("\n".join(typed))


def _render(
    prepared: Prepared,
    templates: Path,
    moving: Callable[[Sequence[StudyResult], Attacker], Mapping[str, Any]] = lambda results, attacker: {},
    only: str = "",
) -> tuple[dict[str, str], dict[str, str]]:
    """Page name -> Markdown, in the order of names, and script -> what follows the attacker.

    What follows other attackers is left out if `only` names a page.
    """
    results, context, book, known = prepared.results, prepared.context, prepared.book, prepared.documents
    offered = attackers(results)
    threat = results[0].spec.threat
    page, shown, by_tier_only, redrawn = "", {}, False, {}
    drawing = True  # not for the parts that follow: a chart follows by itself

    def chart(name: str, result: StudyResult, **options) -> str:
        if not drawing:
            return ""
        if name not in CHARTS:
            raise jinja2.UndefinedError(f"unknown chart {name!r}; known: {', '.join(CHARTS)}")
        if name not in WHOSE:
            raise jinja2.UndefinedError(
                f"whom is chart {name!r} about? List it in WHOSE of generator/figures"
            )
        given = ((key, part if isinstance(part, str) else id(part)) for key, part in sorted(options.items()))
        asked = (name, result.data.name, *given)
        if asked not in prepared.asked:  # several pages show the same one
            try:
                drawn = book.drawn(CHARTS[name](result, **options))
            except LedgerError as error:
                raise jinja2.UndefinedError(f"chart {name!r}: {error}") from None
            if drawn.slug not in prepared.charts:
                prepared.charts[drawn.slug] = drawn
                prepared.unwritten[drawn.slug] = Told(
                    known_apart(known[result.data.name], _attacker(name, result))
                )
            elif prepared.charts[drawn.slug] != drawn:
                raise jinja2.UndefinedError(f"two different charts share the slug {drawn.slug!r}")
            prepared.asked[asked] = drawn, options
        drawn, _ = prepared.asked[asked]
        book.placed(page, drawn)
        shown[page] = shown.get(page, 0) + 1
        follows = FOLLOWING.get(name, "") if offered else ""
        if follows in ("budget", "tier") and drawn.slug not in redrawn and not only:
            others = _redrawn(book, CHARTS[name], result, options, offered, by=follows)
            redrawn[drawn.slug] = variants(others)
            tables = by_budget(
                {row[0].epsilon: each[0] for row, each in zip(offered.rows, others, strict=True)}
            )
            prepared.unwritten[drawn.slug] = replace(prepared.unwritten[drawn.slug], budgets=tables)
        about, budget = whose(WHOSE[name], result.spec.threat), result.spec.attack.headline_epsilon
        whom = (
            named(about, result.spec.threat),
            f"by up to {formats.epsilon(budget)}" if name in QUOTED else "",
        )
        place = Place(
            later=shown[page] > FEWER.get(page, AT_ONCE),
            dataset=result.data.name,
            follows=follows,
            attacker=about,
            drawn=", ".join(filter(None, whom)),
        )
        return embed(drawn, how_we_know(result), place)

    def follow(name: str, text: str, dataset: str, by: str, about: str) -> str:
        if "<figure" in text:
            raise jinja2.UndefinedError(
                f"{name!r} follows the attacker and holds a chart: charts follow by themselves"
            )
        if name in met:
            raise jinja2.UndefinedError(f"two parts called {name!r} follow the attacker")
        met[name] = (text, by)
        return following.wrapped(name, text, dataset, about)

    def about_whom(part: str, given: str) -> str:
        try:
            return whose(given, threat)
        except ValueError as error:
            raise jinja2.UndefinedError(f"{part!r}: {error}") from None

    env = environment(templates)
    asking = {
        "chart": chart,
        "following": follow,
        "about_whom": about_whom,
        "named": lambda given: named(about_whom("the attacker", given), threat),
        "wanted": lambda by: by == "tier" or not by_tier_only,
        "attacker_control": lambda: following.control(results, page),
    }
    elsewhere = _elsewhere(results, context, offered, moving) if offered and not only else {}
    pages, scripts = {}, {}

    def moved(template: str) -> dict[str, str]:
        """The scripts with the parts of the page for every attacker, by name."""
        nonlocal by_tier_only, drawing
        drawing = False
        quoted = dict(met)
        parts = {name: {offered.quoted: _part(book, page, text)} for name, (text, _) in quoted.items()}
        for attacker, others in elsewhere.items():
            by_tier_only = attacker.tier != offered.quoted.tier
            wanted = [name for name, (_, by) in quoted.items() if by == "tier" or not by_tier_only]
            if not wanted:
                continue
            met.clear()
            env.get_template(template).render(others, **asking)
            for name in wanted:
                parts[name][attacker] = _part(book, page, met.get(name, ("", ""))[0])
        by_tier_only, drawing = False, True
        return {
            f"at-{page}.js": following.script(results, offered, parts),
            f"claims-at-{page}.js": following.claims_script(page, parts),
        }

    for path in visible_files(templates, f"{only or '[!_]*'}{SUFFIX}"):
        page, met = path.name.removesuffix(SUFFIX), {}
        try:
            text = levels.offered(env.get_template(path.name).render(context, **asking))
            pages[f"{page}.md"] = book.finished(page, text)
            if met and not only:
                scripts |= moved(path.name)
        except jinja2.TemplateSyntaxError as error:
            raise PageError(f"{error.name}, line {error.lineno}: {error.message}") from None
        except jinja2.UndefinedError as error:
            raise PageError(f"{_place(error, templates)}: {error.message}") from None
        except LedgerError as error:
            raise PageError(f"{path.name}: {error}") from None
    return pages, scripts | {f"{slug}-at.js": text for slug, text in redrawn.items()}


def _redrawn(
    book: Book,
    draw: Callable[..., Chart],
    result: StudyResult,
    options: Mapping[str, Any],
    offered: Attackers,
    by: str,
) -> list[list[Chart]]:
    """The chart for every attacker, by budget, and within a budget by tier where it follows that."""
    return [
        [
            book.redrawn(draw(at_budget(result, row[0].epsilon), **options, **tier), [])
            for tier in ([{"tier": each.tier} for each in row] if by == "tier" else [{}])
        ]
        for row in offered.rows
    ]


def _attacker(name: str, result: StudyResult) -> str:
    """Whose numbers a chart holds as the study quotes it; empty where nobody attacks."""
    about = whose(WHOSE[name], result.spec.threat)
    if about == "nobody":
        return ""
    whom = named(about, result.spec.threat) or "each tier of the table"
    budget = marks.plain(formats.epsilon(result.spec.attack.headline_epsilon))
    return f"{whom}, quoted at {budget}" if name in FOLLOWING or name in QUOTED else whom


def _elsewhere(
    results: Sequence[StudyResult],
    context: Mapping[str, Any],
    offered: Attackers,
    moving: Callable[[Sequence[StudyResult], Attacker], Mapping[str, Any]],
) -> dict[Attacker, Mapping[str, Any]]:
    """What templates see for every attacker but the quoted one."""
    contexts = {}
    for row in offered.rows:
        quoted = row[0].epsilon == offered.quoted.epsilon
        at_this = context if quoted else {**context, **_context(results, row[0].epsilon)}
        for attacker in row:
            if attacker != offered.quoted:
                findings = [at_tier(each, attacker.tier) for each in at_this["findings"]]
                contexts[attacker] = {**at_this, "findings": findings, **moving(results, attacker)}
    return contexts


def _part(book: Book, page: str, text: str) -> following.Part:
    return following.part(*book.elsewhere(page, text))


def _place(error: jinja2.UndefinedError, templates: Path) -> str:
    """Template and line of the innermost frame that lies in a template."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).parent == templates
    ]
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}"


def _refuse_in_the_way(fresh: Path, docs: Path):
    if names := in_the_way(fresh, docs):
        raise PageError(
            f"{docs}: a run would write over what it did not leave so: {some(names)}; pages are made from "
            "templates/, so move away what is yours, remove the rest, and run the same command again"
        )


def _kept(new: Path, old: Path) -> bool:
    """Whether a preview leaves a file: the same, or a workbook, which holds what follows other attackers too."""
    return old.is_file() and (new.suffix == WORKBOOK or filecmp.cmp(new, old, shallow=False))
