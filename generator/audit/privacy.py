"""What a published site discloses of each validation: from its files alone, whatever made them.

A validation publishes no row unless its study file says so. This lists what is published instead, so that somebody can
decide whether it may leave the house, and names what should not be there.
"""

import gzip
import html
import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from generator.notation import formats
from generator.records.files import draws_file, is_validation, rows_file, weights_file
from generator.records.poisoning import OwnPoisoningResult
from generator.records.proofs import Estimate
from generator.records.validation import FEWEST, ValidationResult

NAMED = 12
"""Names that a line of the table gives before it counts the others."""
SHORTEST = 3
"""Letters or digits of a text that is searched for; shorter ones stand everywhere."""
NUMBER = re.compile(rb"-?\d+(\.\d+)?")
GZIP, ZIP = b"\x1f\x8b", b"PK"


@dataclass(frozen=True)
class Disclosed:
    """One kind of thing that is published."""

    what: str
    names: tuple[str, ...]
    tells: str = ""
    """What somebody may learn from it."""
    listed: bool = True
    """Whether the names are worth a look."""


@dataclass(frozen=True)
class PrivacyReport:
    """What a site says of one validation."""

    result: ValidationResult
    disclosed: tuple[Disclosed, ...]
    sizes: dict[str, int]
    """Files about it alone, by name below the site: bytes."""
    problems: tuple[str, ...]
    """What should not be published, or is said too exactly."""


def privacy(site: Path) -> tuple[PrivacyReport, ...]:
    """One report for each validation of the built site in `site`, in the order of their names.

    Raises:
        RecordError: A record there cannot be read.
    """
    paths = [path for path in sorted((site / "data").glob("*.json")) if is_validation(path)]
    return tuple(_report(ValidationResult.read(path), site) for path in paths)


def holding(site: Path, texts: Sequence[str]) -> list[tuple[str, str]]:
    """(text, name of a file below `site`) of each text that a file holds, packed ones unpacked; hidden files too.

    A text is found as it stands, and as HTML, JSON and this report write it. Numbers are found with commas between
    thousands too.
    """
    wanted = {text: _written(text) for text in texts if len(re.sub(r"\W", "", text)) >= SHORTEST}
    found = []
    for path in sorted(path for path in site.rglob("*") if path.is_file()):
        name = path.relative_to(site).as_posix()
        parts = [part.lower() for part in (name.encode(), *_unpacked(path.read_bytes()))]
        found += [
            (text, name)
            for text, ways in wanted.items()
            if any(_holds(part, way) for way in ways for part in parts)
        ]
    return found


def privacy_table(report: PrivacyReport) -> Table:
    """The report, for a terminal."""
    table = Table(title=f"{escape(report.result.spec.title)}: what the site discloses", show_lines=True)
    for column in ("what", "how many", "which", "what it may tell"):
        table.add_column(column, justify="right" if column == "how many" else "left", overflow="fold")
    for each in report.disclosed:
        named = _some(each.names) if each.listed else ""
        table.add_row(each.what, formats.count(len(each.names)), escape(named), each.tells)
    total = formats.size(sum(report.sizes.values()))
    told = [f"{name} ({formats.size(size)})" for name, size in report.sizes.items()]
    table.add_row("files about it alone", formats.count(len(told)), escape(_some(told)), f"{total} in all")
    return table


# ---------------------------------------------------------------- what is there


def _report(result: ValidationResult, site: Path) -> PrivacyReport:
    own, name = re.compile(rf"(claims-|calculator-)?{re.escape(result.name)}([-.]|$)"), result.name
    files = [path for path in (site / "data").rglob("*") if path.is_file() and own.match(path.name)]
    pages = (name, f"{name}-calculator")
    files += [path for page in pages for path in (site / page).rglob("*") if path.is_file()]
    sizes = {path.relative_to(site).as_posix(): path.stat().st_size for path in sorted(files)}
    return PrivacyReport(result, tuple(_disclosed(result)), sizes, tuple(_problems(result, site / "data")))


