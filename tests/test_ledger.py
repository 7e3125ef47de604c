"""Every number on a page is traced: what changes with a record is what the ledger says, and nothing else."""

import html
import json
import random
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from offenders import all_hold
from rates_fixture import tiny_draws
from report_fixture import tiny_result

from generator.findings.original import CLAIMS
from generator.notation import formats, marks
from generator.notation.paths import condensed, resolve
from generator.notation.tracing import CONSTANTS, counted, derived, length, sources, stated, traced
from generator.pages import typed_digits as prose
from generator.pages.rendering import PageError, ledger_files, prepare, render_page, render_pages
from generator.records.base import Record
from generator.records.results import Estimate, StudyResult
from generator.runs.changes import documents, find_changes
from generator.tools import calculator

TEMPLATES = Path(__file__).parents[1] / "templates"
PAGES = sorted(path.name.removesuffix(".md.j2") for path in TEMPLATES.glob("[!_.]*.md.j2"))
DRAWS = tiny_draws(tiny_result().rates)
SIDE, SEED = 5, 3
STEERING = re.compile(
    r"^/spec/|^/schema_version$"
    r"|/(epsilon|epsilons/\d+|round|seeds|decimals|false_positive_rate|frauds_per_day)$"  # looked up, or a format
    r"|^/data/breakdowns/|^/groups/|/correlations/|/standard_deviation$|/mean_change$"  # extremes are named
    r"|/(contradictions|rows_unresolved|rows_by_rounding|boxes|unresolved|by_rounding|battery/\d+/rows|evaded)$"
    r"|^/rates/mean_fraud_amount$"  # cancels out of ratios
    r"|/reach/\d+/(up|down)$"  # zero is said in other words
)
"""Numbers that decide which sentence is said or which row is shown, and not only what stands there."""
SPAN = re.compile(r'<span data-claim="([^"]*)">([^<]*)</span>')
GONE = "\ufffc"


# ---------------------------------------------------------------- one record value is changed


def leaves(node: Any, path: str = "") -> Iterator[str]:
    """Pointers to all numbers of a JSON value."""
    if isinstance(node, int | float) and not isinstance(node, bool):
        yield path
    for key, member in (
        node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ())
    ):
        yield from leaves(member, f"{path}/{key}")


