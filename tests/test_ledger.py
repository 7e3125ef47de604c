"""Every number on a page is traced: what changes with a record is what the ledger says, and nothing else."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from report_fixture import tiny_result

from generator.records.base import Record
from generator.records.results import StudyResult
from generator.report.pages import render_pages
from generator.report.tracing import CONSTANTS, REPORT

TEMPLATES = Path(__file__).parents[1] / "templates"
LEAVES, SEED = 40, 3
STEERING = re.compile(
    r"^/spec/|^/schema_version$"
    r"|/(epsilon|epsilons/\d+|round|seeds|decimals|false_positive_rate|frauds_per_day)$"  # looked up, or a format
    r"|^/data/breakdowns/|/correlations/"  # the highest and the lowest are named
    r"|/(contradictions|rows_unresolved|boxes|unresolved|battery/\d+/rows|evaded)$"
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
    for key, member in node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ()):
        yield from leaves(member, f"{path}/{key}")


def moved(node: Any, keys: list[str], step: int) -> Any:
    """The record with one number moved a little (step 0) or more."""
    if not keys:
        size = abs(node)
        if isinstance(node, int):
            return node + (1, 3 + size // 20, 60 + size // 2)[step]
        return node + (0.0023, 0.0061 + 0.03 * size, 1.7 + 0.3 * size)[step]
    key, *rest = keys
    if isinstance(node, Record):
        return node.model_copy(update={key: moved(getattr(node, key), rest, step)})
    if isinstance(node, dict):
        return {**node, key: moved(node[key], rest, step)}
    return (*node[: int(key)], moved(node[int(key)], rest, step), *node[int(key) + 1 :])


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


def rendered(result: StudyResult, folder: Path) -> Rendered:
    render_pages([result], TEMPLATES, folder / "docs")
    data = folder / "docs" / "data"
    scripts = {path.stem.removeprefix("claims-"): path.read_text() for path in data.glob("claims-*.js")}
    return Rendered(
        json.loads((data / "ledger.json").read_text()),
        {path.stem: path.read_text() for path in (folder / "docs").glob("*.md")},
        {page: json.loads(text.partition(",")[2][:-3])["cells"] for page, text in scripts.items()},
        {
            path.name: path.read_bytes()
            for path in data.iterdir()
            if path.suffix in (".js", ".csv") and not path.name.startswith("claims-")
        },
    )


def covers(paths: list[str], leaf: str) -> bool:
    """Whether a number, or a node all of whose numbers are meant, is among the paths; the empty leaf is any."""
    return not leaf or any(leaf == path or leaf.startswith(f"{path}/") for path in paths)


def blanked(of: Rendered, page: str, leaf: str = "") -> str:
    """The page without the texts of the claims and charts that the ledger derives from `leaf`."""
    claims = {name: c for name, c in of.claims(page).items() if covers(c["paths"], leaf)}
    text = re.sub(r' aria-label="[^"]*"', "", of.pages[page])  # the same text as beside it
    for slug, chart in of.ledger["charts"].items():
        for element in ("details", "div") if covers(chart["paths"], leaf) else ():
            start = rf'(id="{slug}"(?:(?!</figure>).)*?)<{element} class="chart-(?:table|views)'
            text = re.sub(rf"{start}.*?</{element}>", r"\1", text, flags=re.S)
    text = SPAN.sub(lambda m: m[0].replace(m[2], GONE) if m[1] in claims else m[0], text)
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


def drawn_from(of: Rendered, leaf: str) -> set[str]:
    """Slugs of the charts that the ledger derives from `leaf`."""
    return {slug for slug, chart in of.ledger["charts"].items() if covers(chart["paths"], leaf)}


def unmoved(before: Rendered, after: Rendered, leaf: str) -> list[str]:
    """Claims that the ledger derives from `leaf` and whose text is the same as before, unless they are zero."""
    return [
        name
        for name, claim in before.ledger["claims"].items()
        if covers(claim["paths"], leaf)
        and claim["text"] == after.ledger["claims"][name]["text"]
        and any(claim["values"])
    ]


def sample() -> list[str]:
    """Some numbers, as different as there are: of every kind of place in a record at most one."""
    rng = random.Random(SEED)
    found = [leaf for leaf in leaves(tiny_result().model_dump(mode="json")) if not STEERING.search(leaf)]
    rng.shuffle(found)
    kinds = {re.sub(r"/\d+", "/*", leaf): leaf for leaf in found}
    return sorted(rng.sample(sorted(kinds.values()), LEAVES))


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> Rendered:
    return rendered(tiny_result(), tmp_path_factory.mktemp("before"))


@pytest.mark.parametrize("leaf", sample())
def test_a_changed_value_changes_what_the_ledger_derives_from_it_and_nothing_else(before, tmp_path, leaf):
    path = f"checks#{leaf}"
    for step in range(3):  # a small move may vanish in rounding
        after = rendered(moved(tiny_result(), leaf.split("/")[1:], step), tmp_path)
        still = unmoved(before, after, path)
        if not still and redrawn(before, after) == drawn_from(before, path):
            break
    assert still == []
    assert redrawn(before, after) == drawn_from(before, path)
    for page in before.pages:
        assert blanked(before, page, path) == blanked(after, page, path), page
