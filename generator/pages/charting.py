"""The charts of all pages: each is drawn once however many pages show it, and again for every attacker it follows.

This module and what it imports decide what is in the files of a chart: a chart that an earlier run drew with the same
source of these is taken from the shelf.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from generator.engine.files import sha256_of
from generator.engine.unchanged import fingerprint, sources_of
from generator.figures import (
    CHARTS,
    FOLLOWING,
    QUOTED,
    WHOSE,
    Chart,
    Told,
    by_budget,
    files_of,
    variants,
)
from generator.notation import formats, marks
from generator.notation.attackers import Attackers, at_budget, named, whose
from generator.notation.marks import MARK, Mark, Marks
from generator.pages.ledger import Book, LedgerError
from generator.pages.provenance_line import known_apart
from generator.pages.shelf import Entry, Shelf
from generator.records.results import StudyResult
from generator.records.validation import ValidationResult

MARKED = ("title", "caption", "summary")
"""Fields of a chart whose numbers keep their marks, as they become text of the page."""


class ChartError(Exception):
    """There is no such chart, or it cannot be drawn; the message says why."""


@dataclass(frozen=True)
class PublishedChart:
    """A chart with all that is published of it."""

    chart: Chart
    paths: tuple[str, ...]
    """Where the numbers in it come from."""
    files: Mapping[str, bytes]
    """By name below docs/."""


class Charts:
    """The charts that were asked for, by what was asked."""

    def __init__(
        self, documents: Mapping[str, Any], book: Book, offered: Attackers | None, shelf: Shelf | None
    ):
        self._documents = documents
        self._book = book
        self.offered = offered
        self._shelf = shelf
        # an object among the options lives on here, so that its id stays its own
        self._asked: dict[tuple, tuple[PublishedChart, Mapping[str, Any]]] = {}
        self._slugs: dict[str, Chart] = {}

    def follows(self, name: str) -> str:
        """What of the attacker a chart follows; see `FOLLOWING`."""
        return FOLLOWING.get(name, "") if self.offered else ""

    def drawn(
        self, name: str, result: StudyResult | ValidationResult, style: str, options: Mapping[str, Any]
    ) -> PublishedChart:
        """The chart of that name.

        Args:
            style: of the pages, whose part on drawings goes into the files.

        Raises:
            ChartError: There is none of that name; a number in it cannot be traced; or another one has its slug.
        """
        if name not in CHARTS:
            raise ChartError(f"unknown chart {name!r}; known: {', '.join(CHARTS)}")
        if name not in WHOSE:
            raise ChartError(f"whom is chart {name!r} about? List it in WHOSE of generator/figures")
        given = ((key, part if isinstance(part, str) else id(part)) for key, part in sorted(options.items()))
        asked = (name, result.name, *given)
        if asked not in self._asked:
            drawn = self._from_shelf(name, result, style, options)
            if self._slugs.setdefault(drawn.chart.slug, drawn.chart) != drawn.chart:
                raise ChartError(f"two different charts share the slug {drawn.chart.slug!r}")
            self._asked[asked] = drawn, options
        return self._asked[asked][0]

    def _from_shelf(
        self, name: str, result: StudyResult | ValidationResult, style: str, options: Mapping[str, Any]
    ) -> PublishedChart:
        if not self._shelf or CHARTS[name].__module__.partition(".")[0] != __package__.partition(".")[0]:
            return self._draw(name, result, style, options)  # whose source nobody knows
        inputs = {
            "code": source(),
            **self._shelf.figures[result.name],
            "style": sha256_of(style),
            "attackers": repr(self.offered),
            # an object is the only one of its kind beside the record
            "asked": repr([name, *((key, _said(part)) for key, part in sorted(options.items()))]),
        }
        stage = f"{result.name}/{name}"
        if entry := self._shelf.take(stage, inputs):
            return _read(entry, self._book.marks)
        drawn = self._draw(name, result, style, options)
        self._shelf.put(stage, inputs, _written(drawn, self._book.marks))
        return drawn

    def _draw(
        self, name: str, result: StudyResult | ValidationResult, style: str, options: Mapping[str, Any]
    ) -> PublishedChart:
        try:
            chart, paths = self._book.drawn(CHARTS[name](result, **options))
        except LedgerError as error:
            raise ChartError(f"chart {name!r}: {error}") from None
        told, more = Told(known_apart(self._documents[result.name], _attacker(name, result))), {}
        if (by := self.follows(name)) in ("budget", "tier"):
            others = self._redrawn(name, result, options, by)
            rows = zip(self.offered.rows, others, strict=True)
            told = replace(told, budgets=by_budget({row[0].epsilon: each[0] for row, each in rows}))
            more = {f"{chart.slug}-at.js": variants(others).encode()}
        files = files_of(chart, style, told) | more
        return PublishedChart(
            chart, tuple(paths), {f"data/{name}": content for name, content in files.items()}
        )

    def _redrawn(
        self, name: str, result: StudyResult | ValidationResult, options: Mapping[str, Any], by: str
    ) -> list[list[Chart]]:
        """The chart for every attacker, by budget, and within a budget by tier where it follows that.

        Of plain numbers: where they come from is told of the quoted attacker.
        """
        plain = self._documents[result.name]
        with marks.unmarked():
            return [
                [
                    CHARTS[name](at_budget(plain, row[0].epsilon), **options, **tier)
                    for tier in ([{"tier": each.tier} for each in row] if by == "tier" else [{}])
                ]
                for row in self.offered.rows
            ]


@cache
def source() -> str:
    """Stands for all the source that decides what is in the files of a chart."""
    return fingerprint(sources_of(__name__))


def _said(option: Any) -> str:
    return option if isinstance(option, str) else type(option).__name__


def _attacker(name: str, result: StudyResult | ValidationResult) -> str:
    """Whose numbers a chart holds as the study quotes it; empty where nobody attacks."""
    about = whose(WHOSE[name], result.spec.threat)
    if about == "nobody":
        return ""
    whom = named(about, result.spec.threat) or "each tier of the table"
    budget = marks.plain(formats.epsilon(result.spec.attack.headline_epsilon))
    return f"{whom}, quoted at {budget}" if name in FOLLOWING or name in QUOTED else whom


def _written(drawn: PublishedChart, numbered: Marks) -> Entry:
    """The chart as it is kept, with the marks in its texts."""
    fields = vars(drawn.chart)
    numbers = sorted({mark[1] for name in MARKED for mark in MARK.finditer(fields[name])})
    told = {
        "chart": fields,
        "paths": drawn.paths,
        "marks": {number: asdict(numbered[number]) for number in numbers},
    }
    return Entry(files=drawn.files, told=told)


def _read(entry: Entry, numbered: Marks) -> PublishedChart:
    """The chart as it was kept; its marks are numbered anew."""
    fields = entry.told["chart"]
    marks_told = {
        number: Mark(**mark | {"values": tuple(mark["values"]), "paths": tuple(mark["paths"])})
        for number, mark in entry.told["marks"].items()
    }
    again = {name: MARK.sub(lambda mark: numbered.wrap(marks_told[mark[1]]), fields[name]) for name in MARKED}
    parts = {
        "headers": tuple(fields["headers"]),
        "rows": tuple(map(tuple, fields["rows"])),
        "views": tuple(fields["views"]),
    }
    return PublishedChart(Chart(**fields | again | parts), tuple(entry.told["paths"]), entry.files)
