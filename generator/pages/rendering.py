"""Templates and records in, `docs/` out: gathered first, then swapped in; a failure changes nothing.

Every number on a page is traced on the way (`ledger`); one without a source, and a digit typed in a template, end
the build.
"""

import filecmp
import json
import re
import shutil
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypedDict

import jinja2

from generator.engine.files import scratch_folder, sha256_of, visible_files
from generator.engine.forking import share
from generator.engine.made import in_the_way, move_in, names_below, some
from generator.engine.unchanged import fingerprint
from generator.figures import QUOTED, WHOSE, FigurePlace, embed
from generator.findings import Banners, DatasetFindings, at_tier, banners, find
from generator.findings.anomaly_words import ANOMALIES, AnomalyWords
from generator.findings.evaluations import MASKING_POINTS
from generator.findings.evidence import EvidenceRegister, evidence
from generator.findings.validation import ValidationFindings, find_validation
from generator.findings.validation.money import calculator
from generator.notation import formats, marks, palette
from generator.notation.attackers import Attacker, Attackers, at_budget, attackers, named, whose
from generator.notation.formats import FILTERS, LEVEL
from generator.notation.names import MODELS, ModelName, hardened_in_order
from generator.notation.tracing import CONSTANTS, REPORT, length, traced
from generator.pages import following, reading
from generator.pages import typed_digits as prose
from generator.pages.charting import ChartError, Charts, PublishedChart
from generator.pages.ledger import Book, LedgerError, chart_line, section
from generator.pages.provenance_line import how_we_know
from generator.pages.shelf import Entry, Shelf
from generator.pages.sources import source_of_findings
from generator.records.results import StudyResult
from generator.records.validation import ValidationResult

SUFFIX = ".md.j2"
BOXES = "td|th|tr|thead|caption|legend|label|optgroup|option|select|button"
GLUED = re.compile(rf"(?<=>)(?=<small)|(</(?:{BOXES})>)(?=<[a-z])")
"""Where the search, which knows neither cells nor boxes, would take two words for one. Elements `div` are left out, as
Markdown would begin a paragraph between them; they stand on lines of their own."""
STYLE = "assets/extra.css"
"""The style in docs/ whose part on drawings goes into their files."""
AT_ONCE = 4
"""Figures whose drawing is in the page itself; those further down come when a reader comes near."""
FEWER = {"hardening": 2, "impact": 1}
"""The same on pages that are heavy without them."""


OF_ONE, OF_ALL, OF_MONEY = "_validation", "_validations", "_validation_calculator"
"""Templates of the page of each validation, of the Summary of a site without studies, and of calculators of
validations."""
WITHOUT_STUDIES = ("own",)
"""Pages of such a site, beside these; all others are about studies."""


class PageError(Exception):
    """A template asks for something that is not there; the message names template and line."""


class PageContext(TypedDict):
    """What every template sees."""

    results: Sequence[StudyResult]
    findings: Sequence[DatasetFindings]
    """One for each result, in the same order."""
    validations: Sequence[ValidationFindings]
    """One for each validation, in the order of their names."""
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
    evidence: EvidenceRegister
    """The register of limitations and the frameworks of the crosswalk."""
    follows: bool
    """Whether there are other attackers for parts of the pages to follow."""


@dataclass(frozen=True)
class Page:
    """One page, before it is made."""

    name: str
    template: str
    validation: str = ""
    """Name of the one it is about."""


@dataclass(frozen=True)
class Made:
    """One page, with all that is published beside it."""

    files: Mapping[str, bytes]
    """By name below docs/: its Markdown, its scripts, and the files of its charts."""
    charts: Mapping[str, Sequence[str]]
    """Slug --> where the numbers of the chart come from."""
    quoted: str
    """What the ledger says of its numbers, a claim a line, as the study quotes it."""
    others: str
    """The same of other attackers."""