def _disclosed(result: ValidationResult) -> Iterator[Disclosed]:
    spec, table = result.spec, result.table
    yield Disclosed(
        "counts of the table",
        (
            f"{formats.count(table.rows)} rows",
            f"{formats.count(table.frauds)} frauds",
            *(
                ()
                if table.weighted_share is None
                else (f"{formats.percent(table.weighted_share)} fraud by weights",)
            ),
        ),
        "how much fraud was found",
    )
    yield Disclosed(
        "names of columns", tuple(column.name for column in table.columns), "what is known of customers"
    )
    yield Disclosed(
        "how many values each column has, and how many are missing",
        tuple(
            f"{column.name}: {formats.count(column.distinct)}, {formats.count(column.missing)} missing"
            for column in table.columns
        ),
    )
    yield Disclosed(
        "categories",
        tuple(dict.fromkeys(_categories(result))),
        f"each should be that of {FEWEST} rows or more"
        + (
            f"; {formats.count(merged)} more are not named"
            if (merged := sum(i.merged for i in table.inputs))
            else ""
        ),
    )
    yield Disclosed(
        "groups",
        tuple(dict.fromkeys(f"{row.column}: {row.group}" for row in result.groups)),
        "who is judged how",
    )
    yield Disclosed(
        "spreads of inputs",
        tuple(
            f"{each.title}: {formats.rough(each.spread)}" for each in table.inputs if each.spread is not None
        ),
        "the size of usual values, in two digits",
    )
    if result.mean_fraud_amount is not None:
        yield Disclosed(
            "mean amount of a fraud",
            (formats.money(result.mean_fraud_amount, spec.currency),),
            "in two digits",
        )
    yield Disclosed(
        "who can change what",
        tuple(
            f"{each.title}: {each.control}, {each.helps}" for each in spec.inputs if each.control != "nobody"
        ),
        "where a fraudster would begin",
    )
    yield Disclosed("values in the study file", tuple(_values(result)), "as somebody wrote them there")
    yield Disclosed("names of files", (*spec.tables, *_model_files(result)), "how folders are called")
    yield Disclosed(
        "hashes of files",
        tuple(
            formats.sha(each)
            for each in (table.sha256, spec.reading.sha256, *(model.sha256 for model in result.models))
            if each
        ),
        "whether a file that somebody has is this one",
    )
    yield Disclosed(
        "models",
        tuple(f"{model.title} ({model.kind})" for model in result.models),
        "their kind and what they catch",
    )
    shares = [(name, share.n) for name, share in _estimates(result)]
    yield Disclosed(
        "shares with their interval",
        tuple(name for name, _ in shares),
        f"the fewest rows behind one: {formats.count(min(rows for _, rows in shares))}",
        listed=False,
    )


def _categories(result: ValidationResult) -> Iterator[str]:
    for each in (*result.table.inputs, *result.spec.inputs):
        yield from each.categories
    for each in result.spec.inputs:
        yield from each.reachable or ()
    for model in result.spec.deployed:
        for names in model.categories.values():
            yield from names


def _values(result: ValidationResult) -> Iterator[str]:
    """Values of the table that the study file itself names."""
    spec = result.spec
    yield f"{spec.label.column} = {spec.label.fraud}"
    if spec.typical_loss is not None:
        yield f"typical_loss = {spec.typical_loss:g}"
    for each in spec.deployed:
        if each.cut.score is not None:
            yield f"cut of {each.title}: {each.cut.score:g}"
    if spec.split:
        yield from (*spec.split.trains, *spec.split.judged)
        if spec.split.judged_from:
            yield spec.split.judged_from
    for name, why in spec.known_in_time.items():
        yield f"why {name} is known in time: {why}"


def _model_files(result: ValidationResult) -> Iterator[str]:
    for each in result.spec.deployed:
        yield each.file
        if each.scores:
            yield each.scores.file