def moved(node: Any, keys: list[str]) -> Any:
    """The record with one number moved so far that no rounding hides it."""
    if not keys:
        size = abs(node)
        return node + (60 + size // 2 if isinstance(node, int) else 1.7 + 0.3 * size)
    key, *rest = keys
    if isinstance(node, Record):
        return node.model_copy(update={key: moved(getattr(node, key), rest)})
    if isinstance(node, dict):
        return {**node, key: moved(node[key], rest)}
    return (*node[: int(key)], moved(node[int(key)], rest), *node[int(key) + 1 :])


@dataclass(frozen=True)
class Rendered:
    """What is published of one record, as the tests read it."""

    ledger: dict
    pages: dict[str, str]
    cells: dict[str, dict[str, list[str]]]
    drawings: dict[str, bytes]

    def claims(self, page: str) -> dict[str, dict]:
        """Id -> claim, of one page."""
        return {
            key.partition("/")[2]: claim
            for key, claim in self.ledger["claims"].items()
            if claim["page"] == page
        }


def rendered(
    result: StudyResult, folder: Path, earlier: Mapping[str, StudyResult] = MappingProxyType({})
) -> Rendered:
    """Every page as the study quotes it, for no other attacker, with what the calculator works out."""
    prepared = prepare(
        [result],
        documents=documents(earlier) | calculator.DOCUMENTS,
        extras=lambda results: (
            {"changes": find_changes(results, earlier)} | calculator.values(results, {"checks": DRAWS})
        ),
    )
    prepared.offered = prepared.charts.offered = None
    data = folder / "docs" / "data"
    shutil.rmtree(folder / "docs", ignore_errors=True)
    data.mkdir(parents=True)
    pages = {name: render_page(prepared, name, TEMPLATES, folder / "docs") for name in PAGES}
    scripts = {path.stem.removeprefix("claims-"): path.read_text() for path in data.glob("claims-*.js")}
    return Rendered(
        json.loads(ledger_files(pages)["data/ledger.json"]),
        {path.stem: path.read_text() for path in (folder / "docs").glob("*.md")},
        {page: json.loads(text.partition(",")[2][:-3])["cells"] for page, text in scripts.items()},
        {
            path.name: path.read_bytes()
            for path in data.iterdir()
            if path.suffix in (".js", ".csv") and not path.name.startswith("claims-")
        },
    )


def covers(paths: list[str], leaves: tuple[str, ...]) -> bool:
    """Whether a number, or a node all of whose numbers are meant, is among the paths; no leaves are any."""
    return not leaves or any(leaf == path or leaf.startswith(f"{path}/") for leaf in leaves for path in paths)


def blanked(of: Rendered, page: str, *leaves: str) -> str:
    """The page without the texts of the claims and charts that the ledger derives from any of the `leaves`."""
    claims = {name: c for name, c in of.claims(page).items() if covers(c["paths"], leaves)}
    text = re.sub(r' aria-label="[^"]*"', "", of.pages[page])  # the same text as beside it
    text = re.sub(r"--signs:\d+", "", text)  # how long the text is, for the layout
    # what the form of the calculator shows at first is the reader's to change, and no claim
    text = re.sub(r'<section class="calculator".*?</section>', "", text, flags=re.S)
    for slug, chart in of.ledger["charts"].items():
        parts = (("details", "table"), ("div", "views"), ("div", "view"))
        for element, part in parts if covers(chart["paths"], leaves) else ():
            start = rf'(id="{slug}"(?:(?!</figure>).)*?)<{element} class="chart-{part}"'
            text = re.sub(rf"{start}.*?</{element}>", r"\1", text, flags=re.S)
    text = SPAN.sub(lambda m: f'<span data-claim="{m[1]}">{GONE}</span>' if m[1] in claims else m[0], text)
    lines, table, row = text.split("\n"), -1, 0
    for at, line in enumerate(lines):
        if line.startswith(("#", "!!!")):
            for claim in claims.values():
                line = line.replace(claim["text"], GONE)
        elif line.startswith("|"):
            fresh = not at or not lines[at - 1].startswith("|")
            table, row = (table + 1, 0) if fresh else (table, row + 1)
            if row != 1:  # the line between head and body
                line = blanked_row(line, f"{table}/{row - (row > 1)}", of.cells.get(page, {}), claims)
        lines[at] = line
    return "\n".join(lines)


def blanked_row(line: str, place: str, cells: dict[str, list[str]], claims: dict[str, dict]) -> str:
    parts = line.split("|")
    for column in range(len(parts) - 1):
        for name in cells.get(f"{place}/{column}", ()):
            if name in claims:
                assert claims[name]["text"] in parts[column + 1]
                parts[column + 1] = parts[column + 1].replace(claims[name]["text"], GONE, 1)
    return "|".join(parts)


def redrawn(before: Rendered, after: Rendered) -> set[str]:
    """Slugs of the charts whose files differ."""
    names = before.drawings.keys() | after.drawings.keys()
    return {n.rpartition(".")[0] for n in names if before.drawings.get(n) != after.drawings.get(n)}


def drawn_from(of: Rendered, *leaves: str) -> set[str]:
    """Slugs of the charts that the ledger derives from any of the `leaves`."""
    return {slug for slug, chart in of.ledger["charts"].items() if covers(chart["paths"], leaves)}


def unmoved(before: Rendered, after: Rendered, *leaves: str) -> list[str]:
    """Claims that the ledger derives from `leaves` and whose text is the same as before, unless they are zero."""
    return [
        name
        for name, claim in before.ledger["claims"].items()
        if covers(claim["paths"], leaves)
        and claim["text"] == after.ledger["claims"].get(name, {}).get("text")
        and any(claim["values"])
    ]


def sample() -> list[str]:
    """Some numbers, as different as there are: of every kind of place in a record at most one."""
    rng = random.Random(SEED)
    found = [leaf for leaf in leaves(tiny_result().model_dump(mode="json")) if not STEERING.search(leaf)]
    rng.shuffle(found)
    kinds = {re.sub(r"/\d+", "/*", leaf): leaf for leaf in found}
    return rng.sample(sorted(kinds.values()), SIDE * SIDE)


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> Rendered:
    return rendered(tiny_result(), tmp_path_factory.mktemp("before"))


def test_changed_values_change_what_the_ledger_derives_from_them_and_nothing_else(before, tmp_path):
    """Each value moves in two companies that share no other: what is ascribed to a wrong one is missed in one."""
    found = sample()
    rows = [found[at : at + SIDE] for at in range(0, len(found), SIDE)]

    def alone_change(company: tuple[str, ...]):
        paths = [f"checks#{leaf}" for leaf in company]
        result = tiny_result()
        for leaf in company:
            result = moved(result, leaf.split("/")[1:])
        after = rendered(result, tmp_path)
        assert unmoved(before, after, *paths) == []
        assert redrawn(before, after) == drawn_from(before, *paths)
        for page in before.pages:
            assert blanked(before, page, *paths) == blanked(after, page, *paths), page

    all_hold(alone_change, [*map(tuple, rows), *zip(*rows, strict=True)])


# ---------------------------------------------------------------- every number, and where it comes from


def value_at(published: dict[str, Any], path: str) -> Any:
    """The node of the published JSON at a path, by the rules of JSON pointers alone."""
    name, _, pointer = path.partition("#")
    node = published[name]
    for key in pointer.removesuffix("/*").split("/")[1:]:
        node = node[int(key)] if isinstance(node, list) else node[key.replace("~1", "/").replace("~0", "~")]
    return node


def published(folder: Path) -> dict[str, Any]:
    return {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}


def test_every_path_leads_to_a_number_or_a_node_of_a_published_record(tiny_docs):
    folder = tiny_docs / "data"
    ledger, records = json.loads((folder / "ledger.json").read_text()), published(folder)
    parts = [*ledger["claims"].values(), *ledger["charts"].values()]
    assert len(parts) > 2000
    for part in parts:
        for path in part["paths"]:
            value_at(records, path)


def test_a_claim_on_one_record_value_is_that_value_written_out(tiny_docs):
    folder = tiny_docs / "data"
    ledger, records = json.loads((folder / "ledger.json").read_text()), published(folder)
    checked = 0
    for claim in ledger["claims"].values():
        value = value_at(records, claim["paths"][0]) if len(claim["paths"]) == 1 else None
        if claim["kind"] in ("percent", "count", "points", "money", "score") and claim["values"] == [value]:
            write = getattr(formats, claim["kind"])
            given = ("USD",) if claim["kind"] == "money" else ()
            spellings = (
                [write(value)]
                if claim["kind"] in ("count", "score")
                else [write(value, *given, decimals) for decimals in range(4)]
            )
            assert claim["text"] in spellings
            checked += 1
    assert checked > 300


def test_a_claim_on_an_estimate_tells_its_interval_rows_seeds_and_method(before):
    claim = next(c for c in before.claims("index").values() if "estimate" in c and c["kind"] == "percent")
    path = claim["paths"][0].partition("#")[2]
    node = tiny_result().model_dump(mode="json")
    for key in path.split("/")[1:-1]:
        node = node[int(key)] if isinstance(node, list) else node[key]
    assert claim["estimate"] == node
    assert set(node) == {"value", "low", "high", "n", "seeds", "method"}


def test_a_value_and_the_interval_behind_it_are_one_claim(before):
    shown = re.findall(r'data-claim="([^"]*)">([^<]* to [^<]*)</span>', before.pages["index"])
    joined = [name for name, text in shown if "(" in text]
    assert joined
    for name in joined:
        ends = {path.rpartition("/")[2] for path in before.claims("index")[name]["paths"]}
        assert ends == {"value", "low", "high"}


def test_key_figures_and_chart_summaries_have_claims(before):
    cards = re.findall(r'<div class="kpi-value">(.*?)</div>', before.pages["index"])
    assert cards
    assert all(SPAN.fullmatch(card) for card in cards)
    for page in ("index", "proof", "hardening"):
        for summary in re.findall(
            r'<span class="chart-summary">(.*?)</span></figcaption>', before.pages[page]
        ):
            assert SPAN.search(summary)


def test_equal_records_give_equal_ids(before, tmp_path):
    assert rendered(tiny_result(), tmp_path) == before


ALLOWED = re.compile(
    r"95.%|100 %|\bround 0\b|from -1 to 1|\bT[0-3]\b|\bL\d\d\b"
    r"|first \d+ of [\d,]+ rows|^\d+\. "
)
"""What pages say with digits that no record holds: confidence, whole, ends of scales, names."""
QUOTING = "crosswalk"
"""The page that names standards and their paragraphs; its numbers are checked by hand."""


def test_no_digit_on_a_page_stands_outside_claims_records_and_names(tmp_path):
    """What is left of a page without its claims, its addresses and the texts of the records has no digit."""
    records = (tiny_result(), *calculator.DOCUMENTS.values())
    known = [text for record in records for text in texts_with_digits(record.model_dump(mode="json"))]
    known += [claim.stated for claim in CLAIMS]
    spelled = sorted(known, key=len, reverse=True)
    quoted = re.compile(rf"(?<![\w.,])(?:{'|'.join(map(re.escape, spelled))})(?![\w]|[.,]\d)")
    now = rendered(tiny_result(), tmp_path, {"checks": moved(tiny_result(), ["data", "rule", "cut"])})
    for page in now.pages.keys() - {QUOTING}:
        text = blanked(now, page)
        text = re.sub(r"</option>", " ", text)  # where one word ends and the next begins
        text = re.sub(r"```.*?```|`[^`\n]*`|<[^>]*>|\]\([^)]*\)|\{[^}]*\}", "", text, flags=re.S)
        text = "\n".join(quoted.sub("", ALLOWED.sub("", line)) for line in html.unescape(text).split("\n"))
        assert re.findall(r".{0,60}\d.{0,30}", text) == [], page


def texts_with_digits(node: Any) -> Iterator[str]:
    if isinstance(node, str) and re.search(r"\d", node):
        yield node
    for member in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from texts_with_digits(member)


# ---------------------------------------------------------------- where no element may stand


def test_no_mark_is_left_in_any_published_file(tiny_docs):
    for path in (*tiny_docs.glob("*.*"), *(tiny_docs / "data").glob("*.*")):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                text = "".join(book.read(part).decode() for part in book.namelist())
        else:
            text = path.read_text(encoding="utf-8")
        assert not re.search("[\ue000-\ue003]", text), path.name


def test_headings_attributes_links_and_code_hold_no_element(before):
    bare = r"^#+ [^\n]*|^ *!!![^\n]*|`[^`\n]*`|\[[^\]\n]*\]\([^)\n]*\)|\w+=\"[^\"]*\"|<button.*?</button>"
    for text in before.pages.values():
        without = text.replace('<span data-claim="', "<span ")
        assert not [found for found in re.findall(bare, without, re.M) if "<span " in found]


def test_outside_of_a_recording_nothing_is_marked():
    assert formats.percent(traced(0.5, "checks")) == formats.percent(0.5)


# ---------------------------------------------------------------- what ends the build


@pytest.fixture
def template(tmp_path):
    """A function that renders one page with the given text and returns it with its claims."""

    def render(text: str) -> tuple[str, dict[str, dict]]:
        folder = tmp_path / "templates"
        folder.mkdir(exist_ok=True)
        (folder / "page.md.j2").write_text(text, encoding="utf-8")
        render_pages([tiny_result()], folder, tmp_path / "docs")
        ledger = json.loads((tmp_path / "docs" / "data" / "ledger.json").read_text())
        claims = {key.partition("/")[2]: claim for key, claim in ledger["claims"].items()}
        return (tmp_path / "docs" / "page.md").read_text(encoding="utf-8"), claims

    return render


@pytest.mark.parametrize("text", ["{{ 0.25|percent }}", "{{ 7 }}", "{{ [1, 2]|sum|count }}", "{{ '1'|int }}"])
def test_a_number_without_a_source_names_template_and_line(template, text):
    with pytest.raises(PageError, match=r"page\.md\.j2, line 3: the number '.*' has no source"):
        template(f"# ?\n\n{text}\n")


@pytest.mark.parametrize(
    "text",
    ["Keeps 98 % of all.", "| Rounds | 5 |", "## The 3 best", "See *table 2*.", "{{ findings[0].status }} 4"],
)
def test_a_typed_digit_names_template_and_line(template, text):
    with pytest.raises(PageError, match=r"page\.md\.j2, line 2: a digit is typed"):
        template(f"# ?\n{text}\n")


@pytest.mark.parametrize(
    "text",
    [
        "`QUICK=1 make site`", "```\nmake 2\n```", '<div style="width:3px">x</div>', "[x](https://a.org/1.2)",
        "### x { #h2 }", "1. first", "{# 5 #}", "{% if 3 %}x{% endif %}",
    ],
)  # fmt: skip
def test_digits_in_code_attributes_addresses_and_list_numbers_are_no_prose(template, text):
    template(f"# ?\n\n{text}\n")


def test_words_with_digits_are_allowed_by_a_file_beside_the_templates(tmp_path):
    (tmp_path / "page.md.j2").write_text("T1 and SR 11-7, not T12.\n", encoding="utf-8")
    (tmp_path / prose.ALLOWED).write_text("# names\nT1\nSR 11-7  # a letter\n", encoding="utf-8")
    assert [line.partition(":")[0] for line in prose.typed_digits(tmp_path)] == ["page.md.j2, line 1"]
    (tmp_path / "page.md.j2").write_text("T1 and SR 11-7.\n", encoding="utf-8")
    assert prose.typed_digits(tmp_path) == []


def test_a_reference_to_a_claim_that_is_not_on_the_page_ends_the_build(template):
    with pytest.raises(PageError, match="no claim 'nobody' on this page"):
        template('# ?\n\n<span data-claim="nobody">many</span>\n')


# ---------------------------------------------------------------- numbers that remember


@pytest.fixture
def estimate() -> Estimate:
    made = Estimate(value=0.5, low=0.4, high=0.6, n=100, seeds=2, method="wilson")
    return traced(made, "record")


@pytest.mark.parametrize(
    ("work", "fields"),
    [
        (lambda e: 1 - e.value, {"value"}),
        (lambda e: e.high - e.low, {"low", "high"}),
        (lambda e: -e.value / e.n, {"value", "n"}),
        (lambda e: abs(round(100 * e.low, 1)), {"low"}),
        (lambda e: sum([e.value, e.low, e.high]), {"value", "low", "high"}),
        (lambda e: max(e.low, e.high), {"high"}),
        (lambda e: e.n // e.seeds, {"n", "seeds"}),
        (lambda e: e.model_copy(update={"value": e.low}).value, {"low"}),
        (lambda e: derived(0.0, e.value, [e.n]), {"value", "n"}),
    ],
)
def test_what_is_worked_out_knows_all_its_sources(estimate, work, fields):
    assert sources(work(estimate)) == {f"record#/{field}" for field in fields}


def test_a_traced_number_equals_and_hashes_like_the_plain_one(estimate):
    assert estimate.value == 0.5
    assert {0.5: "half"}[estimate.value] == "half"
    assert sorted([estimate.high, estimate.low]) == [0.4, 0.6]
    assert json.dumps([estimate.value, estimate.n]) == "[0.5, 100]"


def test_a_count_is_traced_to_the_node_that_holds_what_is_counted():
    rows = traced(((1.0, 2.0), (3.0, 4.0)), "record")
    assert sources(counted(1, rows)) == {"record#/*"}
    assert sources(counted(1, rows[1])) == {"record#/1/*"}
    both = [rows, traced(((5.0,),), "other")]
    assert sources(counted(1, both)) == {"record#/*", "other#/0/*"}
    assert sources(length(["a", "b"])) == {"report#/listed/*"}


def test_a_node_stands_for_its_numbers_only_if_none_is_missing():
    record = {"a": (1, 2, "text"), "b": {"c": 3.0, "d/e": 4.0}}
    documents = {"record": record}
    assert condensed(["record#/a/0", "record#/a/1"], documents) == ["record#/a"]
    assert condensed(["record#/a/0", "record#/b/d~1e"], documents) == ["record#/a/0", "record#/b/d~1e"]
    assert resolve("record#/b/d~1e", documents) == 4.0
    assert resolve("record#/a/7", documents) is None


def test_the_constants_of_the_report_are_what_they_say():
    assert stated("original_figures") == len(CLAIMS)
    assert sources(stated("masking")) == {"report#/masking/value"}
    with pytest.raises(KeyError, match="nothing"):
        stated("nothing")
    assert all(entry["meaning"] for entry in CONSTANTS.values())


def test_equal_numbers_are_marked_by_equal_text(estimate):
    with marks.recording():
        assert formats.percent(estimate.value) == formats.percent(estimate.value)
        assert formats.percent(estimate.value) != formats.percent(estimate.low + 0.1)
        assert marks.plain(formats.interval(estimate)) == "40.0 to 60.0\u202f%"