@dataclass
class Prepared:
    """Records made ready for templates: what stays the same however often a page is rendered."""

    results: Sequence[StudyResult]
    """Traced."""
    validations: Mapping[str, ValidationResult]
    """Traced, by name."""
    context: Mapping[str, Any]
    """What templates see."""
    book: Book
    offered: Attackers | None
    """Those a reader may pick; None if there is one alone."""
    charts: Charts
    elsewhere: dict[float | Attacker, Sequence[DatasetFindings]] = field(default_factory=dict)
    """What was found so far for other attackers than the quoted one, in the order of the results."""

    @property
    def titles(self) -> dict[str, str]:
        """Of the datasets of the studies, by name."""
        return {result.data.name: marks.plain(result.data.title) for result in self.results}

    def findings(self, attacker: Attacker) -> Sequence[DatasetFindings]:
        """The findings for an attacker that is offered, in the order of the results."""
        quoted, budget = self.offered.quoted, attacker.epsilon
        if attacker == quoted:
            return self.context["findings"]
        if budget not in self.elsewhere:
            same = budget == quoted.epsilon
            self.elsewhere[budget] = (
                self.context["findings"] if same else [find(at_budget(r, budget), r) for r in self.results]
            )
        if attacker not in self.elsewhere:
            self.elsewhere[attacker] = [at_tier(each, attacker.tier) for each in self.elsewhere[budget]]
        return self.elsewhere[attacker]


@dataclass(frozen=True)
class Rendering:
    """How pages were made."""

    prepared: Callable[[], Prepared]
    """What `render_page` takes to render one of them again."""
    pages: int
    kept: int
    """Those of them that an earlier run had made."""


def prepare(
    results: Sequence[StudyResult],
    documents: Mapping[str, Any] = MappingProxyType({}),
    extras: Callable[[Sequence[StudyResult]], Mapping[str, Any]] = lambda results: {},
    shelf: Shelf | None = None,
    validations: Sequence[ValidationResult] = (),
) -> Prepared:
    """Find all there is to say about the records; see `render_pages`."""
    by_name = {result.name: result for result in (*results, *validations)} | dict(documents)
    with marks.recording() as recorded:
        ready = [traced(each, each.name) for each in results]
        validated = {each.name: traced(each, each.name) for each in validations}
        book = Book(recorded, {**by_name, REPORT: CONSTANTS})
        offered = attackers(ready)
        context = {**_context(ready, [*validated.values()]), **extras(ready)}
        return Prepared(ready, validated, context, book, offered, Charts(by_name, book, offered, shelf))


def pages_of(
    templates: Path, results: Sequence[StudyResult], validations: Iterable[ValidationResult]
) -> dict[str, Page]:
    """The pages of a site of these records, by name.

    Raises:
        PageError: A validation has the name of another page.
    """
    names = [path.name.removesuffix(SUFFIX) for path in visible_files(templates, f"[!_]*{SUFFIX}")]
    pages = {name: Page(name, name) for name in names if results or name in WITHOUT_STUDIES}
    if not results:
        pages["index"] = Page("index", OF_ALL)
    for each in validations:
        own = {each.name: OF_ONE} | ({money: OF_MONEY} if (money := calculator(each)) else {})
        if taken := next((name for name in own if name in pages), None):
            raise PageError(
                f"a study called {each.name!r} would have the address of the page {taken!r}; rename its file, "
                f"as my_{each.name}.toml, and study it again"
            )
        pages |= {name: Page(name, template, each.name) for name, template in own.items()}
    return pages


def render_page(prepared: Prepared, page: str, templates: Path, docs: Path) -> Made:
    """Render one page again, its charts and what is known of its numbers.

    For a preview of a changed template: the ledger and the downloads stay as the last `render_pages` has left them, and
    a chart that was drawn is kept. Only files that differ are touched, the page last: whoever watches builds once.

    Raises:
        PageError: A template asks for something that is not there, or a number on it cannot be traced.
    """
    pages = pages_of(templates, prepared.results, prepared.validations.values())
    if page not in pages:  # a template that this site has no page of
        return Made({}, {}, "", "")
    made = _render(prepared, pages[page], templates, _style(docs))
    with scratch_folder(docs) as fresh:
        _write_all(made.files, fresh)
        _refuse_in_the_way(fresh, docs)
        names = [name for name in names_below(fresh) if not _same(fresh / name, docs / name)]
        move_in(fresh, docs, sorted(names, key=lambda name: name.endswith(".md")), whole=False)
    return made


