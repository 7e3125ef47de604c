"""What was noticed about a table or a model before anything was computed, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from generator.findings.validation.models import title_of
from generator.notation import formats
from generator.notation.formats import md
from generator.records.validation import Notice, ValidationResult

SAID: dict[str, tuple[str, dict[str, str]]] = {
    "duplicate_rows": ("{rows} rows are copies of others.", {"rows": "count"}),
    "empty": ("Nothing stands in {columns}.", {}),
    "constant": ("Every row has the same in {columns}.", {}),
    "constant_input": (
        "Every row has the same in {columns}; models take it as an input, and nobody moves it.",
        {},
    ),
    "known_in_time": (
        "The label can be told from {columns}, an input: it alone tells {pairs} of pairs of a fraud and a genuine row "
        "apart. That it is known in time is the study file's word.",
        {"pairs": "percent"},
    ),
    "unlisted": ("The study file does not name {columns}.", {}),
    "tells_label": ("The label can be told from {columns}. No model here sees it as an input.", {}),
    "after_time": (
        "Dates in {columns} are later than the last row ({rows} rows): it may be filled in afterwards.",
        {"rows": "count"},
    ),
    "only_frauds": (
        "{columns} has values that frauds alone have, {frauds} of them: it may be filled in once a fraud is known.",
        {"frauds": "count"},
    ),
    "unused_categories": (
        "{columns} has categories in the study file that no row has: {categories}.",
        {"categories": "count"},
    ),
    "neither": ("{rows} rows neither train nor are judged.", {"rows": "count"}),
    "judged_like_trained": (
        "{rows} of {judged} rows that are judged have the same inputs as a row that trains.",
        {"rows": "count", "judged": "count"},
    ),
    "trains_later": (
        "{rows} rows that train are later than the first that is judged: the judgement is not out of time.",
        {"rows": "count"},
    ),
    "mostly_fraud": (
        "By {columns}, {share} of rows are frauds: is it the right value that the study file calls a fraud? If it is, "
        "and the table was drawn otherwise than life, give the share of frauds in life as `prior`.",
        {"share": "percent"},
    ),
    "few_frauds": ("Only {frauds} frauds are judged, so that intervals are wide.", {"frauds": "count"}),
    "none_movable": (
        "No fraudster can change an input, so that nothing is attacked: say by `control` and `helps` who can.",
        {},
    ),
    "few_movable": ("Fraudsters can change {inputs} of the inputs.", {"inputs": "count"}),
    "no_reason": (
        "The study file does not say why a fraudster can change {columns}: give the reason as its `note`.",
        {},
    ),
    "early_stopped": (
        "{columns} was stopped early: of {rounds} rounds in its file, {used} count.",
        {"rounds": "count", "used": "count"},
    ),
}
"""Slug -> sentence, with `{columns}` (or models) and facts, and how each of these is written; see `formats.fact`."""

ONE: dict[str, str] = {
    "duplicate_rows": "{rows} row is a copy of another.",
    "after_time": "A date in {columns} is later than the last row ({rows} row): it may be filled in afterwards.",
    "neither": "{rows} row neither trains nor is judged.",
    "judged_like_trained": "{rows} of {judged} rows that are judged has the same inputs as a row that trains.",
    "trains_later": "{rows} row that trains is later than the first that is judged: the judgement is not out of time.",
    "few_frauds": "Only {frauds} fraud is judged, so that intervals are wide.",
}
"""As `SAID`, where the first fact is one."""


@dataclass(frozen=True)
class Noticed:
    about: str
    """A model, or empty where it is the table."""
    sentence: str


def notices(result: ValidationResult) -> tuple[Noticed, ...]:
    """Of the table, then of each model."""
    titles = {model.name: title_of(model) for model in result.models}
    found = [Noticed("", said) for said in sentences(result.table.notices, titles)]
    for model in result.models:
        found += [Noticed(md(title_of(model)), said) for said in sentences(model.notices, titles)]
    return tuple(found)


def sentences(given: Sequence[Notice], titles: Mapping[str, str]) -> Iterator[str]:
    """One for each notice; what is noticed of several columns without a fact of their own is said once."""
    several: dict[str, list[Notice]] = {}
    for at, notice in enumerate(given):
        alone = notice.facts or not notice.column
        several.setdefault(f"{notice.slug}/{at}" if alone else notice.slug, []).append(notice)
    for alike in several.values():
        yield _sentence(alike, titles)


def _sentence(alike: Sequence[Notice], titles: Mapping[str, str]) -> str:
    """What has no words here is told by its name and its facts."""
    first, names = alike[0], [md(titles.get(each.column, each.column)) for each in alike if each.column]
    columns = formats.listed(names) if names else ""
    text, kinds = SAID.get(first.slug, ("", {}))
    if kinds and first.facts.get(next(iter(kinds))) == 1:
        text = ONE.get(first.slug, text)
    if text and kinds.keys() <= first.facts.keys() and (columns or "{columns}" not in text):
        facts = {name: formats.fact(first.facts[name], kind) for name, kind in kinds.items()}
        return text.format(columns=columns, **facts)
    parts = [f"{md(_words(name))} {formats.significant(value)}" for name, value in first.facts.items()]
    told = f": {formats.listed(parts)}" if parts else ""
    return f"{formats.capital(md(_words(first.slug)))}{f', {columns}' if columns else ''}{told}."


def _words(slug: str) -> str:
    return slug.replace("_", " ").replace("-", " ")