def _estimates(result: ValidationResult) -> Iterator[tuple[str, Estimate]]:
    """Every share that is published, by what it is of."""
    for row in result.tiers:
        at = f"{row.model}, {row.tier} at {row.epsilon:g} and {row.false_positive_rate:g}"
        yield f"{at}: clean", row.caught_clean
        yield f"{at}: proved", row.caught_proved
    for row in result.alerts:
        for name in ("flagged_genuine", "caught_clean", "caught_proved"):
            yield f"{row.model}, {row.tier} with alerts on {row.budget:g}: {name}", getattr(row, name)
    for row in result.later.rates if result.later else ():
        for name in ("flagged_genuine", "caught_clean", "caught_proved"):
            yield f"{row.model}, {row.tier} of later rows: {name}", getattr(row, name)
    for row in result.inference.models if result.inference else ():
        for at in row.membership.at:
            yield f"{row.model}, members at {at.false_positive_rate:g}: found", at.found
        yield f"{row.model}, members: by ART", row.library_auc
    for row in result.groups:
        for name in ("caught", "flagged_genuine"):
            if (share := getattr(row, name)) is not None:
                yield f"{row.model}, {row.column} {row.group}: {name}", share
    for row in result.extraction.stolen if result.extraction else ():
        yield f"{row.model}: not flagged", row.constant
        for each in row.copies:
            at = f"{row.model}, copied by {each.queries} {each.answers}"
            yield f"{at}: agreement", each.agreement
            if each.on_flagged is not None:
                yield f"{at}: agreement on what is flagged", each.on_flagged
    if result.poisoning:
        yield from _poisoned(result.poisoning)


def _poisoned(found: OwnPoisoningResult) -> Iterator[tuple[str, Estimate]]:
    for row in found.models:
        at = f"{row.model}, trained with {row.poison} of {row.share:g}"
        yield f"{at}: caught", row.caught
        for mark, share in row.triggered.items():
            yield f"{at}: caught with the {mark} mark", share
    vote = found.partition
    yield "the vote: caught", vote.caught
    yield "the vote: false alarms", vote.false_alarms
    for name in ("proved", "attacked", "targeted", "alarms_at_most"):
        for number, share in enumerate(getattr(vote, name), start=1):
            yield f"the vote, {name}: {number}", share


# ---------------------------------------------------------------- what should not be there


def _problems(result: ValidationResult, data: Path) -> Iterator[str]:
    spec = result.spec
    rows = (rows_file, draws_file) if not spec.publish_rows else ()
    for kind in (*rows, weights_file):
        if kind(data, result.name).exists():
            yield f"data/{kind(Path(), result.name).as_posix()} is published, and the study file does not say so"
    if spec.publish_rows:
        return
    few = [name for name, share in _estimates(result) if share.n < FEWEST]
    if few:
        yield f"{formats.count(len(few))} shares are of fewer than {FEWEST} rows: {_some(few)}"
    exact = [
        each.title for each in result.table.inputs if each.spread is not None and not _is_rough(each.spread)
    ]
    if exact:
        yield f"spreads have more than two digits: {_some(exact)}"
    if result.mean_fraud_amount is not None and not _is_rough(result.mean_fraud_amount):
        yield "the mean amount of a fraud has more than two digits"


def _is_rough(value: float) -> bool:
    return float(f"{value:.2g}") == value


def _some(names: Sequence[str]) -> str:
    more = f" and {formats.count(len(names) - NAMED)} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


# ---------------------------------------------------------------- searching


def _written(text: str) -> set[bytes]:
    """How a text may be written, in lower case."""
    quoted = {json.dumps(text, ensure_ascii=plain)[1:-1] for plain in (True, False)}
    ways = {text, html.escape(text), formats.md(text), *quoted}
    if NUMBER.fullmatch(text.encode()):
        ways |= {f"{float(text):,}", f"{float(text):,}".removesuffix(".0"), repr(float(text))}
    return {way.lower().encode() for way in ways}


def _holds(content: bytes, way: bytes) -> bool:
    """Whether it is there; a number not as a part of another one."""
    if way not in content:
        return False
    if not NUMBER.fullmatch(way.replace(b",", b"")):
        return True
    return bool(re.search(rb"(?<![\d.])" + re.escape(way) + rb"(?!\d|\.\d)", content))


def _unpacked(content: bytes) -> Iterator[bytes]:
    """The bytes of a file, and of what is packed in it."""
    yield content
    if content.startswith(GZIP):
        yield from _unpacked(gzip.decompress(content))
    elif content.startswith(ZIP):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                yield name.encode()
                yield from _unpacked(packed.read(name))


def lines(path: Path) -> list[str]:
    """The texts in a file, one a line, blank ones left out."""
    texts = map(str.strip, path.read_text(encoding="utf-8").splitlines())
    return list(filter(None, texts))