def render_pages(
    results: Sequence[StudyResult],
    templates: Path,
    docs: Path,
    *,
    files: Mapping[str, Path] = MappingProxyType({}),
    documents: Mapping[str, Any] = MappingProxyType({}),
    extras: Callable[[Sequence[StudyResult]], Mapping[str, Any]] = lambda results: {},
    beside: Callable[[Path], None] = lambda fresh: None,
    shelf: Shelf | None = None,
    validations: Sequence[ValidationResult] = (),
) -> Rendering:
    """Render every template, its charts, the ledger and the downloads into `docs`; equal input, equal bytes.

    What an earlier run left in `docs` is replaced or removed. All other files there are somebody's own and stay.

    Args:
        files: Further downloads: name below `docs/data` to the file that is copied there.
        documents: Further records that numbers on pages may come from, by the name below `docs/data` without
            its suffix; each is published like a result, as it lies in `files` or else written anew.
        extras: From the traced results to what templates see beside `PageContext`.
        beside: Writes further files into the folder of the new pages, before it takes the place of the old ones.
        shelf: Has the pages and figures of earlier runs; what its pages depend on stands for all other arguments but
            `templates`.
        validations: Each gets a page of its own. Where there are no results, the Summary is about them, and pages
            about studies are not made.

    Raises:
        PageError: A template is misspelt, asks for an unknown field, filter or chart, types a digit, or places a
            number that cannot be traced; or somebody's own file is in the way; or two pages have one name. `docs` is as
            it was.
        WriteError: The disk is full. `docs` is as it was.
    """
    _refuse_digits(templates)
    ready = cache(lambda: prepare(results, documents, extras, shelf, validations))
    style = _style(docs)
    asked = pages_of(templates, results, validations)
    pages = {
        name: made
        for name, page in asked.items()
        if shelf and (made := _from_shelf(shelf, page, templates, style))
    }
    kept = len(pages)
    if missing := [page for name, page in asked.items() if name not in pages]:
        pages |= _render_all(ready(), missing, templates, style, shelf)
    pages = {name: pages[name] for name in asked}
    with scratch_folder(docs) as fresh:
        docs.mkdir(exist_ok=True)
        for made in pages.values():
            _write_all(made.files, fresh)
        _write_all(ledger_files(pages), fresh)
        records = {result.name: result for result in (*results, *validations)}
        for name, record in (records | dict(documents)).items():
            if f"{name}.json" not in files:
                _write(fresh / "data" / f"{name}.json", record.to_json().encode())
        for name, source in files.items():
            (fresh / "data" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, fresh / "data" / name)
        beside(fresh)
        _refuse_in_the_way(fresh, docs)
        move_in(fresh, docs, sorted(names_below(fresh)), whole=True)
    return Rendering(ready, len(asked), kept)


def _render_all(
    prepared: Prepared, asked: Sequence[Page], templates: Path, style: str, shelf: Shelf | None
) -> dict[str, Made]:
    """These pages, by name; with a shelf, on all cores, and kept there."""
    pages: dict[str, Made] = {}

    def render(page: Page):
        pages[page.name] = _render(prepared, page, templates, style)
        if shelf:
            shelf.put(f"pages/{page.name}", _inputs(shelf, page, templates, style), _entry(pages[page.name]))

    if shelf and len(asked) > 1:
        with suppress(PageError):  # it comes again below, for the first page that has one
            share(
                sorted(asked, key=lambda page: -(templates / f"{page.template}{SUFFIX}").stat().st_size),
                render,
            )
    for page in asked:
        made = shelf and page.name not in pages and _from_shelf(shelf, page, templates, style)
        if made:
            pages[page.name] = made
        elif page.name not in pages:
            render(page)
    return pages


def _style(docs: Path) -> str:
    sheet = docs / STYLE
    return sheet.read_text(encoding="utf-8") if sheet.exists() else ""


def _inputs(shelf: Shelf, page: Page, templates: Path, style: str) -> dict[str, str]:
    """All that a page depends on."""
    shared = (
        path
        for path in visible_files(templates, f"_*{SUFFIX}")
        if path.name.removesuffix(SUFFIX) not in (OF_ONE, OF_ALL, OF_MONEY)
    )
    own = (templates / f"{page.template}{SUFFIX}", *shared)
    return {
        **shelf.pages,
        "findings": source_of_findings(own),
        "templates": fingerprint(own),
        "style": sha256_of(style),
    }


def _from_shelf(shelf: Shelf, page: Page, templates: Path, style: str) -> Made | None:
    """The page as an earlier run made it of the same."""
    entry = shelf.take(f"pages/{page.name}", _inputs(shelf, page, templates, style))
    return Made(files=entry.files, **entry.told) if entry else None


def _entry(made: Made) -> Entry:
    return Entry(files=made.files, told={"charts": made.charts, "quoted": made.quoted, "others": made.others})


def ledger_files(pages: Mapping[str, Made]) -> dict[str, bytes]:
    """The files of what is known of all numbers, by name below docs/; `pages` by name."""
    paths = {slug: each for made in pages.values() for slug, each in made.charts.items()}
    charts = (
        chart_line(slug, [name for name, made in pages.items() if slug in made.charts], paths[slug])
        for slug in sorted(paths)
    )
    ordered = [pages[name] for name in sorted(pages, key=lambda name: f"{name}/")]
    quoted, others = ([getattr(made, part) for made in ordered] for part in ("quoted", "others"))
    texts = {
        f"{REPORT}.json": json.dumps(CONSTANTS, sort_keys=True, indent=1) + "\n",
        "ledger.json": f"{{{section('charts', charts)},\n{section('claims', quoted)}}}\n",
        "ledger-at.json": f"{{{section('claims', others)}}}\n",
    }
    return {f"data/{name}": text.encode() for name, text in texts.items()}


def _write_all(files: Mapping[str, bytes], folder: Path):
    for name, content in files.items():
        _write(folder / name, content)


def _write(path: Path, content: bytes):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@lru_cache(maxsize=4)
def environment(templates: Path) -> jinja2.Environment:
    """The Jinja environment of the pages: a missing field is an error, never an empty place.

    It is kept with the templates it has compiled; one whose file changes is compiled again.
    """
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        # The output is Markdown, where HTML escaping would damage quotes and more. Text that comes from data (ids,
        # categories, file names) passes the `md` filter instead, which disarms HTML and Markdown alike.
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_written,
    )
    env.filters.update({each.__name__: each for each in (*FILTERS, length)})
    return env


def _written(value: Any) -> Any:
    """What an expression of a template puts on the page: a number only with its source, a place where it follows."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = marks.mark("number", str(value), value)
    if isinstance(value, str) and (wrong := marks.untraced(value)):
        raise jinja2.UndefinedError(wrong)
    return following.placed(value)


def _context(results: Sequence[StudyResult], validations: Sequence[ValidationResult]) -> PageContext:
    findings = [find(result) for result in results]
    found = {model.name for result in results for model in hardened_in_order(result)}
    return PageContext(
        results=results,
        findings=findings,
        validations=[find_validation(each) for each in validations],
        banners=banners(results) if results else banners([], validations),
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


def _render(prepared: Prepared, asked: Page, templates: Path, style: str) -> Made:
    """One page, with all that is published beside it.

    Raises:
        PageError: A template asks for something that is not there, or a number on it cannot be traced.
    """
    page, name = asked.name, f"{asked.template}{SUFFIX}"
    sheet, book = Sheet(prepared, asked, style), prepared.book
    try:
        with marks.recording(book.marks):
            context = {**prepared.context, **_about(prepared, asked)}
            text = environment(templates).get_template(name).render(context, **sheet.asked_for())
            text = reading.offered(book.finished(page, text), prepared.titles, book.switch(page))
            texts = {f"{page}.md": GLUED.sub(r"\1 ", text)}
            if book.pages[page].shown:
                texts[f"data/claims-{page}.js"] = book.script(page)
            texts |= sheet.scripts()
            quoted, others = book.lines(page)
    except jinja2.TemplateSyntaxError as error:
        raise PageError(f"{error.name}, line {error.lineno}: {error.message}") from None
    except jinja2.UndefinedError as error:
        raise PageError(f"{_place(error, templates)}: {error.message}") from None
    except LedgerError as error:
        raise PageError(f"{name}: {error}") from None
    files = {name: content for drawn in sheet.charts.values() for name, content in drawn.files.items()}
    return Made(
        files=files | {name: text.encode() for name, text in texts.items()},
        charts={slug: drawn.paths for slug, drawn in sheet.charts.items()},
        quoted=quoted,
        others=others,
    )


def _about(prepared: Prepared, page: Page) -> dict[str, Any]:
    """What the template of the page of a validation sees beside `PageContext`."""
    if not page.validation:
        return {}
    (found,) = (each for each in prepared.context["validations"] if each.result.name == page.validation)
    return {"found": found, "banners": banners([], [found.result])}


class Sheet:
    """One page in the making: what its template asks for, and what it has got so far."""

    def __init__(self, prepared: Prepared, page: Page, style: str):
        self._prepared = prepared
        self._page = page.name
        self._style = style
        self.charts: dict[str, PublishedChart] = {}
        about = prepared.validations.get(page.validation)
        self._threat = (about or [*prepared.results, *prepared.validations.values()][0]).spec.threat
        self._figures = 0
        self._parts: dict[str, Sequence[following.Place]] = {}

    def asked_for(self) -> dict[str, Callable[..., str]]:
        """What templates can call, by the name they use."""
        return {
            "chart": self.chart,
            "following": self.following,
            "about_whom": self.about_whom,
            "named": lambda given: named(self.about_whom("the attacker", given), self._threat),
            "attacker_control": lambda: following.control(self._prepared.results, self._page),
        }

    def about_whom(self, part: str, given: str) -> str:
        """Whom a part is about, as `whose` has it."""
        try:
            return whose(given, self._threat)
        except ValueError as error:
            raise jinja2.UndefinedError(f"{part!r}: {error}") from None

    def chart(self, name: str, result: StudyResult | ValidationResult, **options) -> str:
        """A figure, drawn if no page has asked for it yet."""
        try:
            drawn = self._prepared.charts.drawn(name, result, self._style, options)
        except ChartError as error:
            raise jinja2.UndefinedError(str(error)) from None
        self.charts[drawn.chart.slug] = drawn
        self._figures += 1
        about, budget = whose(WHOSE[name], result.spec.threat), result.spec.attack.headline_epsilon
        whom = (
            named(about, result.spec.threat),
            f"by up to {formats.epsilon(budget)}" if name in QUOTED else "",
        )
        place = FigurePlace(
            later=self._figures > FEWER.get(self._page, AT_ONCE),
            dataset=result.name,
            follows=self._prepared.charts.follows(name),
            attacker=about,
            drawn=", ".join(filter(None, whom)),
        )
        return embed(drawn.chart, how_we_know(result), place)

    def following(
        self,
        name: str,
        found: DatasetFindings | Sequence[DatasetFindings],
        by: str,
        about: str,
        body: Callable[[Any], str],
        head: Callable[..., str] | None,
    ) -> str:
        """A part that follows the attacker: rendered for each, placed once.

        Args:
            found: what it is about, one dataset or all of them.
            by: what of the attacker it follows, `budget` or `tier`.
            about: whose figures it holds.
            body: from `found`, as it is for an attacker, to the text.
            head: from `about` and the same to what stands above it.
        """

        def written(each: Any) -> str:
            return (head(about, each) if head else "") + body(each)

        if not (offered := self._prepared.offered):
            return written(found)
        one = isinstance(found, DatasetFindings)
        dataset = found.result.data.name if one else ""
        name = f"{dataset}-{name}" if one else name
        if name in self._parts:
            raise jinja2.UndefinedError(f"two parts called {name!r} follow the attacker")
        at = self._prepared.context["findings"].index(found) if one else slice(None)
        chosen = [
            each for row in offered.rows for each in row if by == "tier" or each.tier == offered.quoted.tier
        ]
        with following.placing():
            texts = {each: written(self._prepared.findings(each)[at]) for each in chosen}
        if "<figure" in texts[offered.quoted]:
            raise jinja2.UndefinedError(
                f"{name!r} follows the attacker and holds a chart: charts follow by themselves"
            )
        try:
            text, self._parts[name] = following.part(name, texts, offered.quoted)
        except following.FollowingError as error:
            raise jinja2.UndefinedError(str(error)) from None
        return following.wrapped(name, text, dataset, about)

    def scripts(self) -> dict[str, str]:
        """Name of a file --> what stands in the places for each attacker, and what is known of the numbers there."""
        if not self._parts:
            return {}
        parts, claims = {}, {}
        for name, places in self._parts.items():
            parts[name] = []
            for place in places:
                said = {}
                for attacker, text in place.texts.items():
                    said[attacker], known = self._prepared.book.elsewhere(self._page, text, table=place.table)
                    claims |= known
                parts[name].append(said)
        return {
            f"data/at-{self._page}.js": following.script(
                self._prepared.results, self._prepared.offered, parts
            ),
            f"data/claims-at-{self._page}.js": following.claims_script(self._page, claims),
        }


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


def _same(new: Path, old: Path) -> bool:
    return old.is_file() and filecmp.cmp(new, old, shallow=False)
